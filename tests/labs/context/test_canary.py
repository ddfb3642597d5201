"""The canary: what is planted, what is graded, and that a prompt is asked once."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground.errors import OptionError
from playground.experiments.run import Stopped
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.language_model import LanguageModel
from playground.labs.context.canary import (
    OPENING,
    OVERFILL,
    Canary,
    CanarySettings,
    conversation,
    run_canary,
)
from playground.labs.context.canary_view import draw
from tests.support.parrot_engine import ParrotEngine
from tests.support.runs import run_until

STOP, OLDEST, MIDDLE, SLIDING = OverflowPolicy


@pytest.fixture
def engine(tiny_model_folder: Path) -> ParrotEngine:
    """Return an engine that says "fox", whatever was planted."""
    engine = ParrotEngine(tiny_model_folder, [], context_length=4096)
    engine.reply = engine.tokenizer.encode(" fox.")
    return engine


def run(engine: ParrotEngine, **settings: object) -> Canary:
    *_, last = run_canary(LanguageModel(engine), CanarySettings(**settings), run_until())
    return last


def test_every_policy_is_tried_before_and_after(engine: ParrotEngine) -> None:
    settings = CanarySettings(words=("fox", "owl"), window=600)
    grown = list(run_canary(LanguageModel(engine), settings, run_until()))
    assert [each.progress.done for each in grown] == list(range(settings.trials + 1))
    assert grown[-1].progress.ended
    for trial in grown[-1].trials:
        if trial.filled and trial.policy is STOP:
            assert trial.grade == "refused"
            assert "does not fit" in trial.reply
            continue
        assert trial.in_prompt == (not trial.filled or trial.policy is MIDDLE)
        # The reply was scripted: right by chance for one word, whether it was in the prompt or not.
        assert trial.grade == ("found" if trial.word == "fox" else "not found")
        assert trial.reply == f"{OPENING} fox."
        assert trial.prompt_tokens + 14 <= settings.window


def test_the_same_prompt_is_asked_once(engine: ParrotEngine) -> None:
    asked_all = run(engine, words=("fox", "owl"), window=600)
    asked = [trial for trial in asked_all.trials if trial.grade != "refused" and not trial.repeated]
    # Two short ones, two with the beginning kept, and one for each policy that forgets.
    assert len(asked) == 6
    assert asked_all.found(True) == (2, 4)
    assert asked_all.found(False) == (2, 2)  # both were asked with "fox" first


def test_a_word_is_found_only_as_a_whole(engine: ParrotEngine) -> None:
    trials = run(engine, words=("fo", "FOX"), window=600).trials
    graded = {trial.word: trial.grade for trial in trials if trial.policy is OLDEST}
    assert graded == {"fo": "not found", "FOX": "found"}


def test_the_long_conversation_passes_the_window(engine: ParrotEngine) -> None:
    tokenizer = engine.tokenizer
    for window in (200, 1000, 4000):
        told = conversation(tokenizer, "fox", window)
        assert len(tokenizer.encode_chat(told)) > OVERFILL * window
        assert len(tokenizer.encode_chat([*told[:-3], told[-1]])) <= OVERFILL * window
    assert len(conversation(tokenizer, "fox", None)) == 5


def test_it_can_be_stopped(engine: ParrotEngine) -> None:
    seen: list[Canary] = []
    settings = CanarySettings(words=("fox",), window=600)
    running = run_canary(LanguageModel(engine), settings, run_until(lambda: len(seen) == 3))
    with pytest.raises(Stopped):
        seen.extend(running)
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"words": ""}, "`words` must be 1 to 8 texts"),
        ({"words": " , ,"}, "`words` must be 1 to 8"),
        ({"words": ",".join(f"w{i}" for i in range(9))}, "`words` must be 1 to 8"),
        ({"words": "two words"}, "`words` must each be 1 to 30 letters or digits, got 'two words'"),
        ({"words": "a" * 10_000}, r"got 'a{36}\.\.\.\."),
        ({"words": "\ud800"}, "`words` must be"),
        ({"words": "a\0b"}, "got 'a⟨U.0000⟩b'"),
        ({"words": "\u202eabc"}, "got '⟨U.202E⟩abc'"),
        ({"window": 191}, "`window` must be a whole number from 192 to 4,096, got 191"),
        ({"window": 4097}, "got 4097"),
        ({"window": None}, "got nothing"),
        ({"window": "wide"}, "got 'wide'"),
        ({"window": float("nan")}, "got nan"),
    ],
)
def test_bad_settings_get_one_sentence(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        CanarySettings(**settings)


def test_words_are_taken_once_and_trimmed() -> None:
    assert CanarySettings(words=" fox, owl ,fox").secrets == ("fox", "owl")


def test_a_window_beyond_the_models_is_refused(tiny_model_folder: Path) -> None:
    small = ParrotEngine(tiny_model_folder, [5], context_length=512)
    with pytest.raises(OptionError, match="from 32 to 512"):
        run(small, words=("fox",), window=600)


def test_the_table_tells_what_was_asked(engine: ParrotEngine) -> None:
    whole = run(engine, words=("fox", "owl"), window=600)
    html = draw(whole)
    assert "found 1 of 2" in html
    assert "2 of 2: nothing is cut" in html
    assert "in <b>2 of 4</b>" in html
    assert "does not always find" in html
    assert html.count("<tr>") == 2 + 4 + whole.settings.trials
    half = draw(Canary(whole.settings, whole.trials[:3]))
    assert "found 1 of 1 so far" in half
    assert half.count("waits") == 6
    told = whole.to_json()
    assert {trial["policy"] for trial in told["trials"]} == {"stop", "oldest", "middle", "sliding"}
