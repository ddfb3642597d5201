"""A tiny language model: curves that fall, samples on the way, and what becomes of bad input."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from playground.errors import OptionError
from playground.experiments.run import Stopped
from playground.labs.neurons.character_text import RARE, read_characters
from playground.labs.neurons.tiny_language_model import (
    TinyLanguageModel,
    TinyLanguageModelSettings,
    run_tiny_language_model,
)
from playground.labs.neurons.tiny_language_model_view import draw
from playground.strict_json import write_strict
from tests.support.markup import seen
from tests.support.runs import run_until

QUICK: dict[str, Any] = {"steps": 40, "width": 16, "context": 16, "learning_rate": 0.02}


def train(**given: Any) -> list[TinyLanguageModel]:
    settings = TinyLanguageModelSettings(**{**QUICK, **given})
    return list(run_tiny_language_model(None, settings, run_until()))


def drawn_numbers(picture: str) -> list[float]:
    """Return the places of all that is drawn; `float` reads nan and inf, too."""
    points = re.findall(r' (?:points|cx|cy)="([^"]*)"', picture)
    return [float(number) for each in points for number in re.split("[ ,]", each)]


@pytest.fixture(scope="module")
def snapshots() -> list[TinyLanguageModel]:
    return train()


def test_every_model_learns_and_the_table_never_beats_the_entropy_of_pairs(
    snapshots: list[TinyLanguageModel],
) -> None:
    last, text = snapshots[-1], snapshots[-1].text
    assert [each.name for each in last.courses] == ["counted", "bigram", "mlp", "block"]
    assert text.guess_nats > text.letter_nats > text.pair_nats
    counted, *trained = last.courses
    assert text.pair_nats < counted.points[-1].loss < text.pair_nats + 0.05
    for course in trained:
        first, *_, end = course.checkpoints
        assert first.held_out == pytest.approx(text.guess_nats, abs=0.1)
        assert end.held_out < text.letter_nats
        assert [each.step for each in course.checkpoints] == [0, *range(4, 41, 4)]
        assert all(len(each.sample) == 200 for each in course.checkpoints)
        assert not course.diverged
    assert trained[0].checkpoints[-1].held_out > text.pair_nats - 0.05


def test_the_picture_moves_and_the_progress_ends(snapshots: list[TinyLanguageModel]) -> None:
    done = [each.progress.done for each in snapshots]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 120)
    assert len(snapshots) > 100
    assert snapshots[-1].progress.words == "120 of 120 steps made"


def test_the_same_seed_gives_the_same_numbers_and_another_does_not(
    snapshots: list[TinyLanguageModel],
) -> None:
    def settled(known: TinyLanguageModel) -> list[Any]:
        return [replace(each, seconds=0.0) for each in known.courses]

    assert settled(train()[-1]) == settled(snapshots[-1])
    (other,) = train(models=["mlp"], seed=1)[-1].courses
    assert other.points != snapshots[-1].courses[2].points


def test_it_draws_what_it_knows_at_every_moment(snapshots: list[TinyLanguageModel]) -> None:
    for known in (snapshots[0], snapshots[3], snapshots[-1]):
        picture = draw(known)
        assert np.isfinite(drawn_numbers(picture)).all()
        assert picture.count("<figure") == sum(each.name != "counted" for each in known.courses)
    told = seen(draw(snapshots[-1])).text
    assert "entropy of pairs, 2.37" in told
    assert "after 40 steps" in told


@pytest.mark.parametrize("name", ["bigram", "mlp", "block"])
def test_a_rate_that_is_too_high_is_told_and_the_run_ends(name: str) -> None:
    last = train(models=[name], learning_rate=10)[-1]
    course = last.courses[-1]
    assert course.diverged.startswith(f"diverged at step {course.step}: the loss was ")
    assert "take a lower learning rate" in course.diverged
    assert last.progress.ended
    write_strict(last.to_json())  # no NaN, no infinity
    assert course.diverged in seen(draw(last)).text
    assert np.isfinite(drawn_numbers(draw(last))).all()


def test_a_stop_keeps_what_was_done() -> None:
    found: list[TinyLanguageModel] = []
    settings = TinyLanguageModelSettings(models=("block",), **QUICK)
    with pytest.raises(Stopped):
        found.extend(run_tiny_language_model(None, settings, run_until(lambda: len(found) == 5)))
    assert found[-1].courses[0].step == 3
    assert draw(found[-1])


def test_at_temperature_0_no_dice_are_thrown() -> None:
    greedy = (train(models=["bigram"], temperature=0, seed=seed)[-1] for seed in (1, 2))
    one, other = (each.courses[0].checkpoints[0].sample for each in greedy)  # of the counts
    assert one == other


def test_an_own_text_is_learned_whatever_its_letters() -> None:
    chinese = "".join(chr(0x4E00 + n * n % 1500) for n in range(3_000))
    text = read_characters(chinese)
    assert len(text.kinds) == 201
    assert RARE in text.kinds
    last = train(models=["mlp"], text="ab\r\n\x00<i>" * 200)[-1]
    assert last.text.kinds == 8
    assert last.courses[-1].checkpoints[-1].held_out < 0.1  # what repeats is soon known
    assert "<i>" in last.text.start
    assert "<i>" not in draw(last)


def test_a_held_out_end_is_never_learned_from() -> None:
    text = read_characters("ab" * 500 + "c" * 112)
    assert (len(text.learned), len(text.held_out)) == (1001, 111)
    windows = text.draw_windows(np.random.default_rng(0), 500, 16)
    assert windows.shape == (500, 17)
    assert set(windows.ravel().tolist()) <= set(text.learned.tolist())
    overlapping = text.held_out_windows(6, every_place=False)
    np.testing.assert_array_equal(overlapping[:, -1], text.held_out[6:])
    apart = text.held_out_windows(16, every_place=True)
    np.testing.assert_array_equal(apart[:, 1:].ravel(), text.held_out[1 : apart[:, 1:].size + 1])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"text": "ten letter"}, "`text` must be empty.* at least 1,000 characters.*got 10 char"),
        ({"text": "a" * 2000}, "not all the same, got 2,000 characters, 1 of them different"),
        ({"learning_rate": 0}, "`learning_rate` must be a number above 0 and up to 10, got 0"),
        ({"learning_rate": -1}, "got -1"),
        ({"learning_rate": 1e9}, r"got 1000000000\.0"),
        ({"learning_rate": math.nan}, "`learning_rate` must be"),
        ({"steps": 9}, "`steps` must be a whole number from 10 to 5,000, got 9"),
        ({"models": []}, "`models` must be 1 to 3 of bigram, mlp, block"),
        ({"width": 48}, "`width` must be one of 16, 32, 64, 128, got 48"),
        ({"context": 97}, "`context` must be a whole number from 8 to 96, got 97"),
        ({"temperature": 3}, "`temperature` must be a number from 0 to 2, got 3"),
    ],
)
def test_bad_input_gets_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        TinyLanguageModelSettings(**given)
