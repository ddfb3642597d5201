"""The needle: exact lengths, true depths, exact grades."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.data import shipped_sentences
from playground.errors import ContextOverflow, OptionError
from playground.experiments.run import Stopped
from playground.generation.language_model import LanguageModel
from playground.labs.context.needle import (
    MIN_LENGTH,
    NAMES,
    Needles,
    NeedleSettings,
    Trial,
    make_haystack,
    run_needles,
)
from playground.labs.context.needle_view import draw, to_csv
from playground.models.acquire.store import InstalledModel
from playground.models.text.tokenizer import Tokenizer, load_tokenizer
from tests.support.parrot_engine import ParrotEngine
from tests.support.runs import run_until

TOKENIZERS: list[Tokenizer] = []


@pytest.fixture(scope="module", autouse=True)
def _tokenizer(default_model: InstalledModel) -> None:
    TOKENIZERS[:] = [load_tokenizer(default_model.path)]


@given(st.integers(MIN_LENGTH, 3000), st.integers(0, 100), st.integers(0, 7), st.integers(0, 4))
def test_a_haystack_is_as_long_and_as_deep_as_it_says(
    length: int, depth: int, others: int, number: int
) -> None:
    tokenizer = TOKENIZERS[0]
    haystack = make_haystack(tokenizer, length, depth, others, number)
    text = tokenizer.decode(haystack.token_ids)
    assert len(haystack.token_ids) == length
    assert text.count(haystack.key) == 1
    assert len(haystack.others) == others
    assert all(text.count(key) == 1 for key in haystack.others)
    name = text.rpartition(" The pass key of the ")[2].removesuffix(" is")
    assert name in NAMES
    assert f" The pass key of the {name} is {haystack.key}." in text
    # The border of a sentence that is nearest: no further than half of the longest.
    longest = max(len(tokenizer.encode(f" {s}")) for s in shipped_sentences())
    hay = length - len(tokenizer.encode(f" The pass key of the {name} is")) - 14 * (others + 1)
    assert abs(haystack.place - depth / 100 * hay) <= longest / 2 + 14


def test_needles_stand_between_sentences_and_the_hay_ends_with_one() -> None:
    tokenizer = TOKENIZERS[0]
    for depth in (10, 50, 90):
        text = tokenizer.decode(make_haystack(tokenizer, 700, depth, 3, 0).token_ids)
        for start in range(4):
            before = text.split(" The pass key of the ")[start]
            assert before.rstrip()[-1] in ".!?", before[-30:]


def test_the_same_numbers_give_the_same_haystack_and_others_other_keys() -> None:
    first, again = (make_haystack(TOKENIZERS[0], 300, 50, 1, 0) for _ in range(2))
    assert first == again
    keys = {make_haystack(TOKENIZERS[0], 300, 50, 1, number).key for number in range(5)}
    assert len(keys) == 5


@pytest.mark.parametrize(
    ("reply", "found", "confused"),
    [
        (" 71432. He had", True, False),
        ("71432", True, False),
        (" 714321", False, False),
        (" 7143", False, False),
        (" 99999 or 71432", False, True),
        (" a number", False, False),
        ("", False, False),
    ],
)
def test_a_reply_is_graded_to_the_digit(reply: str, found: bool, confused: bool) -> None:
    trial = Trial(256, 50, "71432", reply, ("99999",))
    assert (trial.found, trial.confused) == (found, confused)


def test_every_cell_is_asked_and_can_be_stopped(tiny_model_folder: Path) -> None:
    engine = ParrotEngine(tiny_model_folder, [], context_length=1024)
    engine.reply = engine.tokenizer.encode(" 12345.")
    model = LanguageModel(engine)
    settings = NeedleSettings(lengths=(400, 200), depths=(0, 50, 100), needles=2)
    grown = list(run_needles(model, settings, run_until(lambda: False)))
    assert [each.progress.done for each in grown] == list(range(13))
    assert {place: len(group) for place, group in grown[-1].cells().items()} == {
        (length, depth): 2 for length in (200, 400) for depth in (0, 50, 100)
    }
    assert all(trial.reply == " 12345." for trial in grown[-1].trials)
    assert grown[-1].progress.ended
    done: list[Needles] = []
    running = run_needles(model, settings, run_until(lambda: len(done) == 4))
    with pytest.raises(Stopped):
        done.extend(running)
    assert len(done) == 4
    assert settings.tokens == 3600


def test_a_length_beyond_the_window_is_refused_before_anything_is_asked(
    tiny_model_folder: Path,
) -> None:
    engine = ParrotEngine(tiny_model_folder, [5], context_length=512)
    settings = NeedleSettings(lengths=(256, 512), depths=(0,))
    with pytest.raises(ContextOverflow, match="must have 1 to 511 tokens"):
        next(run_needles(LanguageModel(engine), settings, run_until(lambda: False)))
    assert engine.calls == 0


def test_keys_that_do_not_fit_their_length_are_refused(tiny_model_folder: Path) -> None:
    # The tiny model's tokenizer has few pairs: eight keys take far more than 160 tokens.
    engine = ParrotEngine(tiny_model_folder, [5], context_length=1024)
    settings = NeedleSettings(lengths=(160,), depths=(0,), others=7)
    run = run_needles(LanguageModel(engine), settings, run_until(lambda: False))
    with pytest.raises(OptionError, match="`lengths` must leave room for 8 keys"):
        list(run)


@pytest.mark.parametrize(
    ("given_values", "sentence"),
    [
        ({"lengths": ""}, "`lengths` must be 1 to 8 whole numbers from 160 to 32,768, with commas"),
        ({"depths": " , "}, "`depths` must be 1 to 11 whole numbers from 0 to 100"),
        ({"lengths": "100"}, "got 100"),
        ({"lengths": "256, x"}, "got 'x'"),
        ({"depths": (0, -1)}, "got -1"),
        ({"needles": 0}, "`needles` must be a whole number from 1 to 5, got 0"),
        ({"needles": None}, "got nothing"),
        ({"others": 8}, "`others` must be a whole number from 0 to 7, got 8"),
        ({"lengths": "1" * 1_000_000}, r"got \'1{36}\.\.\.\."),
        ({"lengths": "\ud800"}, "`lengths` must be"),
        ({"lengths": "nan"}, "got 'nan'"),
        (
            {"needle": 1},
            "There is no setting 'needle'; known are `lengths`, `depths`, `needles`, `others`",
        ),
    ],
)
def test_bad_settings_get_one_sentence(given_values: dict[str, object], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        NeedleSettings(**given_values)


def test_the_map_and_its_files_tell_the_same() -> None:
    settings = NeedleSettings(lengths=(256, 512), depths=(0, 100), needles=2)
    trials = (
        Trial(256, 0, "11111", " 11111.", ("22222",)),
        Trial(256, 0, "33333", " 22222.", ("22222",)),
        Trial(256, 100, "44444", '<b>44444</b>, "x"', ()),
    )
    found = Needles(settings, trials)
    html = draw(found)
    assert "1/2</button>" in html
    assert "1/1…</button>" in html
    assert html.count('class="waiting"') == 2
    assert "2 of 3</b> keys found" in html
    assert "In 1 of the replies it was a key that was not asked for" in html
    assert "&lt;b&gt;44444" in html
    assert 'aria-label="1 of 2 found at depth 0 %, 256 tokens"' in html
    rows = list(csv.DictReader(io.StringIO(to_csv(found))))
    told = found.to_json()["trials"]
    assert [row["found"] for row in rows] == [str(trial["found"]) for trial in told]
    assert rows[2]["reply"] == trials[2].reply
