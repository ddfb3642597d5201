"""What ships as calibration: what the default model does, and the figures claimed of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import playground
from playground.core.evaluation import rank
from playground.labs.hallucination.answering import AnswerSettings, Question
from playground.labs.hallucination.calibration import (
    calibration_for,
    read_calibration,
    shipped,
    write_calibration,
)
from playground.labs.hallucination.placing import placing_for
from playground.labs.hallucination.scores import SCORES
from playground.labs.hallucination.sets import load_set

CLAIMED = {
    "mean_logprob": 0.75,
    "sequence_logprob": 0.75,
    "mean_entropy": 0.75,
    "agreement": 0.70,
}


@pytest.mark.parametrize(("name", "least"), CLAIMED.items())
def test_scores_tell_known_capitals_from_invented_ones(name: str, least: float) -> None:
    known, sign = shipped(), {score.name: score.higher_is_surer for score in SCORES}
    assert len(known.right) == 80
    values = np.array(known.scores[name]) * (1 if sign[name] else -1)
    found = rank(values, known.right)
    assert found.auroc is not None
    assert found.auroc >= least
    assert found.low is not None
    assert found.low > 0.5


def test_the_default_model_has_these_scores_today() -> None:
    names = [name for name in CLAIMED if name != "agreement"]
    found = playground.experiment("hallucination/set")(None, items=6, samples=0).to_json()
    for place, row in enumerate(found["parts"][0]["items"]):
        assert row["right"] is shipped().right[place]
        for name in names:
            assert row["scores"][name] == pytest.approx(shipped().scores[name][place], abs=2e-3)


def test_another_precision_has_no_calibration() -> None:
    known = shipped()
    assert calibration_for(known.model, known.precision) is known
    assert calibration_for(known.model, "int8") is None


def test_a_place_counts_the_less_sure_and_looks_at_the_nearest() -> None:
    known = shipped()
    best = known.place("mean_entropy", min(known.scores["mean_entropy"]))
    assert best is not None
    assert best.surer_than > 0.98
    assert best.near_right >= 15
    assert known.place("linear_probe", 0.3) is None
    assert known.place("mean_entropy", None) is None


def test_what_is_written_is_read_back_without_what_has_no_grade() -> None:
    rows = [
        {"id": "q", "right": True, "error": None, "scores": {"a": 1.0, "b": None}},
        {"id": "r", "right": None, "error": None, "scores": {"a": 2.0, "b": 1.0}},
    ]
    part = {"model": "m", "precision": "fp32", "items": rows}
    found = read_calibration(write_calibration("M", part, "own", ["a", "b"], {"samples": 2}))
    assert (found.right, found.scores) == ((True,), {"a": (1.0,)})
    assert (found.ids, found.drawn) == (("q",), {"samples": 2})


ASKED = Question("question", "Dots and dashes are", False, before="What are they?")
HOW = AnswerSettings().model_dump()
WHO = (shipped().model, shipped().title, shipped().precision)
BY_NAME = {score.name: score for score in SCORES}


def test_what_is_beyond_the_calibration_set_has_no_place() -> None:
    known = shipped()
    worst = min(known.scores["mean_logprob"])
    assert known.place("mean_logprob", worst) is not None
    assert known.place("mean_logprob", worst - 0.01) is None
    place, why = placing_for(WHO, ASKED, True, HOW).of(BY_NAME["mean_logprob"], worst - 0.01)
    assert place is None
    assert "lies so far out" in str(why)


def test_a_question_of_the_set_is_not_held_to_itself() -> None:
    known = shipped()
    place = known.ids.index("capital-au")
    value = known.scores["mean_logprob"][place]
    item = load_set("capitals").find("capital-au")
    placing = placing_for(WHO, replace(ASKED, prompt=item.prompt), True, HOW)
    assert placing.item_id == "capital-au"
    found, _ = placing.of(BY_NAME["mean_logprob"], value)
    others = [
        v
        for each, v in zip(known.ids, known.scores["mean_logprob"], strict=True)
        if each != "capital-au"
    ]
    assert found is not None
    assert found.surer_than == pytest.approx(np.mean(np.array(others) < value))


@pytest.mark.parametrize(
    ("question", "has_template", "how", "words"),
    [
        (replace(ASKED, before=""), True, {}, "in this form"),
        (Question("question", "What is 17 times 23?", True), True, {}, "in this form"),
        (ASKED, False, {}, "in this form"),
        (ASKED, True, {"max_new_tokens": 30}, "another length"),
    ],
)
def test_another_form_has_no_calibration(
    question: Question, has_template: bool, how: dict[str, object], words: str
) -> None:
    placing = placing_for(WHO, question, has_template, {**HOW, **how})
    place, why = placing.of(BY_NAME["mean_logprob"], -0.5)
    assert place is None
    assert words in str(why)


@pytest.mark.parametrize(
    "how", [{"samples": 15}, {"temperature": 2.0}, {"top_p": 0.5}, {"by_meaning": True}]
)
def test_samples_drawn_otherwise_are_not_held_to_the_set(how: dict[str, object]) -> None:
    placing = placing_for(WHO, ASKED, True, {**HOW, **how})
    place, why = placing.of(BY_NAME["semantic_entropy"], 0.5)
    assert place is None
    assert "drawn with another" in str(why)
    assert placing.of(BY_NAME["mean_logprob"], -0.5)[0] is not None
    assert placing_for(WHO, ASKED, True, HOW).of(BY_NAME["semantic_entropy"], 0.5)[0] is not None


def test_a_control_has_no_place() -> None:
    for name in ("length", "random"):
        assert placing_for(WHO, ASKED, True, HOW).of(BY_NAME[name], 3.0)[0] is None
