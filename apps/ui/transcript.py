"""A conversation as HTML.

What people and the model write is escaped here, once. A person's message is shown as the text it
is; a reply may be Markdown, see `apps.ui.words`.
"""

from __future__ import annotations

from html import escape

from apps.chat.branching import can_go_on
from apps.chat.confidence import Confidence
from apps.chat.conversations import FILTER, USER, Branch, Conversation, ReplyFacts, Turn
from apps.chat.seen import state_of
from apps.chat.versions import count_versions
from apps.chat.welcome import EXAMPLES
from apps.ui.badge import busy_words
from apps.ui.words import render_words
from playground.drawing.finish_words import FINISH_WORDS
from playground.drawing.left_out import Fate, fate_of, render_border, render_label, strike
from playground.drawing.marks import mark, percent
from playground.generation.fitting.prompt import Fit
from playground.generation.reading import Reading
from playground.generation.settings import keep_in_effect
from playground.moderation.guard import explain_covered, explain_reply

_SHORT = {
    "temperature": "T",
    "top_k": "top-k",
    "top_p": "top-p",
    "min_p": "min-p",
    "repetition_penalty": "rep.",
    "max_new_tokens": "max",
}
_LONG = {
    "context_window": "window",
    "presence_penalty": "presence",
    "frequency_penalty": "frequency",
    "logit_bias": "logit bias",
    "stop_on_loop": "stop on loop",
}
_MOST_OF_A_VALUE = 60


def render_conversation(
    conversation: Conversation, answering: bool = False, editing: int | None = None
) -> str:
    """Return the messages, or what to do when there are none.

    Parameters
    ----------
    conversation : Conversation
        The messages.
    answering : bool
        True while a reply is being written: nothing can be changed then.
    editing : int, optional
        Place of the message that is being edited: it is marked, with all that would go with it.
    """
    # What a question is sent with, so that it answers what one sees.
    state = f'<span hidden data-state="{state_of(conversation)}"></span>'
    if not conversation.turns:
        return state + _EMPTY
    last, fates = len(conversation.turns) - 1, _fates(conversation)
    drawn = [
        _message(turn, index, index == last, fate)
        for index, (turn, fate) in enumerate(zip(conversation.turns, fates, strict=True))
    ]
    if editing is not None:
        drawn[editing:] = [_going("".join(drawn[editing:]))]
    messages = state + "".join(drawn)
    return messages if answering else messages + _unanswered(conversation)


def _going(messages: str) -> str:
    """Mark what sending an edited message puts away."""
    words = "Sending puts this away as the former version:"
    return f'<div class="going"><p class="fell">{words}</p>{messages}</div>'


def render_draft(text: str) -> str:
    """Return a reply that is still being written."""
    if not text:
        return (
            '<article class="message reply draft"><div class="words muted">'
            '<span class="pulse" aria-hidden="true"></span> Reading the prompt…</div></article>'
        )
    return (
        f'<article class="message reply draft"><div class="words">{render_words(text, False)}</div>'
        '<p class="hint">Its tokens can be opened once it has ended.</p></article>'
    )


def render_place(place: int) -> str:
    """Return what stands in a reply's place while others are written; 0 once it is its turn."""
    if place == 0:
        return render_draft("")
    return render_waiting(f"Other replies are being written; this one is number {place} in line.")


def render_reading(reading: Reading) -> str:
    """Return what stands in a reply's place while its prompt is read."""
    return render_waiting(reading.so_far)


def render_waiting(text: str) -> str:
    """Return what stands in a reply's place before the model is there."""
    return (
        '<article class="message reply draft"><div class="words muted">'
        f'<span class="pulse" aria-hidden="true"></span> {escape(text)}</div></article>'
    )


def _last_fit(conversation: Conversation) -> Fit | None:
    """Return how the prompt of the last reply was made."""
    replies = (turn.facts for turn in reversed(conversation.turns) if turn.facts)
    facts = next(replies, None)
    return facts.fit if facts else None


def _fates(conversation: Conversation) -> list[Fate]:
    """Return what became of each message; places are counted among those that a model is given."""
    fit, place, fates = _last_fit(conversation), 0, []
    for turn in conversation.turns:
        fates.append(fate_of(fit, place) if turn.sent else Fate())
        place += turn.sent
    return fates


