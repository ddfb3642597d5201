"""Trade-off: one's own sentences with errors by line, the curve, the point of the threshold."""

from __future__ import annotations

import json

import numpy as np
import pytest

import playground
from playground.core.evaluation import auroc
from playground.data import classifier_figures
from playground.errors import OptionError
from playground.experiments.row_files import MOST_FAULTS, SetUnreadable
from playground.labs.moderation.held_out_view import held_out
from playground.labs.moderation.labelled_files import (
    MOST_SENTENCES,
    Sentence,
    read_labelled,
    shipped_sentences,
)
from playground.labs.moderation.trade_off import Scored, TradeOff, TradeOffSettings
from playground.labs.moderation.trade_off_view import draw, to_csv
from playground.moderation.classifier import shipped_head

SCORES = [0.9, 0.8, 0.7, 0.2, 0.6, 0.3, 0.1, 0.05]
HARMFUL = [True, True, False, True, False, False, False, False]


def trade_off(threshold: float = 0.65, kinds: list[bool] = HARMFUL) -> TradeOff:
    scored = tuple(
        Scored(Sentence(f"<b>{place}</b>", kind), score, ruled=place == 0)
        for place, (score, kind) in enumerate(zip(SCORES, kinds, strict=True))
    )
    return TradeOff(TradeOffSettings(threshold=threshold), len(scored), scored)


def test_the_shipped_sentences_are_of_both_kinds() -> None:
    sentences = shipped_sentences()
    harmful = sum(each.harmful for each in sentences)
    assert harmful >= 50
    assert len(sentences) - harmful >= 50


def test_the_threshold_begins_where_the_classifier_marks_for_review() -> None:
    assert TradeOffSettings().threshold == pytest.approx(shipped_head().review, abs=0.01)


def test_the_figures_are_those_at_the_threshold() -> None:
    known = trade_off()
    counts = known.counts
    assert (counts.caught, counts.missed, counts.stopped, counts.passed) == (2, 1, 1, 4)
    assert known.rule_counts.caught == 1
    assert (0.2, pytest.approx(2 / 3)) in known.curve
    assert (known.curve[0], known.curve[-1]) == ((0, 0), (1, 1))
    assert known.shares_by_threshold[65] == (0.65, pytest.approx(2 / 3), 0.2)
    assert known.shares_by_threshold[0] == (0, 1, 1)
    low, high = known.intervals["recall"]
    assert 0 <= low <= 2 / 3 <= high <= 1
    assert trade_off(threshold=0).counts.passed == 0


def test_the_picture_escapes_and_says_who_is_stopped_for_nothing() -> None:
    html = str(draw(trade_off()))
    assert "Stopped for nothing" in html
    assert "&lt;b&gt;2&lt;/b&gt;" in html
    assert "<b>2</b>" not in html
    assert "No AUROC" in html
    assert "harmful,score" in to_csv(trade_off())


def test_one_kind_alone_has_no_curve_and_says_so() -> None:
    known = trade_off(kinds=[False] * len(SCORES))
    assert "A curve needs" in str(draw(known))
    assert json.loads(json.dumps(known.to_json()))["classifier"]["recall"] is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("text,harmful\nA,yes\nB,maybe", "Line 3: `harmful` must be true or false, got 'maybe'"),
        ("text,harmful\nA,yes\nA,no", "Line 3: `text` 'A' stands in line 2 already"),
        ("text,harmful\n ,yes", "Line 2: `text` must be a sentence"),
        ("text,label\nA,yes", "Line 1: 'label' is no key of a sentence"),
        ('{"text": "A"}', "Line 1: `harmful` is missing"),
        ('{"text": "A", "harmful": true}\nnonsense', "Line 2: must be a JSON object"),
        ('{"text": 5, "harmful": true}', "Line 1: `text` must be a sentence, got 5"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(SetUnreadable) as caught:
        TradeOffSettings(own=text).sentences()
    assert said in str(caught.value)


def test_a_file_without_sentences_or_with_too_many_is_told() -> None:
    with pytest.raises(OptionError, match="no sentence"):
        read_labelled("text,harmful", "mine.csv")
    rows = "\n".join(f"{number},no" for number in range(MOST_SENTENCES + 1))
    with pytest.raises(OptionError, match="at most 2,000"):
        read_labelled(f"text,harmful\n{rows}", "mine.csv")


def test_the_figures_that_ship_beat_both_rivals_beyond_their_intervals() -> None:
    test = classifier_figures()["test"]
    _, low, _ = test["classifier"]["auroc"]
    for rival in ("own word lists", "word list", "alt-profanity-check"):
        assert low > test[rival]["auroc"][2]
    assert "0.94 (0.93 to 0.95)" in str(held_out())
    head, told = shipped_head(), classifier_figures()["how"]["thresholds"]
    assert (head.review, head.block) == (told["review"], told["block"])


def test_the_classifier_tells_our_own_twins_apart(encoder_model: object) -> None:
    found = playground.experiment("moderation/trade-off")().to_json()
    assert found["auroc_low"] > 0.7
    scores = [each["score"] for each in found["sentences"]]
    kinds = np.array([each["harmful"] for each in found["sentences"]])
    assert auroc(scores, kinds) == pytest.approx(found["auroc"])


def test_a_broken_file_of_any_size_is_refused_after_so_many_lines() -> None:
    with pytest.raises(SetUnreadable) as caught:
        read_labelled("x\n" * 900_000, "mine.jsonl")
    assert len(caught.value.faults) == MOST_FAULTS
