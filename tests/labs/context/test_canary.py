"""The canary: what is planted, what is graded, and that a prompt is asked once."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground.errors import OptionError
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.language_model import LanguageModel
from playground.labs.context.canary import (
    OPENING,
    OVERFILL,
    WORDS,
    Plan,
    Trial,
    conversation,
    found,
    make_plan,
    run_canary,
    to_json,
)
from playground.labs.context.canary_view import render_canary
from tests.support.parrot_engine import ParrotEngine

STOP, OLDEST, MIDDLE, SLIDING = OverflowPolicy


@pytest.fixture
def engine(tiny_model_folder: Path) -> ParrotEngine:
    """Return an engine that says "fox", whatever was planted."""
    engine = ParrotEngine(tiny_model_folder, [], context_length=4096)
    engine.reply = engine.tokenizer.encode(" fox.")
    return engine


def run(engine: ParrotEngine, plan: Plan) -> tuple[Trial, ...]:
    return list(run_canary(LanguageModel(engine), plan))[-1]


def test_every_policy_is_tried_before_and_after(engine: ParrotEngine) -> None:
    plan = Plan(("fox", "owl"), 600)
    grown = list(run_canary(LanguageModel(engine), plan))
    assert [len(trials) for trials in grown] == list(range(1, plan.trials + 1))
    trials = grown[-1]
    for trial in trials:
        if trial.filled and trial.policy is STOP:
            assert trial.grade == "refused"
            assert "does not fit" in trial.reply
            continue
        assert trial.in_prompt == (not trial.filled or trial.policy is MIDDLE)
        # The reply was scripted: right by chance for one word, whether it was in the prompt or not.
        assert trial.grade == ("found" if trial.word == "fox" else "not found")
        assert trial.reply == f"{OPENING} fox."
        assert trial.prompt_tokens + 14 <= plan.window


def test_the_same_prompt_is_asked_once(engine: ParrotEngine) -> None:
    trials = run(engine, Plan(("fox", "owl"), 600))
    asked = [trial for trial in trials if trial.grade != "refused" and not trial.repeated]
    # Two short ones, two with the beginning kept, and one for each policy that forgets.
    assert len(asked) == 6
    assert found(trials, True) == (2, 4)
    assert found(trials, False) == (2, 2)  # both were asked with "fox" first


def test_a_word_is_found_only_as_a_whole(engine: ParrotEngine) -> None:
    trials = run(engine, Plan(("fo", "FOX"), 600))
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
    seen: list[tuple[Trial, ...]] = []
    for trials in run_canary(LanguageModel(engine), Plan(("fox",), 600), lambda: len(seen) == 3):
        seen.append(trials)  # noqa: PERF402 - it grows while it is asked
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("words", "window", "sentence"),
    [
        ("", 384, "1 to 8, with commas between, got 0"),
        (" , ,", 384, "got 0"),
        (",".join(f"w{i}" for i in range(9)), 384, "got 9"),
        ("two words", 384, "1 to 30 letters or digits, got 'two words'"),
        ("a" * 1_000_000, 384, "got 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…'"),
        ("\ud800", 384, r"got '\\ud800'"),
        ("a\0b", 384, r"got 'a\\x00b'"),
        ("\u202eabc", 384, r"got '\\u202eabc'"),
        ("fox", 191, "The window must be a whole number from 192 to 4,096, got 191"),
        ("fox", 4097, "got 4097"),
        ("fox", None, "got nothing"),
        ("fox", "wide", "got 'wide'"),
        ("fox", float("nan"), "got nan"),
    ],
)
def test_bad_plans_get_one_sentence(words: str, window: object, sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        make_plan(words, window)


def test_words_are_taken_once_and_trimmed() -> None:
    assert make_plan(" fox, owl ,fox", "384.0") == Plan(("fox", "owl"), 384)
    assert make_plan(", ".join(WORDS), 384).words == WORDS


def test_a_window_beyond_the_models_is_refused(tiny_model_folder: Path) -> None:
    small = ParrotEngine(tiny_model_folder, [5], context_length=512)
    with pytest.raises(OptionError, match="from 32 to 512"):
        run(small, Plan(("fox",), 600))


def test_the_table_tells_what_was_asked(engine: ParrotEngine) -> None:
    plan = Plan(("fox", "owl"), 600)
    trials = run(engine, plan)
    html = render_canary(plan, trials, done=True)
    assert "found 1 of 2" in html
    assert "2 of 2: nothing is cut" in html
    assert "in <b>2 of 4</b>" in html
    assert "does not always find" in html
    assert html.count("<tr>") == 2 + 4 + plan.trials
    half = render_canary(plan, trials[:3], done=False)
    assert "found 1 of 1 so far" in half
    assert half.count("waits") == 6
    told = to_json(plan, trials, "M")
    assert told["window"] == 600
    assert {trial["policy"] for trial in told["trials"]} == {"stop", "oldest", "middle", "sliding"}
