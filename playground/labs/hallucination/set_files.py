"""A set of questions from a file of one's own: CSV or JSONL, with what is wrong line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from playground.errors import OptionError
from playground.experiments.row_files import (
    MOST_FAULTS,
    LineFault,
    RowForm,
    SetUnreadable,
    named,
    read_numbered_rows,
)
from playground.labs.hallucination.items import Item, ProbeSet, read_item, require_keys
from playground.number_rules import shown

MOST_ITEMS = 2_000
FORM = (
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
    rows = read_numbered_rows(text, filename, RowForm(FORM, require_keys))
    items = read_rows(rows, filename)
    name = PurePath(filename).stem
    return ProbeSet(name, name, f"Your own set, {len(items):,} items.", items)


def read_rows(
    rows: Iterator[tuple[int, dict[str, object] | LineFault]], filename: str
) -> tuple[Item, ...]:
    """Return the items of numbered rows; the rules between items are held here."""
    items: dict[str, tuple[int, Item]] = {}
    faults: list[LineFault] = []
    for line, row in rows:
        try:
            item = _item(row, items)
        except OptionError as error:
            faults.append(LineFault(line, str(error)))
            if len(faults) == MOST_FAULTS:
                break
        else:
            items[item.id] = (line, item)
    faults += _lonely_twins(items) if not faults else []
    if faults:
        raise SetUnreadable(filename, tuple(faults))
    if not items:
        raise OptionError(f"{named(filename)} holds no item; write one a line, such as {FORM}.")
    if len(items) > MOST_ITEMS:
        raise OptionError(
            f"{named(filename)} holds {len(items):,} items; at most {MOST_ITEMS:,} are allowed. "
            "Make two sets of it."
        )
    return tuple(item for _, item in items.values())


def _item(row: dict[str, object] | LineFault, known: dict[str, tuple[int, Item]]) -> Item:
    if isinstance(row, LineFault):
        raise OptionError(row.sentence)
    item = read_item(row)
    if item.id in known:
        raise OptionError(
            f"`id` {shown(item.id)} stands in line {known[item.id][0]:,} already; each item needs "
            "its own."
        )
    return item


def _lonely_twins(items: dict[str, tuple[int, Item]]) -> list[LineFault]:
    return [
        LineFault(
            line,
            f"`twin` must be the id of another item that names this one, got {shown(item.twin)}.",
        )
        for line, item in items.values()
        if item.twin is not None
        and (item.twin not in items or items[item.twin][1].twin != item.id or item.twin == item.id)
    ]
