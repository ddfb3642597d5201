"""Judge: the two kinds in turn, both letters either way, and the figures of both opinions."""

from __future__ import annotations

import pytest

from playground.labs.moderation.examining import Examined
from playground.labs.moderation.judge import (
    Judged,
    JudgeSettings,
    Judging,
    Labelled,
    draw_sentences,
)
from playground.labs.moderation.judge_view import draw
from playground.labs.moderation.labelled import count


def judged(meant: bool, yes: tuple[float, float]) -> Judged:
    return Judged(Labelled("<b>", meant), yes, Examined("<b>", (), (), 0.5), 10.0)


def test_sentences_come_in_turn_and_the_seed_decides_which() -> None:
    drawn = draw_sentences(2, seed=3)
    assert [each.meant for each in drawn] == [True, False] * (len(drawn) // 2)
    assert drawn == draw_sentences(2, seed=3)


def test_a_letter_that_is_always_said_is_counted_and_evened_out() -> None:
    one = judged(True, (0.9, 0.1))
    assert one.same_letter
    assert one.refuses
    assert one.score == pytest.approx(0.5)
    assert not judged(True, (0.9, 0.8)).same_letter


def test_both_have_their_figures_and_few_sentences_give_no_auroc() -> None:
    found = Judging(JudgeSettings(), 2, (judged(True, (0.9, 0.8)), judged(False, (0.7, 0.2))))
    told = found.to_json()
    assert (told["judge"]["caught"], told["judge"]["stopped"]) == (1, 1)
    assert (told["rail"]["missed"], told["rail"]["passed"]) == (1, 1)
    assert told["judge_auroc"] is None
    page = str(draw(found))
    assert "No AUROC" in page
    assert ">be stopped</span>" in page
    assert "above 50 % it stops it" in page
    assert "<b></p>" not in page


def test_shares_of_nothing_are_none() -> None:
    counts = count([False], [False])
    assert (counts.precision, counts.recall, counts.f1) == (None, None, None)
    assert counts.accuracy == 1
