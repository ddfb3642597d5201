"""A word in its lines: where it is found, what is refused, and what the cosines mean."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from playground.errors import OptionError
from playground.experiments.run import Stopped
from playground.generation.language_model import LanguageModel
from playground.labs.embeddings.journey import Journey, follow, read_lines
from playground.labs.embeddings.layers import Layers, LayersSettings, run_layers, view
from playground.models.acquire.local import register_path
from playground.models.engines.core_model import CoreEngine, load_core_engine
from playground.models.engines.precision import Precision
from playground.settings import Settings
from tests.support.runs import run_until

LINES = (
    "The quick brown fox jumps\nA lazy dog and a fox\n\nsome other Fox, not the fox's foxy friend"
)


@pytest.fixture(scope="module")
def engine(tiny_model_folder: Path) -> CoreEngine:
    model = register_path(tiny_model_folder, Settings.from_env())
    return load_core_engine(model, Precision.FP32)


@pytest.fixture(scope="module")
def journey(engine: CoreEngine) -> Journey:
    return follow(engine, "fox", LINES)


def test_the_last_whole_word_is_found_in_any_case(engine: CoreEngine, journey: Journey) -> None:
    assert [each.sense for each in journey.occurrences] == [0, 0, 1]
    assert [each.number for each in journey.occurrences] == [1, 2, 3]
    found = [each.line[each.start : each.end] for each in journey.occurrences]
    assert found == ["fox", "fox", "fox"]
    assert journey.occurrences[2].start == LINES.splitlines()[3].index("fox's")
    for each in journey.occurrences:
        # The model has read the line as far as the word's end, and no further.
        lead = engine.tokenizer.encode(each.line[: each.end])
        assert each.place == len(lead) - 1
        assert "".join(each.pieces).strip() == "fox"


def test_of_a_word_of_several_tokens_the_last_one_counts(engine: CoreEngine) -> None:
    journey = follow(engine, "zebra", "look, a zebra runs\nand the zebra")
    for each in journey.occurrences:
        assert len(each.pieces) > 1
        assert "".join(each.pieces).strip() == "zebra"
        assert each.place == len(engine.tokenizer.encode(each.line[: each.end])) - 1


def test_vectors_are_those_of_the_hidden_states(engine: CoreEngine, journey: Journey) -> None:
    each = journey.occurrences[1]
    states = engine.hidden_states(np.array(engine.tokenizer.encode_text_prompt(each.line)))
    np.testing.assert_array_equal(journey.states[:, 1], states[:, each.place])
    assert journey.states.shape == (3, 3, 64)


def test_the_mean_leaves_out_each_lines_first_token(engine: CoreEngine, journey: Journey) -> None:
    states = [
        engine.hidden_states(np.array(engine.tokenizer.encode_text_prompt(each.line)))
        for each in journey.occurrences
    ]
    expected = np.concatenate([each[:, 1:] for each in states], axis=1).mean(axis=1)
    np.testing.assert_allclose(journey.means, expected, atol=1e-6)
    firsts = np.linalg.norm([each[:, 0] for each in states], axis=-1).mean(axis=0)
    others = np.concatenate([np.linalg.norm(s[:, 1:], axis=-1) for s in states], axis=1)
    assert journey.sink == pytest.approx((firsts / others.mean(axis=1)).max(), rel=1e-5)


@pytest.mark.parametrize("centred", [False, True])
def test_means_over_pairs_of_one_sense_and_of_two(journey: Journey, centred: bool) -> None:
    shown = view(journey, centred=centred)
    assert shown.same is not None
    assert shown.different is not None
    np.testing.assert_allclose(shown.same, shown.cosines[:, 0, 1])
    pairs = [shown.cosines[:, 0, 2], shown.cosines[:, 1, 2]]
    np.testing.assert_allclose(shown.different, np.mean(pairs, axis=0))
    np.testing.assert_allclose(np.diagonal(shown.cosines, axis1=1, axis2=2), 1)
    if not centred:
        # In the table one token has one vector, whatever stands around it.
        np.testing.assert_allclose(shown.cosines[0, 0, 1], 1)
        np.testing.assert_allclose(shown.positions[0, 0], shown.positions[0, 1], atol=1e-12)


def test_one_sense_alone_has_no_pairs_of_two(engine: CoreEngine) -> None:
    shown = view(follow(engine, "fox", "a fox\nthe fox"), centred=True)
    assert shown.different is None
    apart = view(follow(engine, "fox", "a fox\n\nthe fox"), centred=True)
    assert apart.same is None
    np.testing.assert_allclose(shown.same, apart.different)


def test_vectors_that_are_their_mean_point_nowhere_and_do_no_harm(journey: Journey) -> None:
    flat = replace(journey, states=np.repeat(journey.means[:, None], 3, axis=1).astype(np.float32))
    shown = view(replace(flat, means=flat.states[:, 0].astype(np.float64)), centred=True)
    assert (shown.cosines == 0).all()
    assert np.isfinite(shown.positions).all()


def test_a_word_with_nothing_before_it_is_marked(engine: CoreEngine) -> None:
    journey = follow(engine, "the", "the fox jumps\nover the dog")
    assert [each.first for each in journey.occurrences] == [True, False]


@pytest.mark.parametrize("word", ["東京", "c++", "Größe", "(x)", "."])
def test_words_of_any_characters_are_found(engine: CoreEngine, word: str) -> None:
    journey = follow(engine, word, f"this is {word} here\nand {word} again")
    assert all(each.line[each.start : each.end] == word for each in journey.occurrences)


def test_lines_of_any_white_space() -> None:
    assert read_lines(" a \n\t\nb\r\nc\n\n\n\nd ") == ((0, "a"), (1, "b"), (1, "c"), (2, "d"))
    assert read_lines(" \n ") == ()


@pytest.mark.parametrize(
    ("word", "lines", "sentence"),
    [
        (" ", "a fox\na fox", "The word is empty; write the one to follow, such as bank"),
        ("fox", "", "2 to 8 lines can be compared, got 0"),
        ("fox", "a fox", "2 to 8 lines can be compared, got 1"),
        ("fox", "a fox\n" * 9, "got 9"),
        ("fox", "a fox\nfoxes and a firefox", "Line 2 does not hold the word “fox”: “foxes and"),
        ("fox", "a fox\n" + "la " * 300 + "fox", "up to 256 can be read here"),
        ("fox", "a fox\nhalf \ud800 a fox", "half of one"),
        ("q", "q\nq", "one token each"),
    ],
)
def test_what_cannot_be_followed_gets_a_sentence(
    engine: CoreEngine, word: str, lines: str, sentence: str
) -> None:
    with pytest.raises(OptionError, match=sentence):
        follow(engine, word, lines)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"word": " "}, "The word is empty"),
        ({"word": "x" * 201}, "`word` must be a text of at most 200 characters"),
        ({"lines": "a bank"}, "2 to 8 lines can be compared, got 1"),
        ({"lines": "half \ud800"}, "without half characters"),
    ],
)
def test_bad_settings_get_one_sentence(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        LayersSettings(**given)


def test_lines_are_read_one_by_one_and_reading_can_be_stopped(
    engine: CoreEngine, journey: Journey
) -> None:
    settings = LayersSettings(word="fox", lines=LINES)
    grown = list(run_layers(LanguageModel(engine), settings, run_until()))
    assert [(each.read, each.journey is None) for each in grown] == [
        (0, True),
        (1, True),
        (2, True),
        (3, False),
    ]
    last = grown[-1].journey
    assert last is not None
    np.testing.assert_array_equal(last.states, journey.states)
    np.testing.assert_allclose(
        grown[-1].to_json()["centred"]["mean_cosines"]["one_sense"],
        view(journey, centred=True).cosines[:, 0, 1],
        atol=1e-6,
    )
    done: list[Layers] = []
    running = run_layers(LanguageModel(engine), settings, run_until(lambda: len(done) == 2))
    with pytest.raises(Stopped):
        done.extend(running)
    assert done[-1].to_json() == {}
