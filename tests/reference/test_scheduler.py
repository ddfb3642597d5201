"""With the real model: a reply has the same bits alone and among seven others."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from apps.chat.conversations import facts_of
from playground.generation import kept_caches
from playground.generation.kept_caches import KeptCaches
from playground.generation.language_model import LanguageModel
from playground.generation.reply import Reply
from playground.generation.scheduler import Scheduler
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import load_engine
from playground.models.engines.engine import Engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision
from playground.models.text.tokenizer import Message
from tests.support.waiting import wait_until

PROMPTS = (
    "What is the capital of France?",
    "Write a haiku about rain.",
    "Explain photosynthesis to a child in two sentences, and then once more to a chemist, with "
    "the light reactions and the Calvin cycle each in a paragraph of its own. " * 2,
    "Name the planets in order.",
    "Schreibe einen Satz auf Deutsch.",
    "हिन्दी में एक वाक्य लिखो। 👩‍👩‍👧",
    "List five animals.",
    "Why is the sky blue?",
)


@pytest.mark.parametrize(
    ("precision", "engine"),
    [
        (Precision.INT8, EngineName.CORE),
        (Precision.INT8_HEAD, EngineName.CORE),
        (Precision.BF16, EngineName.CORE),
        (Precision.FP16, EngineName.CORE),
        (Precision.NF4, EngineName.TRANSFORMERS),
    ],
)
def test_a_reply_does_not_depend_on_who_shares_the_batch(
    default_model: InstalledModel, precision: Precision, engine: EngineName
) -> None:
    loaded = load_engine(default_model, precision, engine)
    alone = [write(LanguageModel(loaded), number) for number in range(len(PROMPTS))]
    shared = LanguageModel(loaded, Scheduler(loaded))
    together: dict[int, Reply] = {}

    def run(number: int) -> None:
        together[number] = write(shared, number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(PROMPTS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, expected in enumerate(alone):
        # A choice holds every logprob of the ten best to the last bit.
        assert [s.choice for s in together[number].steps] == [s.choice for s in expected.steps]
        assert together[number].text == expected.text
    if loaded.most_verified > 1:
        require_own_bits_in_a_draft(loaded)


def require_own_bits_in_a_draft(engine: Engine) -> None:
    """Run tokens one by one, then in one pass that begins with wrong ones."""
    ids = np.random.default_rng(5).integers(0, 40_000, 260 + engine.most_verified)
    prompt, after = ids[: -engine.most_verified], ids[-engine.most_verified :]
    cache, single = engine.new_cache(), engine.new_cache()
    for each in (cache, single):
        engine.forward(prompt[None], [each])
    expected = np.concatenate([engine.forward(each, [single]) for each in after[:, None, None]])
    engine.verify(after[::-1].copy(), cache)
    cache.cut(len(prompt))
    np.testing.assert_array_equal(engine.verify(after, cache), expected)
    assert cache.length == single.length


def write(model: LanguageModel, number: int) -> Reply:
    """Reply at a length of its own, so that places in the batch fall free one after another."""
    messages = [{"role": "user", "content": PROMPTS[number]}]
    return model.generate(messages, seed=number, temperature=1.2, max_new_tokens=1 + number)


@pytest.fixture(scope="module")
def int8(default_model: InstalledModel) -> Engine:
    return load_engine(default_model, Precision.INT8, EngineName.CORE)


def test_a_branch_on_the_same_token_writes_the_same_reply(int8: Engine) -> None:
    model = LanguageModel(int8)
    whole = write(model, 3)
    prefix = [step.token_id for step in whole.steps[:2]]
    messages = [{"role": "user", "content": PROMPTS[3]}]
    stream = model.stream(messages, prefix=prefix, seed=3, temperature=1.2, max_new_tokens=4)
    assert [step.token_id for step in stream] == [step.token_id for step in whole.steps[2:]]
    assert stream.reply.text == whole.text


def test_what_is_read_behind_a_long_reply_changes_no_bit_of_it_or_of_the_next(
    int8: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    caches = KeptCaches()
    batch, fresh = Scheduler(int8, kept=caches), LanguageModel(int8)
    monkeypatch.setattr(kept_caches, "BEHIND_FROM", 0)
    monkeypatch.setattr(caches, "read_ahead", lambda _engine: False)  # so all is read behind
    model = LanguageModel(int8, batch, owner="talk")
    endless = dict.fromkeys(int8.tokenizer.end_token_ids, -100)
    messages: list[Message] = []
    for question, tokens in ((PROMPTS[2], 100), (PROMPTS[0], 4)):
        messages.append(Message("user", question))
        asked = {"seed": 3, "logit_bias": endless, "stop_on_loop": False, "max_new_tokens": tokens}
        reply, expected = (each.generate(messages, **asked) for each in (model, fresh))
        assert [s.choice for s in reply.steps] == [s.choice for s in expected.steps]
        wait_until(lambda: batch.idle)  # which it is not while something lags
        messages.append(Message("assistant", reply.text))
    assert reply.reading.kept > 128 > reply.reading.anew


@pytest.mark.parametrize("temperature", [0, 0.8])
def test_what_is_drafted_changes_no_bit_of_a_reply(int8: Engine, temperature: float) -> None:
    question = "Say three times: the quick brown fox jumps over the lazy dog."
    drafting, single = LanguageModel(int8), LanguageModel(int8, lab=True)
    asked = {"seed": 2, "temperature": temperature, "max_new_tokens": 48}
    reply, expected = (
        model.generate([Message("user", question)], **asked) for model in (drafting, single)
    )
    assert [step.choice for step in reply.steps] == [step.choice for step in expected.steps]
    assert (reply.text, reply.finish_reason) == (expected.text, expected.finish_reason)
    assert sum(step.drafted for step in reply.steps) >= 4
    assert facts_of(reply, int8, 48).drafted == sum(step.drafted for step in reply.steps)
    assert facts_of(expected, int8, 48).drafted == 0
