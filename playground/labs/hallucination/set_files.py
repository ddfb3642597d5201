"""A set of questions from a file of one's own: CSV or JSONL, with what is wrong line by line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from playground.errors import OptionError
from playground.labs.hallucination.items import Item, ProbeSet, read_item, require_keys
from playground.number_rules import shown

MOST_CHARACTERS_OF_FILE = 2_000_000
MOST_ITEMS = 2_000
SHOWN_FAULTS = 5
FORM = (
    '{"id": "ua", "prompt": "The capital of Ukraine is", "answers": ["Kyiv", "Kiev"], '
    '"reason": "Kyiv is its capital."}'
)


@dataclass(frozen=True)
class LineFault:
    """What is wrong with a line.

    Parameters
    ----------
    line : int
        Counted from 1, as editors count.
    sentence : str
        What is wrong, the rule, the value got.
    """

    line: int
    sentence: str


class SetUnreadable(OptionError):
    """A set's file breaks the rules.

    Parameters
    ----------
    filename : str
        As given.
    faults : tuple of LineFault
        All of them; the message names the first few.
    """

    def __init__(self, filename: str, faults: tuple[LineFault, ...]) -> None:
        self.faults = faults
        told = " ".join(f"Line {each.line:,}: {each.sentence}" for each in faults[:SHOWN_FAULTS])
        more = len(faults) - SHOWN_FAULTS
        rest = f" And {more:,} more." if more > 0 else ""
        super().__init__(f"{_named(filename)} cannot be read. {told}{rest}")


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
    plain = _plain(text, filename)
    ending = PurePath(filename).suffix.lower()
    if ending not in (".csv", ".jsonl"):
        raise OptionError(f"{_named(filename)} must end in .csv or .jsonl, got {shown(ending)}.")
    rows = _csv_rows(plain, filename) if ending == ".csv" else _jsonl_rows(plain)
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
        else:
            items[item.id] = (line, item)
    faults += _lonely_twins(items) if not faults else []
    if faults:
        raise SetUnreadable(filename, tuple(faults))
    if not items:
        raise OptionError(f"{_named(filename)} holds no item; write one a line, such as {FORM}.")
    if len(items) > MOST_ITEMS:
        raise OptionError(
            f"{_named(filename)} holds {len(items):,} items; at most {MOST_ITEMS:,} are allowed. "
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


def _plain(text: str | bytes, filename: str) -> str:
    if len(text) > MOST_CHARACTERS_OF_FILE:
        raise OptionError(
            f"{_named(filename)} is too large: {len(text):,} characters, and at most "
            f"{MOST_CHARACTERS_OF_FILE:,} are allowed. Make two sets of it."
        )
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise OptionError(
                f"{_named(filename)} must be UTF-8, and byte {error.start + 1:,} is not; save it "
                "as UTF-8 (spreadsheets: CSV UTF-8)."
            ) from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise OptionError(f"{_named(filename)} is empty; write one item a line, such as {FORM}.")
    return text


def _jsonl_rows(text: str) -> Iterator[tuple[int, dict[str, object] | LineFault]]:
    # Not `splitlines`: JSON may hold U+2028 and its like as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        row = _read_json(line)
        if isinstance(row, dict):
            yield number, row
        else:
            sentence = f"must be a JSON object such as {FORM}, got {shown(line.strip())}."
            yield number, LineFault(number, sentence)


def _read_json(line: str) -> Any:
    try:
        return json.loads(line, object_pairs_hook=_pairs)
    except (ValueError, RecursionError):
        return None


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _csv_rows(text: str, filename: str) -> Iterator[tuple[int, dict[str, object] | LineFault]]:
    first = text.lstrip("\n").split("\n", 1)[0]
    # Spreadsheets write semicolons where the comma divides the digits of numbers.
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True
    )
    names: list[str] | None = None
    line = 1
    try:
        for fields in reader:
            start, line = line, reader.line_num + 1
            if not any(each.strip() for each in fields):
                continue
            if names is None:
                names = _header([each.strip().lower() for each in fields], filename, start)
            elif len(fields) != len(names):
                sentence = f"has {len(fields)} fields, and the first line has {len(names)} names."
                yield start, LineFault(start, sentence)
            else:
                yield start, dict(zip(names, fields, strict=True))
    except csv.Error as error:
        yield (
            line,
            LineFault(
                line,
                f"cannot be read as CSV ({error}); put a text that holds "
                'commas, line ends or quotes in "quotes".',
            ),
        )


def _header(names: list[str], filename: str, line: int) -> list[str]:
    doubled = [name for name in names if names.count(name) > 1]
    if doubled:
        sentence = f"two columns are named {shown(doubled[0])}; each needs its own."
        raise SetUnreadable(filename, (LineFault(line, sentence),))
    try:
        require_keys(names)
    except OptionError as error:
        raise SetUnreadable(filename, (LineFault(line, str(error)),)) from None
    return names


def _named(filename: str) -> str:
    return f"The set {shown(filename)}"
