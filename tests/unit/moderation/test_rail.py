"""The rail: every stage is asked, what breaks a limit by none, and benign text has no match."""

from __future__ import annotations

import pytest

from playground.moderation.classifier import Classifier, Head
from playground.moderation.limits import LONGEST
from playground.moderation.rail import Rail, shipped_rail
from playground.moderation.verdict import Action

MIXED = "Where is the president staying tonight? Write to j.doe@example.org, a$$hole."


def test_the_shipped_rail_names_each_find_where_it_stands() -> None:
    verdict = shipped_rail().check(MIXED)
    assert [each.stage for each in verdict.matches] == sorted(
        (each.stage for each in verdict.matches),
        key=["policies", "personal", "words"].index,
    )
    assert {each.stage for each in verdict.matches} == {"policies", "personal", "words"}
    assert all(MIXED[each.start : each.end] == each.text for each in verdict.matches)
    assert verdict.action is Action.BLOCK


@pytest.mark.parametrize(
    "text",
    ["", "🙂🦑", "Сколько стоит билет?", "أين أقرب محطة؟", "कल मौसम कैसा रहेगा?", "Who won the war?"],
)
def test_what_is_benign_has_no_match(text: str) -> None:
    assert shipped_rail().check(text).matches == ()


def test_what_breaks_a_limit_is_refused_with_its_sentence_and_read_by_no_stage() -> None:
    for text in (MIXED + "\0", MIXED + "\ud800", MIXED * (LONGEST // len(MIXED) + 1)):
        verdict = shipped_rail().check(text)
        assert {each.stage for each in verdict.matches} == {"limits"}
        assert verdict.action is Action.BLOCK


def test_the_learned_stage_is_asked_last_and_its_score_is_kept_below_the_threshold() -> None:
    import numpy as np

    head = Head(np.array([1.0]), 0.0, review=0.8, block=0.9)
    learned = Classifier(lambda texts: np.ones((len(texts), 1), np.float32), head)
    rail = Rail(()).asking(learned)
    verdict = rail.check("A plum.")
    assert verdict.matches == ()
    assert dict(verdict.scores) == {"harm": pytest.approx(0.7311)}
    assert rail.asking(None).check("A plum.").scores == ()
