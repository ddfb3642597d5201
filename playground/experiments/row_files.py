"""A person's file of rows, CSV or JSONL, read with the number of each line."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, TypeVar

from playground.errors import OptionError
from playground.number_rules import shown

MOST_CHARACTERS_OF_FILE = 2_000_000
SHOWN_FAULTS = 5
# A million sentences help nobody, and take half a minute.
MOST_FAULTS = 100

Read = TypeVar("Read")


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
        The first so many; the message names a few of them.
    """

    def __init__(self, filename: str, faults: tuple[LineFault, ...]) -> None:
        self.faults = faults
        told = " ".join(f"Line {each.line:,}: {each.sentence}" for each in faults[:SHOWN_FAULTS])
        more = len(faults) - SHOWN_FAULTS
        count = f"{more:,}" if len(faults) < MOST_FAULTS else "many"
        rest = f" And {count} more." if more > 0 else ""
        super().__init__(f"{named(filename)} cannot be read. {told}{rest}")


@dataclass(frozen=True)
class RowForm:
    """What a row is.

    Parameters
    ----------
    noun : str
        What a row holds, in the singular: ``"item"``.
    key : str
        The field by which no two may be the same.
    most : int
        So many a file may hold.
    example : str
        One as JSON, for whoever wrote something else.
    check_names : callable
        Takes the names of a CSV's columns; raises `OptionError` where they are not those of a row.
    """

    noun: str
    key: str
    most: int
    example: str
    check_names: Callable[[Iterable[str]], None]


def read_distinct(
    text: str | bytes,
    filename: str,
    form: RowForm,
    read: Callable[[dict[str, object]], Read],
    faults_between: Callable[[Mapping[str, tuple[int, Read]]], list[LineFault]] = lambda _: [],
) -> tuple[Read, ...]:
    """Return what the rows of a file hold, no two with the same key.

    Parameters
    ----------
    text, filename, form
        As `read_numbered_rows` takes them.
    read : callable
        Makes something of a row; raises `OptionError` where a row breaks a rule.
    faults_between : callable
        Given all with their lines by key, where each alone is well: what does not go together.

    Raises
    ------
    SetUnreadable
        With the lines that break a rule, and which.
    OptionError
        When the file as a whole cannot be taken: its ending, its size, nothing in it, no UTF-8.
    """
    kept: dict[str, tuple[int, Read]] = {}
    faults: list[LineFault] = []
    for line, row in read_numbered_rows(text, filename, form):
        try:
            one = _read_row(row, read)
            _check_new(kept, str(getattr(one, form.key)), form)
        except OptionError as error:
            faults.append(LineFault(line, str(error)))
            if len(faults) == MOST_FAULTS:
                break
        else:
            kept[str(getattr(one, form.key))] = (line, one)
    faults = faults or faults_between(kept)
    if faults:
        raise SetUnreadable(filename, tuple(faults))
    _check_count(len(kept), filename, form)
    return tuple(one for _, one in kept.values())


def read_numbered_rows(
    text: str | bytes, filename: str, form: RowForm
) -> Iterator[tuple[int, dict[str, object] | LineFault]]:
    """Return each row with its line, or what is wrong with that line.

    Parameters
    ----------
    text : str or bytes
        The content, UTF-8 where bytes; a byte-order mark and any line ends are taken.
    filename : str
        Its ending decides: ``.csv`` with a line of names first, or ``.jsonl``.
    form : RowForm
        What a row is.

    Raises
    ------
    SetUnreadable
        When the first line of a CSV names other columns.
    OptionError
        When the file as a whole cannot be read: its ending, its size, nothing in it, no UTF-8.
    """
    plain = _plain(text, filename, form)
    ending = PurePath(filename).suffix.lower()
    if ending not in (".csv", ".jsonl"):
        raise OptionError(f"{named(filename)} must end in .csv or .jsonl, got {shown(ending)}.")
    return _csv_rows(plain, filename, form) if ending == ".csv" else _jsonl_rows(plain, form)


def pasted_name(text: str) -> str:
    """Return a name for rows that were pasted into a form, with the ending that they look like."""
    # Not by the first line alone: it may be the one that is broken.
    lines = [line.strip() for line in text.lstrip("\ufeff").split("\n", 20) if line.strip()]
    ending = "jsonl" if any(line.startswith("{") for line in lines[:5]) else "csv"
    return f"your-set.{ending}"


def named(filename: str) -> str:
    """Return how a sentence speaks of a file."""
    return f"The set {shown(filename)}"


def _read_row(
    row: dict[str, object] | LineFault, read: Callable[[dict[str, object]], Read]
) -> Read:
    if isinstance(row, LineFault):
        raise OptionError(row.sentence)
    return read(row)


def _check_new(kept: Mapping[str, tuple[int, object]], key: str, form: RowForm) -> None:
    if key in kept:
        raise OptionError(
            f"`{form.key}` {shown(key)} stands in line {kept[key][0]:,} already; each {form.noun} "
            "needs its own."
        )


def _check_count(count: int, filename: str, form: RowForm) -> None:
    if not count:
        raise OptionError(
            f"{named(filename)} holds no {form.noun}; write one a line, such as {form.example}."
        )
    if count > form.most:
        raise OptionError(
            f"{named(filename)} holds {count:,} {form.noun}s; at most {form.most:,} are allowed. "
            "Make two sets of it."
        )


def _plain(text: str | bytes, filename: str, form: RowForm) -> str:
    if len(text) > MOST_CHARACTERS_OF_FILE:
        raise OptionError(
            f"{named(filename)} is too large: {len(text):,} characters, and at most "
            f"{MOST_CHARACTERS_OF_FILE:,} are allowed. Make two sets of it."
        )
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise OptionError(
                f"{named(filename)} must be UTF-8, and byte {error.start + 1:,} is not; save it "
                "as UTF-8 (spreadsheets: CSV UTF-8)."
            ) from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise OptionError(
            f"{named(filename)} is empty; write one item a line, such as {form.example}."
        )
    return text


def _jsonl_rows(text: str, form: RowForm) -> Iterator[tuple[int, dict[str, object] | LineFault]]:
    # Not `splitlines`: JSON may hold U+2028 and its like as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        row = _read_json(line)
        if isinstance(row, dict):
            yield number, row
        else:
            sentence = f"must be a JSON object such as {form.example}, got {shown(line.strip())}."
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


def _csv_rows(
    text: str, filename: str, form: RowForm
) -> Iterator[tuple[int, dict[str, object] | LineFault]]:
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
                names = _header([each.strip().lower() for each in fields], filename, start, form)
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


def _header(names: list[str], filename: str, line: int, form: RowForm) -> list[str]:
    doubled = next((name for name, count in Counter(names).items() if count > 1), None)
    if doubled is not None:
        sentence = f"two columns are named {shown(doubled)}; each needs its own."
        raise SetUnreadable(filename, (LineFault(line, sentence),))
    try:
        form.check_names(names)
    except OptionError as error:
        raise SetUnreadable(filename, (LineFault(line, str(error)),)) from None
    return names
