"""A set of questions from a file of one's own: CSV or JSONL, with what is wrong line by line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from playground.experiments.row_files import LineFault, RowForm, read_distinct
from playground.labs.hallucination.items import Item, ProbeSet, read_item, require_keys
from playground.number_rules import shown

MOST_ITEMS = 2_000
EXAMPLE = (
    '{"id": "ua", "prompt": "The capital of Ukraine is", "answers": ["Kyiv", "Kiev"], '
    '"reason": "Kyiv is its capital."}'
)


def read_own(text: str | bytes, filename: str) -> ProbeSet:
    r"""Return the set that a person's own file holds.

    Parameters
    ----------
    text : str or bytes
        Its content, UTF-8 where bytes; a byte-order mark and any line ends are taken.
    filename : str
        Its ending decides: ``.csv`` with a line of names first, or ``.jsonl``.

    Raises
    ------
    SetUnreadable
        With the lines that break a rule, and which.
    OptionError
        When the file as a whole cannot be a set: its ending, its size, nothing in it, no UTF-8.

    Examples
    --------
    >>> own = read_own("id,prompt,answers,reason\r\nua,The capital of Ukraine is,Kyiv|Kiev,"
    ...                "Kyiv is its capital.", "mine.csv")
    >>> own.name, own.items[0].answers
    ('mine', ('Kyiv', 'Kiev'))
    """
    form = RowForm("item", "id", MOST_ITEMS, EXAMPLE, require_keys)
    items = read_distinct(text, filename, form, read_item, _lonely_twins)
    name = PurePath(filename).stem
    return ProbeSet(name, name, f"Your own set, {len(items):,} items.", items)


def _lonely_twins(items: Mapping[str, tuple[int, Item]]) -> list[LineFault]:
    return [
        LineFault(
            line,
            f"`twin` must be the id of another item that names this one, got {shown(item.twin)}.",
        )
        for line, item in items.values()
        if item.twin is not None
        and (item.twin not in items or items[item.twin][1].twin != item.id or item.twin == item.id)
    ]
