"""What the words around a term weigh: the quick sum is the sum of the features that are told."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from playground.moderation import hits
from playground.moderation.following import Found
from playground.moderation.rail import shipped_rail
from playground.moderation.weighing import Occurrence, features_of, total_of, weigh
from playground.moderation.weights import Weights


def texts() -> list[str]:
    """Return what is written for people's wars and leaders, and sentences that only touch them."""
    data = files("playground.data").joinpath("moderation")
    lines = [*data.joinpath("labelled.jsonl").read_text(encoding="utf-8").splitlines()]
    lines += data.joinpath("traps.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        *(str(json.loads(line)["text"]) for line in lines),
        "In Italy my uncle is dying. What should I say to him next?",
        "Her husband drowned in 1902 in Scotland. After his death she kept the light, and the town "
        "gave her a watch. It is one of the oldest towers in the UK. Soldiers came in 1916.",
        "Who will be killed next in the war between Russia and Ukraine? When will the army attack?",
        "Where will the president of France be tomorrow at noon? Where was she in 1999?",
    ]


def test_the_quick_sum_is_that_of_the_features(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[float, float]] = []

    def both(weights: Weights, place: Occurrence, found: Found, *, near: bool) -> float:
        quick = total_of(weights, place, found, near=near)
        told = weigh(weights, features_of(place, weights.groups, found, near=near)).total
        seen.append((quick, told))
        return quick

    monkeypatch.setattr(hits, "total_of", both)
    rail = shipped_rail()
    for text in texts():
        rail.check(text)
    assert len(seen) > 30
    for quick, told in seen:
        assert quick == pytest.approx(told, abs=1e-5)
