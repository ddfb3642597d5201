"""Sentences: spans without the spaces around them, and what was cut once stays so."""

from hypothesis import given
from hypothesis import strategies as st

from playground.moderation.sentences import MOST_CHARACTERS, cut_sentences

_TEXTS = st.text(st.sampled_from("ab .!?\n\"'\u3002)3"), max_size=60)


def _read(text: str) -> list[str]:
    return [text[start:end] for start, end in cut_sentences(text)[0]]


def test_sentences_are_cut_at_their_ends_and_at_new_lines() -> None:
    text = 'He said "No." Then 3.14 came!\nIs it\u3002 yes'
    assert _read(text) == ['He said "No."', "Then 3.14 came!", "Is it\u3002", "yes"]


def test_what_has_no_end_is_cut_at_a_space() -> None:
    text = "word " * 200
    assert all(0 < len(each) <= MOST_CHARACTERS for each in _read(text))
    assert " ".join(_read(text)) == text.strip()
    assert [len(each) for each in _read("x" * 1000)] == [300, 300, 300, 100]


@given(_TEXTS, _TEXTS)
def test_what_ended_before_stays_whatever_follows(text: str, more: str) -> None:
    spans, open_from = cut_sentences(text)
    settled = [each for each in spans if each[0] < open_from]
    after, _ = cut_sentences(text + more)
    assert after[: len(settled)] == settled
    assert all(start >= open_from for start, _ in after[len(settled) :])


@given(_TEXTS)
def test_no_character_but_space_is_left_out(text: str) -> None:
    spans, _ = cut_sentences(text)
    kept = "".join(text[start:end] for start, end in spans)
    assert "".join(kept.split()) == "".join(text.split())
    assert all(start < end for start, end in spans)
