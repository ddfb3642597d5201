"""One line above the composer: what went wrong or what can be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from apps.chat.conversations import ASSISTANT, FILTER, Conversation
from apps.ui.rail_labels import LABELS
from playground.drawing.markup import prose
from playground.errors import FetchCancelled
from playground.experiments.run import Stopped
from playground.sentences import renamed


def render_error(error: Exception | str, labels: Mapping[str, str] = LABELS) -> str:
    """Return an error's sentence.

    Parameters
    ----------
    error : Exception or str
        What went wrong.
    labels : mapping of str to str
        What each setting is called beside it; where nothing else is said, those of the rail.
    """
    said = prose(name_fields(str(error), labels))
    return f'<div class="notice error" role="alert"><span>{said}</span></div>'


def name_fields(sentence: str, labels: Mapping[str, str] = LABELS) -> str:
    """Return a sentence with its settings called by the labels of their fields."""
    return renamed(sentence, {name: f"“{label}”" for name, label in labels.items()})


def render_hint(
    text: str, action: str | None = None, label: str = "", index: int = 0, version: int = 0
) -> str:
    """Return a sentence, with one thing to do about it, to a message or one of its versions."""
    button = (
        f'<button type="button" data-action="{action}" data-index="{index}" '
        f'data-alternative="{version}">{escape(label)}</button>'
    )
    return (
        f'<div class="notice" role="status"><span>{prose(text)}</span>'
        f"{button if action else ''}</div>"
    )


def render_former(conversation: Conversation) -> str:
    """Return the offer to bring back what the last exchange stands in the place of, if anything."""
    place = conversation.last_question
    if place is not None and _took_a_reply(conversation, place):
        words = "The content filter refused the question; the reply that it had was taken away."
        return render_hint(words, "restore", "Bring it back")
    if place is None or not conversation.turns[-1].earlier:
        words = "Your message was replaced; the former one is kept with what followed it."
    else:
        place, facts = len(conversation.turns) - 1, conversation.last_facts
        branch = facts.branch if facts else None
        how = f"branched at token {branch.token + 1:,}" if branch else "written again"
        words = f"The reply was {how}; the former one is kept."
    former = len(conversation.turns[place].earlier) if place is not None else 0
    if not former or place is None:
        return ""
    return render_hint(words, "version", "Bring the former one back", place, former)


def _took_a_reply(conversation: Conversation, place: int) -> bool:
    """Tell whether the filter refused to have a question answered again that had a reply."""
    former = conversation.previous
    return (
        conversation.turns[-1].role == FILTER
        and len(former) > place + 1
        and former[place].content == conversation.turns[place].content
        and former[place + 1].role == ASSISTANT
    )


def render_outcome(
    error: Exception | None, otherwise: str = "", labels: Mapping[str, str] = LABELS
) -> str:
    """Return what work in the background came to: what the person stopped is no error.

    Parameters
    ----------
    error : Exception or None
        What it raised.
    otherwise : str
        The HTML that stands there when nothing was raised.
    labels : mapping of str to str
        As for `render_error`.
    """
    if error is None:
        return otherwise
    stopped = isinstance(error, FetchCancelled | Stopped)
    return render_hint(str(error)) if stopped else render_error(error, labels)
