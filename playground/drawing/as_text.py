"""A picture in words: what its HTML says, for a terminal."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markupsafe import Markup

_VOID = frozenset({"br", "hr", "img", "input"})
_UNSEEN = frozenset({"script", "style", "svg"})
_HEADS = frozenset({"h1", "h2", "h3", "h4"})
_LISTS = frozenset({"dd", "dl", "dt", "li", "ol", "ul"})
_BLOCKS = frozenset({"article", "details", "div", "figcaption", "figure", "legend", "p", "pre"})
_LINES = _HEADS | _LISTS | _BLOCKS | {"section", "summary", "tbody", "tfoot", "thead"}
# Set apart by the styles where two of them meet: "blocked" and "0.97" are no one word.
_APART = frozenset({"b", "button", "code", "span", "time"})
_WIDEST = 60  # of a cell; what is longer is cut, the JSON has all of it


def as_text(picture: Markup) -> str:
    r"""Return what a picture says: a line for each block, tables in columns.

    What is drawn alone is left out, what is folded, and what only the page can do. A drawing's
    label stands for it.

    Examples
    --------
    >>> print(as_text(Markup("<h2>Two</h2><p>a <b>b</b></p><table><tr><th>x<td>10</table>")))
    Two
    a b
    x  10
    """
    reader = _Reader()
    reader.feed(picture)
    reader.close()
    return reader.text()


@dataclass
class _Table:
    rows: list[list[str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        rows = [[_cut(cell) for cell in row] for row in self.rows if any(row)]
        count = max((len(row) for row in rows), default=0)
        wide = [max(_width(row[at]) for row in rows if at < len(row)) for at in range(count)]
        return ["  ".join(map(_padded, row, wide)).rstrip() for row in rows]


class _Reader(HTMLParser):
    """Collects lines; while something unseen is open, nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._words: list[str] = []
        self._unseen: list[str] = []  # the tags open inside something that is not said, and itself
        self._tables: list[_Table] = []
        self._in_cell = False
        self._folded: list[bool] = []  # of each <details> that is begun, whether it is closed
        self._apart = False  # whether an element has just ended that the styles set apart

    def text(self) -> str:
        """Return all lines."""
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line or a cell, or leave out what is not said."""
        given = dict(attrs)
        if self._unseen:
            if tag not in _VOID:
                self._unseen.append(tag)
        elif _not_said(tag, given):
            if tag == "svg" and not self._in_cell and (label := given.get("aria-label")):
                self._end_line()
                self._lines.append(f"[{label}]")
            if tag not in _VOID:
                self._unseen.append(tag)
        else:
            if tag == "details":
                self._folded.append("open" not in given)
            self._begin(tag)

    def _begin(self, tag: str) -> None:
        if tag == "table":
            self._end_line()
            self._tables.append(_Table())
        elif tag == "tr" and self._tables:
            self._end_cell()
            self._tables[-1].rows.append([])
        elif tag in ("td", "th") and self._tables:
            self._end_cell()
            self._in_cell = True
        elif tag == "small" or (tag in _APART and self._apart):
            self._words.append(" ")
        elif tag in _LINES or tag == "br":
            self._end_line()
            if tag in _HEADS and not self._in_cell:
                self._lines.append("")
            if tag == "li":
                self._words.append("- ")

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        self._apart = tag in _APART
        if self._unseen:
            if tag in self._unseen:
                while self._unseen.pop() != tag:
                    pass
        elif tag == "table" and self._tables:
            self._end_cell()
            self._lines += self._tables.pop().lines()
        elif tag in ("td", "th", "tr"):
            self._end_cell()
        elif tag in _LINES:
            self._end_line()
            self._fold(tag)

    def _fold(self, tag: str) -> None:
        """Leave out what stands behind a summary and is not open."""
        if tag == "summary" and self._folded and self._folded[-1]:
            self._unseen.append("details")
        if tag in ("summary", "details") and self._folded and (self._unseen or tag == "details"):
            self._folded.pop()

    def handle_data(self, data: str) -> None:
        """Take words."""
        self._apart = False
        if not self._unseen:
            self._words.append(data)

    def _end_line(self) -> None:
        if self._in_cell:
            self._words.append(" ")
            return
        if words := _one_line(self._words):
            self._lines.append(words)
        self._words = []

    def _end_cell(self) -> None:
        if self._in_cell:
            if not self._tables[-1].rows:
                self._tables[-1].rows.append([])
            self._tables[-1].rows[-1].append(_one_line(self._words))
            self._words = []
        self._in_cell = False


def _not_said(tag: str, given: dict[str, str | None]) -> bool:
    page_only = "on-page" in (given.get("class") or "").split()
    return tag in _UNSEEN or page_only or "hidden" in given or given.get("aria-hidden") == "true"


def _one_line(words: list[str]) -> str:
    return " ".join("".join(words).split())


def _cut(cell: str) -> str:
    return cell if len(cell) <= _WIDEST else f"{cell[: _WIDEST - 1]}…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
