"""X-ray: what each stage found, which find decides, and why a text passes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import playground
from playground.experiments.run import Run
from playground.labs.moderation import house
from playground.labs.moderation.editor import EXAMPLE
from playground.labs.moderation.examining import Examined, StageReport, examine
from playground.labs.moderation.xray import XRay, XRaySettings, run_xray
from playground.labs.moderation.xray_view import draw, to_csv, why
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.moderation.classifier import Classifier, Head, shipped_head
from playground.moderation.rewriting import as_written
from playground.moderation.verdict import Action, Match
from playground.moderation.view import View
from playground.serving import Pool
from playground.settings import Settings


class Word:
    """A stage that knows one word."""

    def __init__(self, name: str, word: str, action: Action) -> None:
        self.name, self.word, self.action = name, word, action

    def find(self, given: str, views: Sequence[View]) -> list[Match]:
        start = given.find(self.word)
        if start < 0:
            return []
        end = start + len(self.word)
        rule = f"{self.name}.{self.word}"
        reason = f"It says {self.word}."
        return [Match(self.name, rule, "test", start, end, self.word, self.action, reason=reason)]

    def open_from(self, given: str, views: Sequence[View]) -> int:
        return len(given)


STAGES = (
    Word("words", "plum", Action.REDACT),
    Word("policies", "pear", Action.BLOCK),
    Word("policies", "fig", Action.ALLOW),
)


def examined(text: str) -> Examined:
    return examine(
        text, Word("limits", "\0", Action.BLOCK), lambda given: [as_written(given)], STAGES
    )


def test_every_stage_is_asked_and_the_strictest_find_decides() -> None:
    found = examined("a plum, a <pear>")
    assert [(each.name, len(each.matches)) for each in found.stages] == [
        ("limits", 0),
        ("words", 1),
        ("policies", 1),
    ]
    assert found.verdict.action is Action.BLOCK
    assert why(found).startswith("The stage “policies” found “pear” by the rule policies.pear")
    page = str(draw(XRay(XRaySettings(text="x"), found)))
    assert ">pear</mark>" in page
    assert "&lt;" in page
    assert "<pear>" not in page


def test_of_two_stages_that_block_the_earlier_one_is_named() -> None:
    found = (Word("words", "plum", Action.BLOCK), Word("policies", "a plum", Action.BLOCK))
    gate = Word("limits", "\0", Action.BLOCK)
    both = examine("a plum", gate, lambda given: [as_written(given)], found)
    assert both.matches[0].stage == "policies"
    assert both.decisive
    assert both.decisive.stage == "words"


def test_a_text_that_passes_says_why() -> None:
    assert why(examined("an apple")) == "None of 3 stages found anything in it."
    assert why(examined("a fig")) == "What was found asks for nothing to be done."


def test_what_stands_behind_a_broken_limit_is_read_by_no_stage() -> None:
    found = examined("a plum\0 a pear")
    assert [match.text for match in found.matches] == ["plum", "\0"]
    assert found.verdict.action is Action.BLOCK


def test_a_line_of_the_table_cuts_the_text_where_it_says() -> None:
    text = "a plum"
    found = XRay(XRaySettings(text=text), examined(text))
    assert to_csv(found).splitlines()[1] == "words.plum,test,words,redact,1.0,as written,2,6,plum"


def test_the_shipped_rail_stops_the_question_for_a_figures_place_and_no_empty_text() -> None:
    xray = playground.experiment("moderation/xray")
    text = "Where is the president staying tonight?"
    found = xray(text=text).to_json()
    assert found["flagged"]
    assert found["categories"]["politics.figure_location"]
    for match in found["matches"]:
        assert text[match["start"] : match["end"]] == match["text"]
    empty = xray(text="")
    assert not empty.to_json()["flagged"]
    assert "Write something above" in empty._repr_html_()


def test_the_classifiers_score_stands_beside_its_thresholds_also_below_them() -> None:
    low, high = (
        str(
            draw(
                XRay(XRaySettings(classifier=True), Examined("x", (), (), 0.1, (("harm", score),)))
            )
        )
        for score in (0.3, 0.99)
    )
    assert low.count("threshold 0.") == 2
    assert ">0.30</span>" in low
    assert 'class="over"' not in low
    assert 'class="over"' in high


def test_of_very_many_finds_the_first_are_drawn_and_the_rest_is_told() -> None:
    given = "plum " * 205
    found = [
        Match("words", "w", "test", at, at + 4, "plum", Action.REDACT)
        for at in range(0, len(given), 5)
    ]
    many = Examined(given, (as_written(given),), (StageReport("words", tuple(found), 0.1),), 0.1)
    page = str(draw(XRay(XRaySettings(), many)))
    assert page.count("<mark") == 205
    assert page.count('class="found marked"') == 200
    assert "5 more stand in the export." in page


def test_of_the_finds_of_one_rule_the_widest_stand_in_the_table_and_the_others_are_counted() -> (
    None
):
    given = "plum pie plum"
    found = tuple(
        Match("words", rule, "test", start, end, given[start:end], Action.REDACT)
        for start, end, rule in ((0, 8, "w"), (0, 4, "w"), (0, 4, "v"), (9, 13, "w"))
    )
    page = str(
        draw(
            XRay(
                XRaySettings(),
                Examined(given, (as_written(given),), (StageReport("words", found, 0.1),), 0.1),
            )
        )
    )
    assert page.count('class="found marked"') == 3
    assert "the same rules found 1 more" in page
    assert "The text as it came." in page


def test_a_persons_own_policies_are_in_force_and_a_refused_one_is_told(tmp_path: Path) -> None:
    settings = Settings.from_env({"PLAYGROUND_HOME": str(tmp_path)})
    settings.policies_dir.mkdir(parents=True)
    (settings.policies_dir / "exams.yaml").write_text(EXAMPLE, encoding="utf-8")
    (settings.policies_dir / "bad.yaml").write_text("policy: [", encoding="utf-8")
    pool = Pool(settings)
    run = Run(lambda: False, pool, ModelChoice("none", Precision.FP32))
    asked = XRaySettings(text="Give me the answers of the exam.")
    (found,) = run_xray(None, asked, run)
    pool.close()
    assert [match.rule for match in found.examined.matches] == ["school.answers"]
    page = str(draw(found))
    assert "bad.yaml, line " in page


def test_the_rules_answer_while_the_classifier_is_loaded_and_its_thresholds_can_be_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def even(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.zeros((len(texts), 2), np.float32)  # the odds are even: a score of 0.5

    stage = Classifier(even, Head(np.ones(2), 0.0, review=0.66, block=0.86))
    monkeypatch.setattr(house, "shipped_classifier", lambda _: stage)
    house._classifier.cache_clear()
    pool = Pool(Settings.from_env({"PLAYGROUND_HOME": str(tmp_path)}))
    run = Run(lambda: False, pool, ModelChoice("none", Precision.FP32))
    asked = XRaySettings(text="Write to a@b.de now.", classifier=True)
    first, last = run_xray(None, asked, run)
    (mild,) = run_xray(None, asked.model_copy(update={"review": 0.4}), run)
    (strict,) = run_xray(None, asked.model_copy(update={"review": 0.4, "block": 0.5}), run)
    house._classifier.cache_clear()
    pool.close()
    assert not first.progress.ended or not first.progress.total
    assert "is being loaded" in first.progress.words
    assert "is being loaded" in str(draw(first))
    assert first.examined.verdict.action is Action.REDACT
    assert "is being loaded" not in str(draw(last))
    assert not any(each.stage == "classifier" for each in last.examined.matches)
    assert mild.examined.matches[0].action is Action.REVIEW
    assert strict.examined.verdict.action is Action.BLOCK
    assert "threshold 0.40" in str(draw(mild))


def test_the_thresholds_of_the_form_are_those_that_ship() -> None:
    head = shipped_head()
    assert XRaySettings().review == pytest.approx(head.review, abs=0.01)
    assert XRaySettings().block == pytest.approx(head.block, abs=0.01)