def _message(turn: Turn, index: int, last: bool, fate: Fate) -> str:
    if turn.role == USER:
        return _user(turn, index, fate)
    if turn.role == FILTER:
        return _refusal(turn, index, last)
    return _reply(turn, index, last, fate) if turn.sent else _foreign(turn)


def _refusal(turn: Turn, index: int, last: bool) -> str:
    buttons = _button("retry", "Retry", index) + _button("undo", "Undo", index) if last else ""
    buttons = _versions(turn, index) + buttons
    return (
        '<article class="message reply refusal" aria-label="Content filter">'
        f'<div class="words"><p class="cut">{escape(turn.content)}</p></div>'
        f'<div class="actions">{buttons}</div></article>'
    )


def _foreign(turn: Turn) -> str:
    role = escape(turn.role[:40])
    return (
        f'<article class="message reply foreign" aria-label="Message of the role {role}">'
        f'<p class="muted">Of the role “{role}”, which this version does not know: shown as it '
        "stands, and not given to the model.</p>"
        f'<div class="words">{render_words(turn.content)}</div>'
        f'<div class="actions">{_copy(turn.content)}</div></article>'
    )


def _user(turn: Turn, index: int, fate: Fate) -> str:
    return (
        f"{render_border(fate)}"
        f'<article class="message user" aria-label="Your message">{render_label(fate)}'
        f'<div class="words">{strike(turn.content, fate)}</div>'
        f'<div class="actions">{_versions(turn, index)}{_button("edit", "Edit", index)}'
        f"{_copy(turn.content)}</div></article>"
    )


def _reply(turn: Turn, index: int, last: bool, fate: Fate) -> str:
    retry = _button("retry", "Retry", index) if last else ""
    undo = _button("undo", "Undo", index) if last else ""
    more = _button("continue", "Continue", index) if last and can_go_on(turn) else ""
    notice = f'<p class="cut">{escape(turn.notice)}</p>' if turn.notice else ""
    notice += _unread_note(turn.facts)
    empty = '<p class="muted">The model ended its turn at once, without a word.</p>'
    words = strike(turn.content, fate, render_words)
    filtered = _filter_note(turn.facts)
    if filtered and not turn.content:
        empty = '<p class="muted">Nothing of this reply may be shown.</p>'
    return (
        f"{render_border(fate)}"
        f'<article class="message reply" aria-label="Reply" data-turn="{index}">'
        f"{render_label(fate)}{notice}"
        f'<div class="words">{words if turn.content else empty}</div>'
        f'{filtered}<div class="tokens" hidden></div>'
        f"{render_facts(turn.facts) if turn.facts else ''}"
        f'<div class="actions">{_versions(turn, index)}{more}{retry}{undo}{_copy(turn.content)}'
        f"{_VIEWS if turn.recording else ''}</div></article>"
    )


def _filter_note(facts: ReplyFacts | None) -> str:
    """Say why the filter ended a reply, or how much of it is hidden."""
    found = facts.moderation if facts else None
    if facts and found and facts.finish_reason == "content_filter":
        return f'<p class="cut">{escape(explain_reply(found))}</p>'
    hidden = found.get("withheld_tokens") if found else 0
    if not isinstance(hidden, int) or not hidden:
        return ""
    return f'<p class="cut">The content filter hides {hidden:,} tokens of this reply.</p>'


def _unread_note(facts: ReplyFacts | None) -> str:
    """Say what of the question the filter hid from the model."""
    told = explain_covered(facts.moderation) if facts and facts.moderation else ""
    return f'<p class="cut">{escape(told)}</p>' if told else ""


# The page swaps the words for chips, which it fetches when they are asked for.
_VIEWS = (
    '<span class="switch" role="group" aria-label="Show the reply as">'
    '<button type="button" data-view="text" aria-pressed="true">Text</button>'
    '<button type="button" data-view="tokens" aria-pressed="false">Tokens</button></span>'
)


