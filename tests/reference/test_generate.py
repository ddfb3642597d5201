"""The decode loop against transformers' `generate`, with the real model."""

from __future__ import annotations

import time

import pytest
import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from playground.generation.language_model import LanguageModel
from playground.models.acquire.store import InstalledModel
from playground.models.engines.engine import PREFILL_CHUNK
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_model import (
    TransformersEngine,
    load_transformers_engine,
)

QUESTIONS = (
    "What is the capital of France?",
    "Write a haiku about rain.",
    "How many legs has a spider?",
    "Explain photosynthesis to a child in two sentences.",
    "Translate 'good morning' into Spanish.",
    "What is 17 times 3?",
    "List three fruits.",
    "Who wrote Hamlet?",
    "Write a Python function that adds two numbers.",
    "Why is the sky blue?",
    "Give me a name for a cat.",
    "What does HTTP stand for?",
    "Finish this: the early bird",
    "Tell me a joke about computers.",
    "Schreibe einen Satz auf Deutsch.",
    "Reply with one emoji only.",
    "What is the opposite of 'generous'?",
    "Name the planets in order.",
)
CONTINUATIONS = ("Once upon a time", "def fibonacci(n):")
# Of the others the first words: a token costs two passes, and an early fault shows at once.
AT_LENGTH = (QUESTIONS[0], "Reply with one emoji only.", CONTINUATIONS[0])


@pytest.fixture(scope="module")
def engine(default_model: InstalledModel) -> TransformersEngine:
    return load_transformers_engine(default_model, Precision.FP32)


@pytest.fixture(scope="module")
def model(engine: TransformersEngine) -> LanguageModel:
    return LanguageModel(engine)


def their_greedy_text(engine: TransformersEngine, prompt_ids: list[int], tokens: int) -> str:
    output = engine.network.generate(
        torch.tensor([prompt_ids]),
        attention_mask=torch.ones(1, len(prompt_ids)),
        do_sample=False,
        max_new_tokens=tokens,
    )
    return engine.tokenizer.decode(output[0, len(prompt_ids) :].tolist())


@pytest.fixture(scope="module")
def their_tokenizer(default_model: InstalledModel) -> PreTrainedTokenizerBase:
    """Return what a user of transformers has, past our own tokenizer coat."""
    return AutoTokenizer.from_pretrained(default_model.path)


def their_prompt_ids(tokenizer: PreTrainedTokenizerBase, prompt: str, chat: bool) -> list[int]:
    if not chat:
        return list(tokenizer(prompt).input_ids)
    messages = [{"role": "user", "content": prompt}]
    encoded = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)
    return list(encoded["input_ids"])


@pytest.mark.parametrize(
    ("prompt", "chat"), [(q, True) for q in QUESTIONS] + [(c, False) for c in CONTINUATIONS]
)
def test_greedy_text_equals_generate(
    engine: TransformersEngine,
    model: LanguageModel,
    their_tokenizer: PreTrainedTokenizerBase,
    prompt: str,
    chat: bool,
) -> None:
    given = [{"role": "user", "content": prompt}] if chat else prompt
    tokens = 24 if prompt in AT_LENGTH else 6
    ours = model.generate(given, temperature=0, max_new_tokens=tokens)
    prompt_ids = their_prompt_ids(their_tokenizer, prompt, chat)
    assert list(ours.prompt.token_ids) == prompt_ids
    assert ours.text == their_greedy_text(engine, prompt_ids, tokens)
    assert ours.settings.seed is None  # it plays no part


def test_the_same_seed_and_settings_give_the_same_text(model: LanguageModel) -> None:
    settings = {"seed": 11, "temperature": 1.2, "top_k": 50, "max_new_tokens": 8}
    first = model.generate("The old house", **settings)
    again = model.generate("The old house", **settings)
    other = model.generate("The old house", **{**settings, "seed": 12})
    assert first.text == again.text
    assert [s.token_id for s in first.steps] == [s.token_id for s in again.steps]
    assert first.text != other.text


def test_a_seed_is_drawn_and_told_and_repeats_the_reply(model: LanguageModel) -> None:
    first = model.generate("The old house", max_new_tokens=6)
    assert first.settings.seed is not None
    assert model.generate("The old house", **first.settings.as_dict()).text == first.text


def test_steps_join_to_the_text_and_carry_their_logprobs(
    engine: TransformersEngine, model: LanguageModel
) -> None:
    reply = model.generate("The capital of France is", temperature=0, max_new_tokens=8)
    ids = list(reply.prompt.token_ids) + [step.token_id for step in reply.steps]
    with torch.inference_mode():
        logprobs = engine.network(torch.tensor([ids])).logits[0].log_softmax(-1)
    start = len(reply.prompt.token_ids) - 1
    for place, step in enumerate(reply.steps, start):
        row = logprobs[place]
        assert step.logprob == pytest.approx(float(row[step.token_id]), abs=2e-4)
        assert step.entropy_nats == pytest.approx(float(-(row.exp() * row).sum()), abs=2e-3)
    assert reply.text == engine.tokenizer.decode([step.token_id for step in reply.steps])


def test_a_stop_string_ends_the_reply_and_is_not_shown(model: LanguageModel) -> None:
    whole = model.generate("One two three four", temperature=0, max_new_tokens=8).text
    stop = whole[6:11]  # straddles tokens
    reply = model.generate("One two three four", temperature=0, max_new_tokens=8, stop=[stop])
    assert reply.text == whole[: whole.index(stop)]
    assert reply.finish_reason == "stop_string"


def test_a_long_prompt_in_chunks_gives_the_greedy_text_of_generate(
    engine: TransformersEngine, model: LanguageModel
) -> None:
    text = "The history of the lighthouse is long. " * 20
    reply = model.generate(text, temperature=0, max_new_tokens=8)
    assert len(reply.prompt.token_ids) > 2 * PREFILL_CHUNK
    assert reply.text == their_greedy_text(engine, list(reply.prompt.token_ids), 8)


def test_closing_a_stream_ends_the_computation(
    engine: TransformersEngine, model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    forward = engine.forward
    monkeypatch.setattr(engine, "forward", lambda *a: (calls.append(1), forward(*a))[1])
    stream = model.stream("Once upon a time", max_new_tokens=50, temperature=0)
    for count, _step in enumerate(stream, 1):
        if count == 3:
            stream.close()
            break
    time.sleep(1)  # in which fifty tokens would have been computed
    assert len(calls) in (3, 4)  # the next one may have been in the making
    assert stream.reply.finish_reason == "cancelled"
    assert len(stream.reply.steps) == 3
