"""The decoded reading: percent, entities, escapes, base64 and hex, one level deep.

Each piece that decodes to something printable is read in its place, so that a sentence with one
encoded word is read whole.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable, Iterator

from playground.moderation.rewriting import Edit, rewrite
from playground.moderation.view import View

DECODED = "decoded"

SHORTEST_FOREIGN = 20
"""Characters of base64 from which letters beyond ASCII are no accident."""

_WHITE = " \t\r\n"
_PERCENT_SIGN = r"%(?:25){0,2}([0-9A-Fa-f]{2})"  # encoded once, or again up to two times
_PERCENT = re.compile(rf"(?:{_PERCENT_SIGN})+")
_ENTITY = re.compile(r"(?:&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,31});)+")
_ESCAPE = re.compile(r"(?:\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4})+")
_HEX = re.compile(
    r"(?<![0-9A-Za-z])(?:0x)?(?:(?:[0-9A-Fa-f]{2}){4,}"
    r"|[0-9A-Fa-f]{2}(?:(?:, ?|[ :])(?:0x)?[0-9A-Fa-f]{2}){2,})(?![0-9A-Za-z])"
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{8,}={0,2}(?![A-Za-z0-9+/_=-])")


def decoded(view: View) -> View:
    """Return the reading with every encoded piece decoded where it stands."""
    edits: list[Edit] = []
    for pattern, decode in _DECODERS:
        for found in pattern.finditer(view.text):
            plain = decode(found.group())
            if plain and plain != found.group() and _printable(plain):
                edits.append(Edit(*found.span(), plain))
    return rewrite(view, DECODED, _apart(edits))


def _apart(edits: list[Edit]) -> Iterator[Edit]:
    """Yield the edits in order, of two over another the first and longer."""
    reached = 0
    for edit in sorted(edits, key=lambda each: (each.start, -each.end)):
        if edit.start >= reached:
            yield edit
            reached = edit.end


def _printable(text: str) -> bool:
    """Whether it is text: nothing but visible characters and white space, most of it letters."""
    letters = sum(each.isalpha() or each == " " for each in text)
    return 2 * letters >= len(text) and all(each.isprintable() or each in _WHITE for each in text)


def _percent(piece: str) -> str:
    return _utf8(bytes.fromhex("".join(re.findall(_PERCENT_SIGN, piece))))


def _escape(piece: str) -> str:
    codes = re.findall(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})", piece)
    return "".join(chr(int(short or long, 16)) for short, long in codes)


def _hex(piece: str) -> str:
    return _utf8(bytes.fromhex(re.sub(r"0x|[ :,]", "", piece)))


def _base64(piece: str) -> str:
    """Decode base64 of either alphabet; many a short word decodes, too, but not to ASCII."""
    body = piece.rstrip("=").replace("-", "+").replace("_", "/")
    if len(body) % 4 == 1:
        return ""
    try:
        plain = _utf8(base64.b64decode(body + "=" * (-len(body) % 4), validate=True))
    except binascii.Error:
        return ""
    told = plain.isascii() or len(piece) >= SHORTEST_FOREIGN
    return plain if told and _mostly_letters(plain) else ""


def _mostly_letters(text: str) -> bool:
    return 4 * sum(each.isalpha() or each.isspace() for each in text) >= 3 * len(text)


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""


_DECODERS: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (_PERCENT, _percent),
    (_ENTITY, html.unescape),
    (_ESCAPE, _escape),
    (_HEX, _hex),
    (_BASE64, _base64),
)
