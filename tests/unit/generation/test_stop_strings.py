"""Stop strings are never shown, however the text is cut into pieces."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from playground.generation.stop_strings import StopStrings

letters = st.text("abc", max_size=30)
stops = st.lists(st.text("abc", min_size=1, max_size=4), max_size=3)


@given(st.lists(letters, max_size=8), stops)
def test_any_chunking_gives_the_text_before_the_first_stop(
    pieces: list[str], stop: list[str]
) -> None:
    gate = StopStrings(stop)
    shown = "".join(gate.push(piece) for piece in pieces) + gate.flush()
    text = "".join(pieces)
    ends = [at + len(s) for s in stop if (at := text.find(s)) >= 0]
    if not ends:
        assert (shown, gate.matched) == (text, None)
    else:
        assert gate.matched is not None
        assert text.startswith(shown + gate.matched)
        assert not any(s in shown for s in stop)


@given(letters, stops)
@example("baa", ["a", "baa"])  # the longer begins first, the shorter is complete first
def test_one_letter_at_a_time_equals_all_at_once(text: str, stop: list[str]) -> None:
    slow, fast = StopStrings(stop), StopStrings(stop)
    letter_by_letter = "".join(slow.push(letter) for letter in text) + slow.flush()
    assert letter_by_letter == fast.push(text) + fast.flush()
    assert slow.matched == fast.matched


def test_a_possible_start_is_held_back_and_no_more() -> None:
    gate = StopStrings(["<end>"])
    assert gate.push("one <en") == "one "
    assert gate.push("try") == "<entry"
