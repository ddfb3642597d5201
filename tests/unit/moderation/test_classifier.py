"""The classifier: thresholds, spans, several views, streams, and how much it reads."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from playground.moderation.classifier import (
    MOST_SENTENCES,
    Classifier,
    Head,
    shipped_head,
)
from playground.moderation.policy_heads import shipped_policy_heads
from playground.moderation.verdict import Action, Match
from playground.moderation.view import AS_WRITTEN, View

_HEAD = Head(np.array([8.0, 4.0]), -3.0, review=0.5, block=0.9)


class _Words:
    """Vectors that say whether "bad" and whether "odd" stands in a text; counts what it read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.read += texts
        return np.array([["bad" in each, "odd" in each] for each in texts], np.float32)


def _view(text: str, name: str = AS_WRITTEN) -> View:
    return View(name, text, range(len(text)), range(1, len(text) + 1))


def _find(text: str, *others: View) -> list[Match]:
    return list(Classifier(_Words(), _HEAD).find(text, [_view(text), *others]))


def test_each_sentence_is_judged_by_itself_with_its_span() -> None:
    text = "Good day. A bad deed! An odd thing?"
    bad, odd = _find(text)
    assert (bad.text, bad.action, bad.score) == ("A bad deed!", Action.BLOCK, 0.9933)
    assert (odd.text, odd.action, odd.score) == ("An odd thing?", Action.REVIEW, 0.7311)
    assert text[bad.start : bad.end] == bad.text
    assert "0.99" in bad.reason
    assert not _find("Good day.")
    assert not _find("")


def test_another_view_is_read_where_it_says_something_else() -> None:
    text = "A b4d deed. Good day."
    words = _Words()
    stage = Classifier(words, _HEAD)
    (found,) = stage.find(text, [_view(text), _view(text.replace("4", "a"), "leet")])
    assert (found.text, found.view) == ("A b4d deed.", "leet")
    assert words.read == ["A b4d deed.", "Good day.", "A bad deed."]


def test_what_was_scored_is_not_embedded_again() -> None:
    words = _Words()
    stage = Classifier(words, _HEAD)
    for text in ("One. Two.", "One. Two. Three."):
        stage.find(text, [_view(text)])
    assert words.read == ["One.", "Two.", "Three."]
    assert stage.highest([_view("Bad luck. An odd one.")]) == 0.7311


def test_a_long_text_is_read_up_to_a_limit_and_the_rest_is_told() -> None:
    words = _Words()
    text = "".join(f"Line {number}.\n" for number in range(5_000))
    (left,) = Classifier(words, _HEAD).find(text, [_view(text)])
    assert len(words.read) == MOST_SENTENCES
    assert (left.text, left.action) == (f"Line {MOST_SENTENCES}.", Action.ALLOW)


@given(st.lists(st.sampled_from(["bad ", "odd ", "good. ", "!\n", "x" * 40]), max_size=30))
def test_a_stream_says_before_its_open_end_what_the_whole_says(pieces: list[str]) -> None:
    whole = "".join(pieces)
    final = _find(whole)
    stage = Classifier(_Words(), _HEAD)
    for count in range(len(pieces) + 1):
        text = "".join(pieces[:count])
        open_from = stage.open_from(text, [_view(text)])
        settled = [each for each in stage.find(text, [_view(text)]) if each.start < open_from]
        assert settled == [each for each in final if each.start < open_from]


def test_the_head_that_ships_is_one_of_minilm() -> None:
    head = shipped_head()
    assert head.weights.shape == (384,)
    assert 0 < head.review < head.block < 1
    with pytest.raises(ValueError, match="matmul"):
        head.probabilities(np.zeros((1, 3), np.float32))


def test_many_threads_may_ask_at_once_and_memory_is_bounded() -> None:
    stage = Classifier(_Words(), _HEAD)
    batches = [[f"Bad luck {start + place}." for place in range(500)] for start in range(40)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(stage.scores, batches * 2))
    assert {score for scores in found for score in scores} == {0.0474}
    assert len(stage._known) <= 4_096


def test_what_was_learned_of_a_policy_is_a_match_of_its_own() -> None:
    policy = Head(np.array([0.0, 9.0]), -3.0, 0.9, 0.9)
    stage = Classifier(_Words(), _HEAD, [("fruit", policy)])
    text = "Good day. An odd thing?"
    harm, fruit = stage.find(text, [_view(text)])
    assert (harm.category, harm.action) == ("harm", Action.REVIEW)
    assert (fruit.rule, fruit.category, fruit.text) == ("fruit.learned", "fruit", "An odd thing?")
    assert fruit.action is Action.BLOCK
    assert "of fruit" in fruit.reason


def test_a_head_ships_for_each_policy_of_the_notes() -> None:
    heads = shipped_policy_heads()
    names = [each.category for each in heads]
    assert names == ["politics.figure_location", "politics.war_targeting"]
    assert all(each.head.weights.shape == (384,) for each in heads)