def _unanswered(conversation: Conversation) -> str:
    """Offer to answer a question whose reply failed or was stopped before its first word."""
    if conversation.turns[-1].role != USER:
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
    if drafted := facts.drafted:
        items.append(f"<b>{drafted:,}</b> looked up in the text")
    if facts.others is not None:
        items.append(busy_words(facts.others))
    if kept := facts.kept_tokens:
        of_kept = "token" if kept == 1 else "tokens"
        items.append(f"<b>{kept:,}</b> {of_kept} kept, <b>{facts.read_tokens or 0:,}</b> read")
    why = FINISH_WORDS.get(facts.finish_reason, facts.finish_reason)
    items.append(f"stopped: {_bold(why)}")
    items += _settings_words(facts)
    if facts.moderation is not None:
        items.append(f"filter <b>{'on' if facts.moderation.get('on') else 'off'}</b>")
    if facts.branch:
        items.append(_branch_words(facts.branch))
    if facts.continued:
        items.append(f"continued after <b>{facts.continued:,}</b> tokens")
    items.append(f"{escape(facts.model)} <b>{escape(facts.precision)}</b>")
    spans = "".join(f"<span>{item}</span>" for item in items)
    return f'<footer class="facts">{spans}</footer>{_confidence_words(facts.confidence)}'


def _confidence_words(confidence: Confidence | None) -> str:
    """Say how sure the model was, and that this is not how right it is."""
    if confidence is None:
        return ""
    word, probability = escape(confidence.word), percent(confidence.probability)
    return (
        '<p class="confidence">On average it was as undecided as among '
        f"<b>{confidence.perplexity:.1f}</b> equally likely tokens (perplexity), and least sure at "
        f"“<b>{word}</b>”, {probability}. Sure is not right: a model can be sure of what is false."
        "</p>"
    )


def _settings_words(facts: ReplyFacts) -> list[str]:
    """Return the seed, then the settings that played a part, as they were written down."""
    used = keep_in_effect(facts.settings)
    seed, stop = used.pop("seed", None), used.pop("stop", [])
    words = []
    if seed is not None:
        words.append(f"seed {_bold(seed)}")
    elif used.get("temperature") == 0:
        words.append("no seed: T 0 is greedy")
    numbers = [f"{short} {_bold(used.pop(name))}" for name, short in _SHORT.items() if name in used]
    words.append(" ".join(numbers))
    window = used.get("context_window")
    if isinstance(window, int):
        used["context_window"] = f"{window:,}"
    words += [f"{escape(_LONG.get(name, name))} {_bold(value)}" for name, value in used.items()]
    texts = stop if isinstance(stop, list) else [stop]
    return [*words, *(f"stop {_bold(mark(str(text)))}" for text in texts)]


def _bold(value: object) -> str:
    """Return a setting's value, whatever it is: a number short, anything else clipped."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    clipped = text if len(text) <= _MOST_OF_A_VALUE else f"{text[:_MOST_OF_A_VALUE]}…"
    return f"<b>{escape(clipped)}</b>"


def _branch_words(branch: Branch) -> str:
    before, after = escape(mark(branch.before)), escape(mark(branch.after))
    return f"branched at token <b>{branch.token + 1:,}</b>: “{before}” → “{after}”"


def _button(action: str, label: str, index: int) -> str:
    return f'<button type="button" data-action="{action}" data-index="{index}">{label}</button>'


def _versions(turn: Turn, index: int) -> str:
    """Return the arrows from version to version of a message; nothing where there is but one."""
    count, number = count_versions(turn), len(turn.earlier) + 1
    if count == 1:
        return ""

    def arrow(way: str, sign: str, to: int) -> str:
        # Not `disabled`: that would take the focus from who goes from version to version.
        off = "" if 1 <= to <= count else ' aria-disabled="true"'
        return (
            f'<button type="button" data-action="version" data-index="{index}" '
            f'data-alternative="{to}" data-way="{way}" aria-label="The version {way}"{off}>'
            f"{sign}</button>"
        )

    arrows = arrow("before", "←", number - 1), arrow("after", "→", number + 1)
    return (
        '<span class="versions" role="group" aria-label="Versions of this message">'
        f"{arrows[0]}<span>{number} of {count}</span>{arrows[1]}</span>"
    )


def _copy(text: str) -> str:
    return f'<button type="button" data-copy="{escape(text)}">Copy</button>'


_EMPTY = (
    '<section class="empty"><h1>Talk to a model that runs on this computer</h1>'
    "<p>Nothing you write leaves it. Ask something, then move the temperature on the right or "
    "switch the precision, and ask again to see what changed.</p>"
    '<div class="examples">'
    + "".join(
        f'<button type="button" data-action="example" data-index="{index}">{escape(text)}</button>'
        for index, text in enumerate(EXAMPLES)
    )
    + "</div></section>"
)
