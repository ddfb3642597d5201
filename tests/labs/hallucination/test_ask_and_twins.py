"""Ask and twins: what stands on the page is what the model did, and what is unknown is said."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import playground
from playground.errors import ContextOverflow, OptionError
from playground.generation.language_model import LanguageModel
from playground.labs.hallucination.answering import Answer, Answered, is_chat
from playground.labs.hallucination.ask import Asked, AskSettings, run_ask
from playground.labs.hallucination.ask_view import draw
from playground.labs.hallucination.items import Item
from playground.labs.hallucination.judging import Judge, Row
from playground.labs.hallucination.knowing import Known
from playground.labs.hallucination.scores import SCORES
from playground.labs.hallucination.self_asked import SelfAsked, claim_of
from playground.labs.hallucination.sets import SETS, load_set
from playground.labs.hallucination.token_chips import chips
from playground.labs.hallucination.twins import Pair, Twins, TwinSettings, pairs_of, run_twins
from playground.labs.hallucination.twins_view import draw as draw_twins
from tests.support.runs import run_until

PLAIN = AskSettings(prompt="The capital of France", way="text", samples=2, max_new_tokens=4)


@pytest.fixture(scope="module")
def model(tiny_model_folder: Path) -> LanguageModel:
    return playground.load(str(tiny_model_folder))


@pytest.fixture(scope="module")
def asked(model: LanguageModel) -> Asked:
    *_, last = run_ask(model, PLAIN, run_until())
    return last


def test_every_score_stands_with_its_meaning_and_when_it_misleads(asked: Asked) -> None:
    page = str(draw(asked))
    assert [reading.score for reading in asked.readings] == list(SCORES)
    for score in SCORES:
        assert score.label in page
    assert page.count("Misleads: ") == len(SCORES)
    assert "A consistently wrong answer looks certain" in page


def test_without_a_calibration_for_this_model_the_page_says_so(asked: Asked) -> None:
    assert asked.calibrated is None
    assert "No calibration is known" in str(draw(asked))
    assert all(reading.place is None for reading in asked.readings)


def test_all_samples_stand_in_one_group_each(asked: Asked) -> None:
    places = sorted(place for group in asked.groups for place in group.samples)
    assert places == [0, 1]
    assert sum(group.has_answer for group in asked.groups) == 1


def test_chips_are_the_answers_tokens(asked: Asked) -> None:
    assert asked.answered is not None
    tokens = asked.answered.answer.tokens
    page = str(chips(tokens))
    assert page.count('class="chip') == len(tokens)
    hostile = replace(tokens[0], text="<i>&")
    assert "&lt;i&gt;&amp;" in str(chips([hostile]))


def test_an_empty_question_is_refused(model: LanguageModel) -> None:
    with pytest.raises(ContextOverflow, match="prompt is empty"):
        list(run_ask(model, AskSettings(prompt=" "), run_until()))


@pytest.mark.parametrize(("samples", "temperature"), [(0, 0.7), (3, 0.0)])
def test_without_samples_their_scores_say_why(
    model: LanguageModel, samples: int, temperature: float
) -> None:
    settings = AskSettings(**{**PLAIN.to_json(), "samples": samples, "temperature": temperature})
    *_, last = run_ask(model, settings, run_until())
    said = {reading.score.name: reading for reading in last.readings}
    assert said["agreement"].value is None
    assert "no" in str(said["agreement"].why_not)
    assert said["mean_logprob"].value is not None
    assert last.progress.ended
    words = "At temperature 0 every sample" if samples else "No samples were asked for"
    assert words in str(draw(last))


def test_a_reply_that_begins_with_given_words_goes_on_from_them(model: LanguageModel) -> None:
    given = {**PLAIN.to_json(), "prompt": "Where?", "begins": "It is", "way": "auto"}
    *_, last = run_ask(model, AskSettings(**given), run_until())
    assert last.answered is not None
    assert model.tokenizer.decode(last.answered.prompt_ids).endswith("It is")
    assert "Where?" in model.tokenizer.decode(last.answered.prompt_ids)
    assert last.unused is None


def test_a_beginning_that_is_not_used_is_told(model: LanguageModel) -> None:
    given = {**PLAIN.to_json(), "begins": "Bananas are", "samples": 0}
    *_, last = run_ask(model, AskSettings(**given), run_until())
    assert "“The reply begins with” was not used" in str(draw(last))
    assert "“Question” was not used" in str(AskSettings(prompt="Where?").unused(False))
    assert AskSettings(prompt="Where?").unused(True) is None


@pytest.mark.parametrize(
    ("prompt", "chat"),
    [
        ("What is it?", True),
        ("\u65e5\u672c\u306e\u9996\u90fd\u306f\uff1f", True),
        ("\u6771\u4eac\u3067\u3059\u3002", True),
        (
            "\u0645\u0627 \u0647\u0630\u0627\u061f",
            True,
        ),
        ("\u092f\u0939 \u0915\u094d\u092f\u093e \u0939\u0948\u0964", True),
        ("Who wrote \u201cEmma?\u201d ", True),
        ("The capital of France is", False),
        ("He said (and meant it)", False),
        ("", False),
    ],
)
def test_a_question_is_known_by_its_mark_in_every_script(prompt: str, chat: bool) -> None:
    assert is_chat(prompt) is chat


def test_no_item_of_the_sets_is_asked_in_another_way_than_by_latin_marks() -> None:
    for item in (item for name in SETS for item in load_set(name).items):
        assert is_chat(item.prompt) == item.prompt.rstrip().endswith(("?", ".", "!"))


def test_what_is_asked_of_itself_equals_the_prompt_read_in_one_go(model: LanguageModel) -> None:
    itself = SelfAsked(model)
    claims = [claim_of("France is", answer) for answer in ("big", "a city.", "old", "x" * 3000)]
    *told, too_long = itself.say_true(claims)
    assert too_long is None
    for claim, said in zip(claims, told, strict=False):
        ids = itself._encode(claim)
        logits = model.next_token_logits(ids)
        yes, no = (math.exp(logits[model.tokenizer.encode(letter)[0]]) for letter in "AB")
        assert said is not None
        assert said[0] == pytest.approx(yes / (yes + no), abs=1e-5)
        assert 0 < said[1] < len(ids)


def test_pairs_are_twins_the_real_one_first() -> None:
    for suite in ("invented", "false_premise", "idioms"):
        pairs = pairs_of(load_set(suite).items)
        assert len(pairs) >= 20
        assert all(real.twin == other.id for real, other in pairs)
        assert all(other.kind in ("unanswerable", "figurative") for _, other in pairs)


def test_a_pair_of_ones_own_has_the_same_dice(model: LanguageModel) -> None:
    given: dict[str, Any] = {
        "real": "It is",
        "invented": "It is",
        "samples": 2,
        "max_new_tokens": 4,
    }
    *_, last = run_twins(model, TwinSettings(**given), run_until())
    (pair,) = last.pairs
    real, invented = pair.real.known.answered, pair.invented.known.answered
    assert [each.text for each in real.samples] == [each.text for each in invented.samples]
    page = str(draw_twins(last))
    assert "wrong:" not in page  # there is no key to grade by
    assert "nothing is graded" in page
    assert "<h3>real</h3>" in page
    assert "<h3>invented</h3>" in page


def test_a_pair_of_ones_own_is_of_no_set() -> None:
    own = TwinSettings(real="Who wrote Emma?", invented="Who wrote Amme?", suite="idioms", pairs=9)
    assert (own.suite, own.pairs) == ("invented", 4)
    assert TwinSettings(suite="idioms").suite == "idioms"


def a_pair(real: bool | None, invented: bool | None) -> Pair:
    rows = []
    for name, right in (("r", real), ("i", invented)):
        answer = Answer("It is.", (), "end_of_turn")
        known = Known(Answered(name, "Is it?", answer), None, None, 0)
        rows.append(Row(Item(name, "Is it?", (), "So."), known, None, right, False, {}))
    return Pair(*rows)


@pytest.mark.parametrize(
    ("grades", "words", "not_there"),
    [
        ([(True, True)], "1 of 1 on the side “true premise”, 1 of 1 on “false premise”.", "plays"),
        ([(True, False), (False, False)], "0 of 2 on “false premise”. There each answer", "No gr"),
        ([(True, None)], "0 of 0 on “false premise”. No grade: 1.", "plays"),
    ],
)
def test_what_stands_above_the_pairs_follows_from_their_grades(
    grades: list[tuple[bool | None, bool | None]], words: str, not_there: str
) -> None:
    settings = TwinSettings(suite="false_premise", pairs=len(grades))
    twins = Twins(settings, tuple(settings.asked()), tuple(a_pair(*each) for each in grades))
    page = str(draw_twins(twins))
    assert words in page
    assert not_there not in page.split("</div>")[0]


def test_half_a_pair_is_refused_by_name() -> None:
    with pytest.raises(OptionError, match="`invented` is empty"):
        TwinSettings(real="Who wrote Emma?")


def test_samples_of_both_sides_are_compared_by_the_same_rule() -> None:
    real = Item("r", "Where is Rome?", ("Italy",), "It is.", "name", "i")
    invented = Item("i", "Where is Quel?", (), "Made up.", "unanswerable", "r")
    texts = ("It is in Italy.", "Italy, in the south.")
    answers = [Answer(text, (), "end_of_turn") for text in texts]
    known = Known(Answered("i", invented.prompt, answers[0], (answers[1],)), None, None, 0)
    judge = Judge([real, invented])
    assert judge.row(invented, known).scores["agreement"] == 0
    assert judge.row(invented, known, real.kind).scores["agreement"] == 1
