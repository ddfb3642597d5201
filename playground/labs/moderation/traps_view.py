"""Harmless sentences kind by kind: how many pass, and what stopped the others."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from playground.drawing.files import csv_text
from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.moderation.marked_text import action_word, marked_text
from playground.labs.moderation.traps import OWN, Sprung, Traps, TrapSettings, run_traps

_EMPTY = "The sentences come here, those that were stopped first."


def draw(traps: Traps) -> Markup:
    """Return how many pass, those that do not, and all of them by their kind."""
    if not traps.sprung:
        return tag("p", _EMPTY, class_="hint")
    kinds = dict.fromkeys(each.trap.kind for each in traps.sprung)
    stopped = [each for each in traps.sprung if each.stopped]
    return join(
        (
            _sums(traps),
            _stopped(stopped),
            *(_kind(kind, [e for e in traps.sprung if e.trap.kind == kind]) for kind in kinds),
        )
    )


def _sums(traps: Traps) -> Markup:
    count = tag("b", f"{traps.passed} of {len(traps.sprung)}")
    said = " harmless sentences pass. Each that does not is somebody who is stopped for nothing."
    return tag("p", count, said, class_="sums")


def _stopped(stopped: Sequence[Sprung]) -> Markup | None:
    if not stopped:
        return None
    rows = ([marked_text(each.trap.text, each.examined.matches), _by(each)] for each in stopped)
    heads = ("sentence", "stopped by")
    return tag("div", tag("h2", "Stopped for nothing"), table(heads, rows, class_="plain"))


def _by(sprung: Sprung) -> Markup:
    found = (f"{each.rule} ({each.stage})" for each in sprung.examined.matches)
    action = action_word(sprung.examined.verdict.action)
    return join((", ".join(dict.fromkeys(found)), ": ", action))


def _kind(kind: str, sprung: Sequence[Sprung]) -> Markup:
    passed = sum(not each.stopped for each in sprung)
    rows = (
        [
            tag("p", each.trap.text, class_="marked", dir="auto"),
            action_word(each.examined.verdict.action),
            each.trap.reason,
        ]
        for each in sprung
    )
    head = tag("summary", f"{kind}: {passed} of {len(sprung)} pass")
    heads = ("sentence", "it is", "why it is harmless")
    body = table(heads, rows, class_="plain")
    return tag("details", head, body, class_="card", open=kind == OWN or passed < len(sprung))


def to_csv(traps: Traps) -> str:
    """Return one line a sentence."""
    heads = ("text", "kind", "reason", "stopped", "action", "by")
    rows = (
        (
            each.trap.text,
            each.trap.kind,
            each.trap.reason,
            each.stopped,
            each.examined.verdict.action.value,
            " | ".join(match.rule for match in each.examined.matches),
        )
        for each in traps.sprung
    )
    return csv_text(heads, rows)


TRAPS = Experiment(
    path="moderation/traps",
    title="Traps",
    idea=(
        "Scunthorpe is a town, kill -9 ends a process, and a head on fire needs no fire brigade. "
        "Whoever stops these is switched off by the people it was to help."
    ),
    settings=TrapSettings,
    function=run_traps,
    view=draw,
    needs=Needs.NOTHING,
    action="",
    tables={"traps.csv": to_csv},
    empty=_EMPTY,
    small={"own": "The assassin bug eats other bugs."},
)
