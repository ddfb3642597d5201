"""What a person would not see by itself: questions left out, and grades that belong to none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from playground.labs.hallucination.items import Item
from playground.labs.hallucination.judging import read_overruled
from playground.labs.hallucination.number_text import counted
from playground.number_rules import shown


def notices(
    whole: Sequence[Item], asked: Sequence[Item], overruled: Iterable[str] | None
) -> list[str]:
    """Return what is to be said beside the figures of a set, a sentence each.

    Parameters
    ----------
    whole, asked : sequence of Item
        The set, and those of its questions that are asked.
    overruled : iterable of str or None
        The grades that the learner has put in place of others.
    """
    found = []
    if len(asked) < len(whole):
        found.append(
            f"Asked: the first {counted(len(asked), 'question')} of {len(whole):,} in the set; "
            "“Questions” says how many."
        )
    strange = sorted(set(read_overruled(overruled)) - {item.id for item in asked})
    if strange:
        names = ", ".join(map(shown, strange[:3])) + (" and others" if strange[3:] else "")
        found.append(f"Grades overruled for {names} were left out: no such question was asked.")
    return found
