"""Ways of learning: each shows what it claims, the same each time, and never looks at labels."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from playground.core.bandit import epsilon_greedy_regret
from playground.errors import OptionError
from playground.experiments.run import Stopped
from playground.labs.neurons.ways import WORLD, Ways, WaysSettings, few_labels, run_ways
from playground.labs.neurons.ways_view import draw
from tests.support.runs import run_until


@pytest.fixture(scope="module")
def snapshots() -> list[Ways]:
    return list(run_ways(None, WaysSettings(), run_until()))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"labelled": 9}, "`labelled` must be a whole number from 10 to 500, got 9"),
        ({"clusters": 1}, "`clusters` must be a whole number from 2 to 20, got 1"),
        ({"epsilon": 1.5}, "`epsilon` must be a number from 0 to 1, got 1.5"),
        ({"episodes": 0}, "`episodes` must be a whole number from 1 to 2,000, got 0"),
    ],
)
def test_bad_input_gets_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=re.escape(sentence)):
        WaysSettings(**given)


def test_each_way_reaches_what_its_card_says(snapshots: list[Ways]) -> None:
    known = snapshots[-1]
    assert known.progress.ended
    assert known.supervised[-1].test > 0.75
    assert known.words
    kinds = {group[0]: group for group in known.words.groups}
    assert kinds["red"] == ("red", "green", "blue", "yellow", "black", "white")
    assert len(kinds) == 5
    assert {len(group) for group in kinds.values()} == {6}
    assert min(known.words.spreads) < max(known.words.spreads)
    assert known.grouped
    assert 0.45 < known.grouped.purity < 0.8  # far above chance, far below labels
    assert sum(members for members, _, _ in known.grouped.found) == 1000
    assert known.spread
    assert known.spread.reached[-1] > 0.99
    assert known.spread.right[-1] > known.spread.alone + 0.05
    never, some, always = (each.lost[-1] for each in known.regrets)
    assert some < never
    assert some < always
    assert [each.episodes for each in known.walks] == [3, 30, 300]
    bests = [each.best for each in known.walks]
    assert bests == sorted(bests)
    assert bests[-1] >= len(WORLD.free) - 1


def test_the_picture_grows_and_the_same_seed_gives_the_same(snapshots: list[Ways]) -> None:
    done = [each.progress.done for each in snapshots]
    assert done == sorted(done)
    assert len(snapshots) > 20
    cards = [str(draw(each)).count("This comes next.") for each in (snapshots[0], snapshots[-1])]
    assert cards == [4, 0]
    *_, again = run_ways(None, WaysSettings(), run_until())
    told = json.dumps(again.to_json(), allow_nan=False)
    assert told == json.dumps(snapshots[-1].to_json(), allow_nan=False)


def test_groups_do_not_depend_on_labels(
    snapshots: list[Ways], monkeypatch: pytest.MonkeyPatch
) -> None:
    from playground.data.digits import Digits, load_digits

    real = load_digits()
    turned = Digits(real.images, (real.labels + 1) % 10)
    monkeypatch.setattr("playground.labs.neurons.ways.load_digits", lambda: turned)
    *_, other = run_ways(None, WaysSettings(images=20, episodes=1), run_until())
    mine = snapshots[-1].grouped
    assert mine
    assert other.grouped
    np.testing.assert_array_equal(mine.clusters.members, other.grouped.clusters.members)


def test_few_labels_are_spread_over_the_digits() -> None:
    labels = np.random.default_rng(0).integers(0, 10, 300)
    few = few_labels(labels, 20, np.random.default_rng(1))
    assert np.bincount(few[few >= 0], minlength=10).tolist() == [2] * 10
    assert (few[few >= 0] == labels[few >= 0]).all()


def test_who_always_explores_loses_the_mean_of_all_arms() -> None:
    lost = epsilon_greedy_regret(np.random.default_rng(0), [0.2, 0.8], 1.0, 100, 500)
    assert lost[-1] == pytest.approx(100 * 0.3, rel=0.03)


def test_it_stops_when_it_is_told() -> None:
    asked = iter([False, True])
    running = run_ways(None, WaysSettings(), run_until(lambda: next(asked)))
    next(running)
    next(running)
    with pytest.raises(Stopped):
        next(running)
