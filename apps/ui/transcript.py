"""A conversation as HTML.

What people and the model write is escaped here, once. A person's message is shown as the text it
is; a reply may be Markdown, of which only what cannot reach out is drawn: no raw HTML, no links,
no pictures.
"""

from __future__ import annotations

from html import escape

from markdown_it import MarkdownIt

from apps.chat.conversations import Branch, Conversation, ReplyFacts, Turn
from playground.drawing.finish_words import FINISH_WORDS
from playground.drawing.left_out import Fate, fate_of, render_border, render_label, strike
from playground.drawing.marks import mark
from playground.generation.fitting.prompt import Fit
from playground.generation.settings import SamplingSettings

_MARKDOWN = MarkdownIt("zero", {"breaks": True}).enable(
    [
        "newline", "escape", "backticks", "emphasis", "balance_pairs", "fragments_join",
        "fence", "code", "heading", "list", "blockquote", "hr", "table",
    ]
)  # fmt: skip


_SHORT = {
    "temperature": "T",
    "top_k": "top-k",
    "top_p": "top-p",
    "min_p": "min-p",
    "repetition_penalty": "rep.",
    "max_new_tokens": "max",
}


def render_conversation(conversation: Conversation, answering: bool = False) -> str:
    """Return the messages, or what to do when there are none.

    Parameters
    ----------
    conversation : Conversation
        The messages.
    answering : bool
        True while a reply is being written: nothing can be changed then.
    """
    if not conversation.turns:
        return _EMPTY
    last, fit = len(conversation.turns) - 1, _last_fit(conversation)
    messages = "".join(
        _user(turn, index, fate_of(fit, index))
        if turn.role == "user"
        else _reply(turn, index, index == last, fate_of(fit, index))
        for index, turn in enumerate(conversation.turns)
    )
    return messages if answering else messages + _unanswered(conversation)


def render_draft(text: str) -> str:
    """Return a reply that is still being written."""
    if not text:
        return (
            '<article class="message reply draft"><div class="words muted">'
            '<span class="pulse" aria-hidden="true"></span> Reading the prompt…</div></article>'
        )
    return (
        f'<article class="message reply draft"><div class="words">{_words(text)}</div>'
        '<p class="hint">Its tokens can be opened once it has ended.</p></article>'
    )


def render_place(place: int) -> str:
    """Return what stands in a reply's place while others are written; 0 once it is its turn."""
    if place == 0:
        return render_draft("")
    return render_waiting(f"Other replies are being written; this one is number {place} in line.")


def render_waiting(text: str) -> str:
    """Return what stands in a reply's place before the model is there."""
    return (
        '<article class="message reply draft"><div class="words muted">'
        f'<span class="pulse" aria-hidden="true"></span> {escape(text)}</div></article>'
    )


def _words(markdown: str) -> str:
    return str(_MARKDOWN.render(markdown))


def _last_fit(conversation: Conversation) -> Fit | None:
    """Return how the prompt of the last reply was made."""
    replies = (turn.facts for turn in reversed(conversation.turns) if turn.facts)
    facts = next(replies, None)
    return facts.fit if facts else None


def _user(turn: Turn, index: int, fate: Fate) -> str:
    return (
        f"{render_border(fate)}"
        f'<article class="message user" aria-label="Your message">{render_label(fate)}'
        f'<div class="words">{strike(turn.content, fate)}</div>'
        f'<div class="actions">{_button("edit", "Edit", index)}{_copy(turn.content)}</div>'
        f"</article>"
    )


def _reply(turn: Turn, index: int, last: bool, fate: Fate) -> str:
    retry = _button("retry", "Retry", index) if last else ""
    undo = _button("undo", "Undo", index) if last else ""
    notice = f'<p class="cut">{escape(turn.notice)}</p>' if turn.notice else ""
    empty = '<p class="muted">The model ended its turn at once, without a word.</p>'
    return (
        f"{render_border(fate)}"
        f'<article class="message reply" aria-label="Reply" data-turn="{index}">'
        f"{render_label(fate)}{notice}"
        f'<div class="words">{strike(turn.content, fate, _words) if turn.content else empty}</div>'
        '<div class="tokens" hidden></div>'
        f"{render_facts(turn.facts) if turn.facts else ''}"
        f'<div class="actions">{retry}{undo}{_copy(turn.content)}'
        f"{_VIEWS if turn.tokens else ''}</div></article>"
    )


