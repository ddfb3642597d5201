"""Where tokens stand in a text, however they split its characters."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from playground.models.text.spans import Spans, spans_from_bytes


@st.composite
def split_texts(draw: st.DrawFn) -> tuple[str, Spans]:
    """Draw a text and tokens of it that end anywhere, in the middle of characters too."""
    text = draw(st.text("aé東👩\u0301", min_size=1, max_size=12))
    data = text.encode()
    inner = draw(st.sets(st.integers(1, len(data)), max_size=len(data)))
    borders = sorted({0, *inner, len(data)})
    pieces = [data[start:end] for start, end in pairwise(borders)]
    spans = spans_from_bytes(data, range(len(pieces)), pieces)
    assert spans is not None
    return text, spans


@given(split_texts())
def test_whole_characters_are_those_that_decode_from_the_bytes(case: tuple[str, Spans]) -> None:
    text, spans = case
    for place in range(len(spans) + 1):
        before, after = spans.token_ids[:place].tolist(), spans.token_ids[place:].tolist()
        head = b"".join(map(spans.bytes_of, before)).decode(errors="ignore")
        tail = b"".join(map(spans.bytes_of, after)).decode(errors="ignore")
        assert text[: spans.whole_before(place)] == head
        assert text[spans.whole_from(place) :] == tail
