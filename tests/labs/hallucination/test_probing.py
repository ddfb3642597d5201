"""A set: graded, measured, the same each time; a grade overruled asks nothing anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import playground
from playground.errors import OptionError
from playground.experiments.run import Stopped
from playground.generation.language_model import LanguageModel
from playground.labs.hallucination.answering import Answer, Answered
from playground.labs.hallucination.families import families
from playground.labs.hallucination.figures import measure, sides
from playground.labs.hallucination.figures_view import comparison, headline
from playground.labs.hallucination.gist import gist
from playground.labs.hallucination.items import Item
from playground.labs.hallucination.judging import Judge, Row, read_overruled
from playground.labs.hallucination.knowing import Known
from playground.labs.hallucination.notices import notices
from playground.labs.hallucination.probing import Part, Probed, SetSettings, question_of, run_set
from playground.labs.hallucination.probing_view import certain_and_wrong, draw, grade_of, to_csv
from playground.labs.hallucination.sets import load_set
from tests.support.runs import run_until

SMALL: dict[str, Any] = {"items": 4, "samples": 2, "max_new_tokens": 3}


@pytest.fixture(scope="module")
def model(tiny_model_folder: Path) -> LanguageModel:
    return playground.load(str(tiny_model_folder))


def probe(model: LanguageModel, **settings: Any) -> Probed:
    *_, last = run_set(model, SetSettings(**{**SMALL, **settings}), run_until())
    return last


def test_overruling_moves_the_figures_and_asks_the_model_nothing(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = probe(model)
    (part,) = first.parts
    assert part.figures is not None
    assert (part.figures.n, part.figures.right) == (4, 0)

    def asked_again(*_: object) -> None:
        raise AssertionError("the model was asked again")

    monkeypatch.setattr(LanguageModel, "stream_many", asked_again)
    name = part.rows[1].item.id
    second = probe(model, overruled=(f"{name}:right",)).parts[0]
    assert second.figures is not None
    assert (second.figures.n, second.figures.right) == (4, 1)
    assert [row.overruled for row in second.rows] == [False, True, False, False]
    assert second.rows[1].known is part.rows[1].known
    assert second.recalled


def test_an_overruled_grade_has_a_form() -> None:
    assert read_overruled(["a:b:right", "c:wrong"]) == {"a:b": True, "c": False}
    with pytest.raises(OptionError, match="capital-ua:right"):
        SetSettings(overruled=("capital-ua",))


def test_without_ten_of_each_there_is_no_auroc_and_the_page_says_why(model: LanguageModel) -> None:
    found = probe(model)
    methods = found.to_json()["parts"][0]["methods"]
    assert all(each["auroc"] is None for each in methods)
    assert "takes at least 10 right and 10 wrong" in str(draw(found))
    assert "ROC</figcaption>" not in str(draw(found))


def test_an_item_with_a_question_begins_a_reply_of_the_chat() -> None:
    question = question_of(load_set("capitals").items[0])
    assert (question.before, question.chat) == ("What is the capital of China?", False)


def test_two_temperatures_stand_side_by_side(model: LanguageModel) -> None:
    found = probe(model, beside="temperature", other="1.5")
    assert [part.label.rpartition(" ")[2] for part in found.parts] == ["0.7", "1.5"]
    answers = [[row.known.answered.answer for row in part.rows] for part in found.parts]
    assert answers[0] == answers[1]  # temperature 0 knows nothing of the samples' temperature
    assert found.progress.ended
    page = str(draw(found))
    assert "Side by side" in page
    assert "only the scores that compare them can differ" in page
    assert "grade changed" not in page  # no grade can: both sides grade the same answers


@pytest.mark.parametrize(
    ("beside", "other", "words"),
    [
        ("precision", "", "`other` must name the precision"),
        ("precision", "fp3", "fp32"),
        ("temperature", "hot", "`temperature` must be"),
        ("temperature", "0.70", "must be another temperature"),
    ],
)
def test_what_cannot_be_compared_is_told(beside: str, other: str, words: str) -> None:
    given: dict[str, Any] = {"beside": beside, "other": other}
    with pytest.raises(OptionError, match=words):
        SetSettings(**given)


def test_a_set_of_ones_own_is_asked_and_its_mistakes_are_told_by_line(model: LanguageModel) -> None:
    own = "\ufeffid,prompt,answers,reason\r\nq1,One and one is,two|2,Counted.\r\n"
    (part,) = probe(model, own_set=own).parts
    assert [row.item.id for row in part.rows] == ["q1"]
    with pytest.raises(OptionError, match="Line 3"):
        probe(model, own_set=own + "q1,Again,two,Counted.\r\n")


def test_what_was_answered_before_stop_has_its_figures(model: LanguageModel) -> None:
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 60

    settings = SetSettings(**{**SMALL, "items": 40, "seed": 3})
    found: list[Probed] = []
    with pytest.raises(Stopped):
        found.extend(run_set(model, settings, run_until(stopped)))
    last = found[-1]
    assert len(last.parts[0].rows) < 40
    assert last.parts[0].figures is not None


Make = Callable[[int, bool, float, float], Row]


def a_row(place: int, right: bool, sure: float, agreement: float = 0.5) -> Row:
    item = Item(f"q{place}", f"Question {place} is", ("x",), "So it is.")
    answered = Answered(
        item.id, item.prompt, Answer("y", (), "end_of_turn"), (Answer("y", (), "end_of_turn"),) * 2
    )
    state = np.array([sure, 1.0, place % 3], np.float32)
    scores = {"mean_logprob": sure, "sequence_logprob": sure, "agreement": agreement}
    return Row(item, Known(answered, None, state, 1), None, right, False, scores)


def test_what_is_fitted_on_one_half_is_reported_on_the_other() -> None:
    rng = np.random.default_rng(0)
    right = [place % 2 == 0 for place in range(80)]
    rows = [a_row(p, r, -1.0 - (not r) - rng.random()) for p, r in enumerate(right)]
    figures = measure(rows)
    methods = {method.name: method for method in figures.methods}
    assert methods["linear_probe"].ranking.n == 40
    assert methods["mean_logprob"].ranking.auroc == 1.0
    threshold = methods["mean_logprob"].threshold
    assert threshold is not None
    assert threshold.n == 40
    assert figures.fitted is not None
    assert figures.fitted.n == 40
    assert figures.raw is not None
    assert figures.raw.n == 80


def test_a_probe_that_saw_noise_finds_nothing_in_the_other_half() -> None:
    rng = np.random.default_rng(1)
    rows = [
        replace(row, known=replace(row.known, state=rng.normal(size=200).astype(np.float32)))
        for row in (a_row(place, place % 2 == 0, -1.0) for place in range(200))
    ]
    probe = {method.name: method for method in measure(rows).methods}["linear_probe"].ranking
    assert probe.low is not None
    assert probe.low < 0.5 < (probe.high or 0)


def test_what_is_linked_belongs_together_however_it_is_linked() -> None:
    items = [
        Item("a", "?", ("x",), "", group="g", twin="b"),
        Item("b", "?", ("x",), "", twin="a"),
        Item("c", "?", ("x",), "", group="g"),
        Item("d", "?", ("x",), ""),
    ]
    found = families(items)
    assert found["a"] == found["b"] == found["c"] != found["d"]
    known = a_row(0, True, -0.1).known
    rows = [Judge(items).row(item, known) for item in items]
    assert len({row.belongs_to for row in rows}) == 2
    twice = load_set("arithmetic").items
    names = families(twice)
    assert names["times-3-5"] == names["times-5-3"]


def test_questions_left_out_and_grades_of_no_question_are_told(model: LanguageModel) -> None:
    found = probe(model, overruled=("foo:right", "capital-cn:right"))
    page = str(draw(found))
    assert "the first 4 questions of 84" in page
    assert "foo&#39; were left out" in page
    assert len(found.to_json()["notices"]) == 2
    whole = load_set("capitals").items
    assert notices(whole, whole, None) == []
    with pytest.raises(OptionError, match="got both for 'a'"):
        read_overruled(["a:right", "a:wrong"])


def test_five_wordings_of_a_question_count_as_one() -> None:
    def row(place: int, right: bool, sure: float) -> Row:
        made = a_row(place, right, sure)
        return replace(made, item=replace(made.item, group=f"g{place // 5}"))

    few = measure([row(place, place < 10, -1.0 - (place >= 10)) for place in range(70)])
    methods = {method.name: method for method in few.methods}
    assert methods["mean_logprob"].ranking.auroc is None
    assert "do not belong together, here are 2 and 12" in (
        methods["mean_logprob"].ranking.why_not or ""
    )
    alone = measure([a_row(place, place < 10, -1.0) for place in range(70)])
    assert few.accuracy == alone.accuracy
    assert few.accuracy_high is not None
    assert alone.accuracy_high is not None
    assert few.accuracy_high > alone.accuracy_high + 0.1


def test_one_of_one_promises_nothing() -> None:
    figures = measure([a_row(0, True, -0.1)])
    assert figures.accuracy_low == pytest.approx(0.2065, abs=1e-4)
    part = Part("M, FP32", "m", "fp32", "core", (a_row(0, True, -0.1),), figures)
    assert "95 % interval by Wilson: 21 to 100" in str(headline(part))


def test_a_difference_of_four_answers_comes_by_chance() -> None:
    rows = [[a_row(place, side == 0, -0.1) for place in range(4)] for side in (0, 1)]
    parts = [
        Part("M", "m", p, "core", tuple(r), measure(r)) for p, r in zip("ab", rows, strict=True)
    ]
    page = str(comparison(parts, "precision"))
    assert "4 came right only in the first" in page
    assert "comes by chance, too" in page
    assert "12.5 %" in page


def test_a_small_set_says_once_why_it_has_no_figures(model: LanguageModel) -> None:
    page = str(draw(probe(model, items=3)))
    assert page.count("No AUROC") == 1
    assert load_set("capitals").explanation in page
    assert "e to the mean logprob" not in page  # there is no diagram without figures
    assert "Linear probe on the hidden states</th>" not in page
    assert "a half must have" not in page


def test_items_that_belong_together_stay_on_one_side() -> None:
    names = [f"group {place // 5}" for place in range(50)]
    first, second = sides(names, np.arange(50) % 2 == 0)
    assert {names[place] for place in first}.isdisjoint({names[place] for place in second})
    assert len(first) + len(second) == 50
    assert min(len(first), len(second)) >= 20


def test_the_surest_wrong_answer_is_named() -> None:
    rows = [a_row(0, True, -0.1, 1.0), a_row(1, False, -0.5, 1.0), a_row(2, False, -0.1, 0.2)]
    said = certain_and_wrong(rows)
    assert said is not None
    assert "Question 1" in said
    assert "100 %" in said


def test_no_wrong_answer_is_called_certain_that_is_not() -> None:
    unsure = [a_row(0, True, -0.1, 1.0), a_row(1, False, -0.5, 0.5), a_row(2, False, -0.1, 0.0)]
    assert certain_and_wrong(unsure) is None
    row = a_row(3, False, -0.1, 1.0)
    answered = row.known.answered
    once = replace(row.known, answered=replace(answered, samples=answered.samples[:1]))
    assert certain_and_wrong([replace(row, known=once)]) is None


def test_without_a_callout_the_page_has_no_empty_box(model: LanguageModel) -> None:
    assert 'class="lesson"></p>' not in str(draw(probe(model, samples=0)))


def test_a_grade_without_an_answer_is_left_out_of_the_figures(model: LanguageModel) -> None:
    rows = [a_row(0, True, -0.1), a_row(1, False, -0.5)]
    item = Item("q9", "Fails", ("x",), "Why not.")
    broken = Known(Answered("q9", "Fails", Answer("", (), "failed", "It failed.")), None, None, 0)
    figures = measure([*rows, Judge([item]).row(item, broken)])
    assert (figures.n, figures.failed) == (2, 1)


def test_the_table_has_a_line_an_answer(model: LanguageModel) -> None:
    lines = to_csv(probe(model)).splitlines()
    assert len(lines) == 5
    assert "mean_logprob" in lines[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Tokyo, and it is the largest city", "Tokyo"),
        ("Canberra, capital of the Commonwealth of Australia.", "Canberra"),
        ("the capital of Peru", "the capital of Peru"),
    ],
)
def test_answers_are_compared_by_the_first_name_they_give(text: str, said: str) -> None:
    assert gist(text, "The capital of Peru is", "name") == said


def test_two_models_stand_side_by_side(model: LanguageModel, tiny_model_folder: Path) -> None:
    found = probe(model, beside="model", other=str(tiny_model_folder))
    first, second = found.parts
    answers = [[row.known.answered.answer.text for row in part.rows] for part in (first, second)]
    assert answers[0] == answers[1]  # it is the same model, leased anew
    assert "grade changed" in str(draw(found))


def test_scores_without_end_break_no_figure() -> None:
    rows = [a_row(place, place % 2 == 0, -1.0 - place % 2) for place in range(60)]
    rows[1] = replace(rows[1], scores={"mean_logprob": float("-inf")})
    figures = measure(rows)
    assert figures.fitted is not None
    assert {method.name: method for method in figures.methods}["mean_logprob"].ranking.auroc == 1.0


@pytest.mark.parametrize(
    ("own", "one_thing"),
    [
        (False, [("Helium", "Neon"), ("Kyiv", "Kiev")]),
        (True, [("Helium",), ("Neon",), ("Kyiv", "Kiev")]),
    ],
)
def test_answers_that_are_several_things_do_not_tell_the_samples_what_is_right(
    own: bool, one_thing: list[tuple[str, ...]]
) -> None:
    items = [
        Item("gas", "A noble gas is", ("Helium", "Neon"), "Both are."),
        Item("ua", "The capital of Ukraine is", ("Kyiv", "Kiev"), "It is."),
    ]
    assert Judge(items, own=own).aliases == tuple(one_thing)


@pytest.mark.parametrize(
    ("item_id", "suite", "words"),
    [
        ("blind-as-a-bat-literal", "idioms", "Meant is the literal reading; its words are bat, "),
        ("false-mars-king", "false_premise", "Key: the question has no answer."),
        ("capital-ua", "capitals", "Key: Kyiv / Kiev"),
    ],
)
def test_the_key_is_said_as_what_it_is(item_id: str, suite: str, words: str) -> None:
    item = load_set(suite).find(item_id)
    answered = Answered(item_id, item.prompt, Answer("It is so.", (), "end_of_turn"))
    row = Row(item, Known(answered, None, None, 0), None, None, False, {})
    assert words in str(grade_of(Probed(SetSettings(), load_set(suite)), row))
