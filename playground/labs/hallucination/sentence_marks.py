"""Whether a text ends as a sentence does, whatever its script."""

from __future__ import annotations

_CLOSING = "\"')]}\u2019\u201d\u00bb\u300d\u300f\uff09\u3011"
# Full stops, question and exclamation marks: Latin, Arabic, Urdu, Greek, Armenian, Devanagari,
# Ethiopic, Khmer, Burmese, Chinese and Japanese, full and half width.
_ENDS = (
    ".?!\u2026\u203c\u203d\u2047\u2048\u2049\u061f\u06d4\u037e\u0589\u055e\u055c\u0964\u0965"
    "\u1362\u1367\u1368\u17d4\u17d5\u104a\u104b\u3002\uff01\uff0e\uff1f\uff61"
)


def ends_a_sentence(text: str) -> bool:
    r"""Tell whether a text ends as a sentence does: a closing quote or bracket may follow the mark.

    Examples
    --------
    >>> ends_a_sentence("Who wrote \u201cEmma\u201d?"), ends_a_sentence("The capital of France is")
    (True, False)
    >>> ends_a_sentence("\u65e5\u672c\u306e\u9996\u90fd\u306f\uff1f"), ends_a_sentence(" ")
    (True, False)
    """
    return text.rstrip().rstrip(_CLOSING).endswith(tuple(_ENDS))