# The page swaps the words for chips, which it fetches when they are asked for.
_VIEWS = (
    '<span class="switch" role="group" aria-label="Show the reply as">'
    '<button type="button" data-view="text" aria-pressed="true">Text</button>'
    '<button type="button" data-view="tokens" aria-pressed="false">Tokens</button></span>'
)


def _unanswered(conversation: Conversation) -> str:
    """Offer to answer a question whose reply failed or was stopped before its first word."""
    if conversation.turns[-1].role != "user":
        return ""
    index = len(conversation.turns) - 1
    return (
        '<div class="actions unanswered">'
        f"{_button('retry', 'Answer this', index)}{_button('undo', 'Undo', index)}</div>"
    )


def render_facts(facts: ReplyFacts) -> str:
    """Return the footer of a reply: what was measured in bold, and the settings really used."""
    items = [f"<b>{facts.tokens:,}</b> {'token' if facts.tokens == 1 else 'tokens'}"]
    if facts.first_token_seconds is not None:
        items.append(f"first after <b>{facts.first_token_seconds:.2f} s</b>")
    if facts.tokens_per_second is not None:
        items.append(f"<b>{facts.tokens_per_second:.1f}</b> tok/s")
    items.append(f"stopped: <b>{escape(FINISH_WORDS[facts.finish_reason])}</b>")
    items += _settings_words(facts)
    if facts.branch:
        items.append(_branch_words(facts.branch))
    items.append(f"{escape(facts.model)} <b>{escape(facts.precision)}</b>")
    return f'<footer class="facts">{"".join(f"<span>{item}</span>" for item in items)}</footer>'


def _settings_words(facts: ReplyFacts) -> list[str]:
    """Return the seed, then the settings that played a part."""
    used = SamplingSettings.from_mapping(facts.settings).in_effect()
    seed = used.pop("seed", None)
    words = ["no seed: T 0 is greedy" if seed is None else f"seed <b>{seed}</b>"]
    numbers = [f"{short} <b>{used[name]:g}</b>" for name, short in _SHORT.items() if name in used]
    words.append(" ".join(numbers))
    if "context_window" in used:
        words.append(f"window <b>{used['context_window']:,}</b>")
    if "overflow" in used:
        words.append(f"overflow <b>{used['overflow']}</b>")
    return words + [f"stop <b>{escape(repr(text))}</b>" for text in used.get("stop", [])]


def _branch_words(branch: Branch) -> str:
    before, after = escape(mark(branch.before)), escape(mark(branch.after))
    return f"branched at token <b>{branch.token + 1:,}</b>: “{before}” → “{after}”"


def _button(action: str, label: str, index: int) -> str:
    return f'<button type="button" data-action="{action}" data-index="{index}">{label}</button>'


def _copy(text: str) -> str:
    return f'<button type="button" data-copy="{escape(text)}">Copy</button>'


_EXAMPLES = (
    "What is the capital of France?",
    "Write four lines about the sea.",
    "Explain gravity to a child.",
)
_EMPTY = (
    '<section class="empty"><h1>Talk to a model that runs on this computer</h1>'
    "<p>Nothing you write leaves it. Ask something, then move the temperature on the right or "
    "switch the precision, and ask again to see what changed.</p>"
    '<div class="examples">'
    + "".join(
        f'<button type="button" data-action="example" data-index="{index}">{escape(text)}</button>'
        for index, text in enumerate(_EXAMPLES)
    )
    + "</div></section>"
)


def example(index: int) -> str:
    """Return the text of an example by its place."""
    return _EXAMPLES[index]
