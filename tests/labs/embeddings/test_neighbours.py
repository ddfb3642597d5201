"""Neighbours and sums of words over the real table, and over tables made for the purpose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.errors import OptionError
from playground.experiments.run import Stopped
from playground.labs.embeddings.analogies import (
    Analogies,
    Question,
    Score,
    evaluate,
    read_questions,
)
from playground.labs.embeddings.arithmetic import ArithmeticSettings, parse_sum, solve
from playground.labs.embeddings.neighbours import NeighboursSettings, find_neighbours
from playground.models.acquire.local import register_path
from playground.models.acquire.store import InstalledModel
from playground.models.engines.core_model import CoreEngine, load_core_engine
from playground.models.engines.precision import Precision
from playground.models.engines.vocabulary import read_word
from playground.settings import Settings
from tests.support.runs import run_until


@pytest.fixture(scope="module")
def engine(default_model: InstalledModel) -> CoreEngine:
    return load_core_engine(default_model, Precision.FP32)


@pytest.fixture
def tiny(tiny_model_folder: Path) -> CoreEngine:
    """Give an engine whose table a test may change; at first no row of it is zero."""
    model = register_path(tiny_model_folder, Settings.from_env())
    engine = load_core_engine(model, Precision.FP32)
    engine.network.embedding = engine.network.embedding + np.float32(1e-3)
    return engine


def scores_of(
    engine: CoreEngine, questions: Sequence[Question], *, spellings_too: bool = False
) -> tuple[Score, ...]:
    *_, last = evaluate(engine, Analogies(tuple(questions), spellings_too), run_until())
    return last.scores


def test_neighbours_of_a_token(engine: CoreEngine) -> None:
    found = find_neighbours(engine, "king", 5)
    table = engine.embedding_table().astype(np.float64)
    cosines = table @ table[4197] / (np.linalg.norm(table, axis=1) * np.linalg.norm(table[4197]))
    expected = np.argsort(-cosines)[1:6]
    assert [each.token_id for each in found.neighbours] == expected.tolist()
    assert [each.cosine for each in found.neighbours] == pytest.approx(cosines[expected].tolist())
    assert found.neighbours[0].text == " King"
    assert [text for text, _ in found.spellings] == ["king", " King", "King"]
    # What a click fills in names this very token.
    for each in found.neighbours:
        assert read_word(engine.tokenizer, each.typed).token_id == each.token_id
    assert found.searched == 49_151
    np.testing.assert_array_equal(found.vectors, engine.embedding_table()[expected])


def test_a_word_that_is_no_token_is_the_mean_of_its_pieces(engine: CoreEngine) -> None:
    found = find_neighbours(engine, "serendipity", 3)
    assert found.word.pieces == (" serendip", "ity")
    assert found.pieces == ((" serendip", "serendip"), ("ity", '"ity"'))
    rows = engine.embedding_table()[list(found.word.token_ids)].astype(np.float64)
    np.testing.assert_allclose(found.vector, rows.mean(axis=0))
    assert found.neighbours[0].text == " serendip"
    assert found.searched == 49_152


def test_rows_beyond_the_vocabulary_are_not_found(tiny: CoreEngine) -> None:
    known = tiny.tokenizer.vocab_size
    table = tiny.network.embedding
    token_id = tiny.tokenizer.encode("a")[0]
    tiny.network.embedding = np.concatenate([table, np.repeat(table[[token_id]], 9, axis=0)])
    found = find_neighbours(tiny, f"#{token_id}", 600)
    assert {each.token_id for each in found.neighbours} == set(range(known)) - {token_id}


def test_a_zero_vector_is_refused_and_never_found(tiny: CoreEngine) -> None:
    zero, other = tiny.tokenizer.encode("a")[0], tiny.tokenizer.encode("b")[0]
    tiny.network.embedding[zero] = 0
    with pytest.raises(
        OptionError, match=r"The vector of “#[0-9]+” is all zeros, which points now"
    ):
        find_neighbours(tiny, f"#{zero}")
    found = find_neighbours(tiny, f"#{other}", 600)
    assert zero not in {each.token_id for each in found.neighbours}
    assert found.searched == tiny.tokenizer.vocab_size - 2


words = st.text("abcxyz é", min_size=1).map(str.strip).filter(bool)
signs = st.sampled_from(["+", "-", "\N{MINUS SIGN}"])


@given(st.lists(st.tuples(signs, words), min_size=2, max_size=12), st.booleans(), st.booleans())
def test_a_sum_is_read_however_it_is_spaced(
    terms: list[tuple[str, str]], quoted: bool, spaced: bool
) -> None:
    gap = " " if spaced else ""
    typed = [(sign, f'"{word} - x"' if quoted else word) for sign, word in terms]
    text = gap.join(f"{sign}{gap}{word}" for sign, word in typed)
    expected = tuple((1 if sign == "+" else -1, word) for sign, word in typed)
    assert parse_sum(text) == expected
    if expected[0][0] == 1:
        assert parse_sum(text[1:]) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "2 to 12 words, got 0"),
        ("king", "2 to 12 words, got 1"),
        ("+".join("a" * 13), "2 to 12 words, got 13"),
        ("king - - man", "After “-” a word must come, got “-”"),
        ("king - man +", r"After “\+” a word must come\."),
        ('king "man" + a', 'Before “"man"” a . or - must stand'),
        ('"king - man', "Before “king” a . or - must stand"),
    ],
)
def test_what_is_no_sum_gets_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        parse_sum(text)


@pytest.mark.parametrize(
    ("settings", "given_values", "sentence"),
    [
        (ArithmeticSettings, {"sum": "king"}, "2 to 12 words, got 1"),
        (ArithmeticSettings, {"sum": "“" * 1_000_000}, "a text of at most 2,000 characters"),
        (ArithmeticSettings, {"sum": "king - \udfff"}, "without half characters"),
        (ArithmeticSettings, {"spellings_too": "perhaps"}, "true or false, got 'perhaps'"),
        (ArithmeticSettings, {"count": 0}, "a whole number from 1 to 100, got 0"),
        (NeighboursSettings, {"word": "x" * 201}, "`word` must be a text of at most 200 char"),
        (NeighboursSettings, {"count": 101}, "`count` must be a whole number from 1 to 100"),
    ],
)
def test_bad_settings_get_one_sentence(
    settings: Callable[..., object], given_values: dict[str, object], sentence: str
) -> None:
    with pytest.raises(OptionError, match=sentence):
        settings(**given_values)


def test_king_minus_man_plus_woman(engine: CoreEngine) -> None:
    solution = solve(engine, "king - man + woman", 5)
    table = engine.embedding_table().astype(np.float64)
    king, man, woman, queen = (
        engine.tokenizer.encode(f" {word}")[0] for word in ("king", "man", "woman", "queen")
    )
    np.testing.assert_allclose(solution.vector, table[king] - table[man] + table[woman])
    assert [(each.place, each.text) for each in solution.answers[:3]] == [
        (1, " queen"),
        (None, " king"),
        (2, " Queen"),
    ]
    assert [each.place for each in solution.answers if each.place] == [1, 2, 3, 4, 5]
    cosines = table @ solution.vector / np.linalg.norm(table, axis=1)
    places = {
        " man": int((cosines > cosines[man]).sum()) + 1,
        " woman": int((cosines > cosines[woman]).sum()) + 1,
    }
    assert dict(solution.far) == places
    assert solution.answers[0].token_id == queen


def test_other_spellings_are_left_out_on_demand(engine: CoreEngine) -> None:
    plain = {a.text for a in solve(engine, "king - man + woman").answers if a.place}
    strict = {
        a.text for a in solve(engine, "king - man + woman", spellings_too=True).answers if a.place
    }
    assert "King" in plain
    assert "King" not in strict


@pytest.mark.parametrize(
    "text", ["king - king", "king - man - king + man", '"king" - "king"', "é - é"]
)
def test_a_sum_of_nothing_points_nowhere(engine: CoreEngine, text: str) -> None:
    with pytest.raises(OptionError, match="comes to the zero vector, which points nowhere"):
        solve(engine, text)


def test_the_shipped_questions_are_whole_and_single_tokens(engine: CoreEngine) -> None:
    questions = read_questions()
    assert 40 <= len(questions) <= 60
    assert len({each.relation for each in questions}) >= 5
    assert len(set(questions)) == len(questions)
    for each in questions:
        for word in (each.a, each.b, each.c, each.expected):
            assert len(engine.tokenizer.encode(f" {word}")) == 1, word


def test_scores_count_what_solve_answers(engine: CoreEngine) -> None:
    questions = read_questions()[::7]
    scores = scores_of(engine, questions)
    verdicts = [verdict for score in scores for verdict in score.verdicts]
    assert sorted(v.question.expected for v in verdicts) == sorted(q.expected for q in questions)
    for verdict in verdicts:
        q = verdict.question
        answers = [a for a in solve(engine, f"{q.b} - {q.a} + {q.c}", 60).answers if a.place]
        assert verdict.answer == answers[0].text
        place = next((a.place for a in answers if a.text == f" {q.expected}"), None)
        assert verdict.place == place or (place is None and verdict.place > 60)
        alone = [
            each.text
            for each in find_neighbours(engine, q.c, 40).neighbours
            if each.text not in (f" {q.a}", f" {q.b}")
        ]
        assert verdict.neighbour == alone[0]
        if verdict.neighbour_place <= 30:
            assert alone[verdict.neighbour_place - 1] == f" {q.expected}"
    assert sum(score.right(1) for score in scores) == sum(v.place == 1 for v in verdicts)
    assert sum(s.right_by_neighbour(5) for s in scores) == sum(
        v.neighbour_place <= 5 for v in verdicts
    )


def test_an_answer_that_only_respells_the_question_is_called_so(engine: CoreEngine) -> None:
    questions = [q for q in read_questions() if q.expected in ("Rome", "Berlin")]
    verdicts = {
        v.question.expected: v for score in scores_of(engine, questions) for v in score.verdicts
    }
    assert verdicts["Rome"].answer == "Italy"
    assert verdicts["Rome"].respelled == " Italy"
    assert verdicts["Berlin"].respelled is None
    strict = scores_of(engine, questions, spellings_too=True)[0].verdicts
    assert all(verdict.respelled is None for verdict in strict)


def test_questions_whose_words_are_no_tokens_are_skipped_and_counted(tiny: CoreEngine) -> None:
    scores = scores_of(tiny, read_questions())
    assert sum(score.skipped for score in scores) == len(read_questions())
    assert not any(score.verdicts for score in scores)


def test_the_test_can_be_stopped_and_tells_how_far_it_is(engine: CoreEngine) -> None:
    done: list[Analogies] = []
    asking = evaluate(engine, Analogies(read_questions()), run_until(lambda: len(done) == 3))
    with pytest.raises(Stopped):
        done.extend(asking)
    assert [each.progress.done for each in done] == [0, 1, 2]
    assert done[-1].progress.words == f"2 of {len(read_questions())} questions asked"
    assert len(done[-1].asked) == 2  # what was done stays


def test_other_questions_can_be_read() -> None:
    found = read_questions("# a comment\n: one\na b c d\n\n: two\ne f g h\n")
    assert [(each.relation, each.expected) for each in found] == [("one", "d"), ("two", "h")]
    assert replace(found[0], relation="two") != found[1]
