"""What a chip opens: how its token was chosen, and the ten best with a way to branch to each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from apps.chat.conversations import ReplyFacts, Turn
from apps.chat.store import ConversationStore
from apps.ui.chips import render_chips
from apps.ui.notice import render_error
from playground.drawing.marks import mark, percent
from playground.errors import OptionError, PlaygroundError
from playground.generation.recording import AlternativeRecord, TokenRecord
from playground.generation.settings import OPTIONS

_LABELS = {
    **{name: option.label for name, option in OPTIONS.items()},
    "banned": "Banned tokens",
    "logit_bias": "Logit bias",
}


@dataclass(frozen=True)
class Asked:
    """A token that a page asks about.

    Parameters
    ----------
    turn : Turn
        The reply.
    records : sequence of TokenRecord
        Its tokens.
    index : int
        The reply's place in the conversation.
    place : int
        The token's place in the reply.
    last : bool
        True for the newest message, which alone can be branched.
    """

    turn: Turn
    records: Sequence[TokenRecord]
    index: int
    place: int
    last: bool


def render_token(asked: Asked) -> str:
    """Return what a chip opens."""
    record = asked.records[asked.place]
    title = f"token {asked.place + 1:,} of {len(asked.records):,}"
    why_not = '<p class="muted">Only the last reply can be continued from one of its tokens.</p>'
    return (
        f'<section class="token-panel" role="region" tabindex="-1" aria-label="{title}">'
        f'<header><b class="token">{escape(mark(record.text))}</b>'
        f'<span class="muted">{title} · id {record.token_id}</span>'
        '<button type="button" class="small" data-close>Close</button></header>'
        f"{_measures(record)}{_draw(record)}{_stages(record, asked.turn.facts)}"
        f"{_alternatives(record, asked)}{'' if asked.last else why_not}</section>"
    )


def _measures(record: TokenRecord) -> str:
    surprisal = record.surprisal_nats
    measures = {
        "probability": percent(math.exp(record.logprob)),
        "rank": f"{record.rank:,}",
        "logprob": f"{record.logprob:.3f}",
        "surprisal": f"{surprisal:.3f} nats ({surprisal / math.log(2):.2f} bits)",
        "entropy here": f"{record.entropy_nats:.3f} nats",
    }
    items = "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in measures.items())
    return f'<dl class="measures">{items}</dl>'


def _draw(record: TokenRecord) -> str:
    """Say how it was drawn: by a number, as the best, or by hand."""
    if record.uniform is not None:
        words = (
            f"The number thrown was <b>{record.uniform:.4f}</b>. It fell into this token's "
            f"stretch, <b>{record.low:.4f}</b> to <b>{record.high:.4f}</b>: "
            f"{percent(record.high - record.low)} of what the settings left."
        )
    elif record.high > record.low:
        words = "No number was thrown: at temperature 0 the best token is taken."
    else:
        words = "You put it here: no number was thrown, and no setting had a say."
    return f'<p class="draw">{words}</p>'


def _stages(record: TokenRecord, facts: ReplyFacts | None) -> str:
    values = facts.settings if facts else {}
    items = "".join(
        f"<li>{escape(_LABELS.get(stage.name, stage.name))}{_value(values.get(stage.name))} left "
        f"{stage.possible:,} tokens possible, this one with a score of {stage.logit:.2f}</li>"
        for stage in record.stages
    )
    return f'<ul class="steps">{items}</ul>' if items else ""


def _value(value: Any) -> str:
    return f" {value:g}" if isinstance(value, int | float) else ""


def _alternatives(record: TokenRecord, asked: Asked) -> str:
    others = record.alternatives
    most = max((other.logprob for other in others), default=0.0)
    rows = ""
    for at, other in enumerate(others):
        rank = 1 + sum(each.logprob > other.logprob for each in others)
        button = _continue(other, asked, at) if asked.last else ""
        rows += _alternative(other, rank, most, other.token_id == record.token_id, button)
    if all(other.token_id != record.token_id for other in others):
        itself = AlternativeRecord(record.token_id, record.text, record.logprob)
        rows += _alternative(itself, record.rank, most, True, "")
    together = percent(min(1.0, sum(math.exp(other.logprob) for other in others)))
    return (
        '<div class="scroll"><table class="alternatives"><thead><tr><th>rank</th><th>token</th>'
        '<th class="wide"><span class="unseen">bar</span></th><th>probability</th><th>logprob</th>'
        '<th><span class="unseen">branch</span></th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f'<p class="muted">The model\'s own distribution, before temperature and cuts; the '
        f"{len(others)} likeliest have {together} together.</p>"
    )


def _alternative(
    other: AlternativeRecord, rank: int, most: float, chosen: bool, button: str
) -> str:
    width = 100 * math.exp(other.logprob - most)
    tag = ' <span class="tag">in the reply</span>' if chosen else ""
    return (
        f'<tr class="{"chosen" if chosen else ""}"><td>{rank:,}</td>'
        f'<th scope="row"><span class="token">{escape(mark(other.text))}</span>{tag}</th>'
        f'<td class="wide"><span class="track"><i style="width:{width:.1f}%"></i></span></td>'
        f"<td>{percent(math.exp(other.logprob))}</td><td>{other.logprob:.3f}</td><td>{button}</td>"
        "</tr>"
    )


def _continue(other: AlternativeRecord, asked: Asked, at: int) -> str:
    return (
        f'<button type="button" class="small" data-action="branch" data-index="{asked.index}" '
        f'data-token="{asked.place}" data-alternative="{at}" '
        f'aria-label="continue from here with {escape(mark(other.text))}">continue'
        '<span class="wide"> from here</span></button>'
    )


def serve_tokens(store: ConversationStore) -> list[Callable[[Any], str]]:
    """Return what the page calls to draw chips and to explain one; each takes [key, turn, place].

    Parameters
    ----------
    store : ConversationStore
        Holds the replies.
    """

    def draw_chips(asked: Any) -> str:
        try:
            found = _find(store, asked)
            return render_chips(found.records, found.turn.facts, found.place)
        except PlaygroundError as error:
            return render_error(error)

    def explain_token(asked: Any) -> str:
        try:
            return render_token(_find(store, asked))
        except PlaygroundError as error:
            return render_error(error)

    return [draw_chips, explain_token]


def _find(store: ConversationStore, asked: Any) -> Asked:
    key, index, place = _places(asked)
    turns = store.load(key).turns
    if 0 <= index < len(turns):
        records = store.recording(key, turns[index])
        if 0 <= place < len(records):
            return Asked(turns[index], records, index, place, index == len(turns) - 1)
    raise OptionError("This reply is no longer there; reload the page.")


def _places(asked: Any) -> tuple[str, int, int]:
    try:
        key, index, place = asked
        return str(key), int(index), int(place)
    except (TypeError, ValueError, OverflowError):
        raise OptionError("A token is asked for by key, turn and place; reload the page.") from None
