"""Answers: as the model alone would write them, in order; one that fails leaves the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import playground
from playground.experiments.run import Stopped
from playground.generation.language_model import LanguageModel
from playground.labs.hallucination.answering import (
    Answered,
    AnswerSettings,
    Question,
    answer_all,
    columns,
)
from playground.models.text.tokenizer import Message
from tests.support.runs import run_until
from tests.support.scripted_engine import ScriptedEngine
from tests.support.tiny_llama import save_tiny_llama

PROMPTS = ("The capital of France is", "The quick brown fox", "In 2024 there were", "Grüße")
SETTINGS = AnswerSettings(samples=2, max_new_tokens=6, temperature=1.0, top_p=1.0)


@pytest.fixture(scope="module")
def model(tiny_model_folder: Path) -> LanguageModel:
    return playground.load(str(tiny_model_folder))


def ask(
    model: LanguageModel, *questions: Question, settings: AnswerSettings = SETTINGS
) -> list[Answered]:
    return list(answer_all(model, questions, settings, run_until()))


def text(prompt: str) -> Question:
    return Question(prompt, prompt, chat=False, one_sentence=False)


def test_each_answer_is_what_the_model_writes_alone(model: LanguageModel) -> None:
    found = ask(model, *map(text, PROMPTS))
    assert [each.prompt for each in found] == list(PROMPTS)
    for each in found:
        first, *drawn = columns(SETTINGS, text(each.prompt))
        alone = model.generate(each.prompt, **first.as_dict())
        assert each.answer.text == alone.text.strip()
        assert [t.token_id for t in each.answer.tokens] == list(alone.token_ids)[
            : len(each.answer.tokens)
        ]
        for sample, settings in zip(each.samples, drawn, strict=True):
            assert sample.text == model.generate(each.prompt, **settings.as_dict()).text.strip()
        pairs = zip(each.answer.tokens, alone.steps, strict=False)
        assert all(math.isclose(a.logprob, b.logprob, abs_tol=1e-4) for a, b in pairs)


def test_company_and_order_change_nothing(model: LanguageModel) -> None:
    together = ask(model, *map(text, PROMPTS))
    apart = [ask(model, text(prompt))[0] for prompt in reversed(PROMPTS)]
    for one, other in zip(together, reversed(apart), strict=True):
        assert one.answer == other.answer  # to the last bit
        assert [s.text for s in one.samples] == [s.text for s in other.samples]


def test_another_seed_gives_other_samples_and_shared_dice_the_same_numbers(
    model: LanguageModel,
) -> None:
    question = text(PROMPTS[0])
    first = columns(SETTINGS, question)[1:]
    other = columns(AnswerSettings(**{**SETTINGS.to_json(), "seed": 1}), question)[1:]
    assert {each.seed for each in first}.isdisjoint({each.seed for each in other})
    twins = [Question("a", "one", False, dice="x"), Question("b", "two", False, dice="x")]
    assert columns(SETTINGS, twins[0]) == columns(SETTINGS, twins[1])


def test_a_prompt_that_fails_says_so_and_leaves_the_rest(model: LanguageModel) -> None:
    long = "one two three four " * 200
    found = ask(model, text(PROMPTS[0]), text("  "), text(long), text(PROMPTS[1]))
    assert [bool(each.answer.error) for each in found] == [False, True, True, False]
    assert "empty" in str(found[1].answer.error)
    assert "to leave room for a reply" in str(found[2].answer.error)
    assert found[2].samples == ()


def test_an_answer_that_runs_into_the_end_of_the_window_is_no_answer(model: LanguageModel) -> None:
    ids = model.tokenizer.encode_text_prompt("fox ")
    prompt = "fox " * ((model.context_length - 4) // len(ids))
    while len(model.tokenizer.encode_text_prompt(prompt)) < model.context_length - 3:
        prompt += "fox "
    (found,) = ask(model, text(prompt))
    assert "end of the window" in str(found.answer.error) or found.answer.finish_reason == "loop"


def test_at_temperature_0_no_samples_are_drawn(model: LanguageModel) -> None:
    settings = AnswerSettings(samples=3, temperature=0, max_new_tokens=4)
    (found,) = ask(model, text(PROMPTS[0]), settings=settings)
    assert found.samples == ()


def test_many_questions_of_one_column_all_come(model: LanguageModel) -> None:
    settings = AnswerSettings(samples=0, max_new_tokens=2)
    found = ask(model, *(text(f"{number} is") for number in range(40)), settings=settings)
    assert [each.item_id for each in found] == [f"{number} is" for number in range(40)]


def test_an_answer_ends_with_its_sentence_and_its_tokens_with_its_text(
    tiny_model_folder: Path,
) -> None:
    words = playground.load(str(tiny_model_folder)).tokenizer
    script = ScriptedEngine(tiny_model_folder, words.encode(" Paris. The end"))
    model = LanguageModel(script, lab=True)
    settings = AnswerSettings(samples=0, max_new_tokens=20)
    (found,) = ask(model, Question("x", "The capital", chat=False), settings=settings)
    assert found.answer.text == "Paris"
    assert words.decode([each.token_id for each in found.answer.tokens]) == " Paris"


def test_an_end_token_first_is_told_in_a_sentence(tiny_model_folder: Path) -> None:
    model = LanguageModel(ScriptedEngine(tiny_model_folder, []), lab=True)
    (found,) = ask(model, text("The capital"))
    assert "ended its turn before it wrote a word" in str(found.answer.error)
    assert found.answer.tokens == ()


@dataclass(eq=False)
class NotANumberEngine(ScriptedEngine):
    """Its scores are NaN where the prompt has an even number of tokens."""

    def forward(self, token_ids: NDArray[np.int64], caches: object) -> NDArray[np.float32]:
        logits = super().forward(token_ids, caches)  # type: ignore[arg-type] # as it came
        if token_ids.shape[1] > 1 and token_ids.shape[1] % 2 == 0:
            logits[:] = np.nan
        return logits


def test_scores_that_are_no_numbers_end_one_question_alone(tiny_model_folder: Path) -> None:
    model = LanguageModel(NotANumberEngine(tiny_model_folder, [300, 301]), lab=True)
    odd, even = (text("a b"), text("a b c d")) if _odd(model, "a b") else (text("a"), text("a b"))
    assert _odd(model, odd.prompt)
    assert not _odd(model, even.prompt)
    found = ask(model, odd, even, odd)
    assert [bool(each.answer.error) for each in found] == [False, True, False]
    assert all(sample.error for sample in found[1].samples)


def _odd(model: LanguageModel, prompt: str) -> bool:
    return len(model.tokenizer.encode_text_prompt(prompt)) % 2 == 1


def test_a_question_goes_through_the_template_and_a_base_model_gets_a_transcript(
    model: LanguageModel, tmp_path: Path
) -> None:
    asked = Question("x", "What is the capital?", chat=True)
    (found,) = ask(model, asked)
    message = [Message("user", asked.prompt)]
    assert list(found.prompt_ids) == model.tokenizer.encode_chat(message)
    base = playground.load(str(save_tiny_llama(tmp_path / "base", chat_template=None)))
    (found,) = ask(base, asked)
    assert list(found.prompt_ids) == base.tokenizer.encode_chat(message)


def test_it_stops_when_told(model: LanguageModel) -> None:
    run = run_until(lambda: True)
    with pytest.raises(Stopped):
        list(answer_all(model, [text(PROMPTS[0])], SETTINGS, run))


def test_an_answer_is_not_cut_after_an_initial(tiny_model_folder: Path) -> None:
    words = playground.load(str(tiny_model_folder)).tokenizer
    script = ScriptedEngine(tiny_model_folder, words.encode(" John F. Kennedy. Later on"))
    model = LanguageModel(script, lab=True)
    settings = AnswerSettings(samples=0, max_new_tokens=30)
    (found,) = ask(model, Question("x", "The president was", chat=False), settings=settings)
    assert found.answer.text == "John F. Kennedy"
    assert "".join(each.text for each in found.answer.tokens).strip() == "John F. Kennedy"
