"""Scores are those of the model's own distribution, whatever the sampler cut; texts are plain."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import log_softmax
from scipy.stats import entropy

import playground
from playground.generation.language_model import LanguageModel
from playground.generation.recording import AlternativeRecord, TokenRecord
from playground.labs.hallucination.one_pass import read_again
from playground.labs.hallucination.sample_scores import (
    agreement,
    selfcheck_ngram,
    semantic_entropy,
)
from playground.labs.hallucination.scores import CAUTION, SCORES, Evidence
from playground.labs.hallucination.token_scores import thrown
from playground.models.acquire.store import InstalledModel

BY_NAME = {score.name: score for score in SCORES}
PROMPT = "The capital of France is"
CUTS: list[dict[str, Any]] = [
    {"temperature": 0},
    {"temperature": 1.7, "top_k": 3, "seed": 1},
    {"temperature": 0.6, "top_p": 0.5, "repetition_penalty": 1.4, "seed": 2},
    {"temperature": 1.2, "min_p": 0.2, "presence_penalty": 1.0, "seed": 3},
]


def own_logprobs(folder: Path, ids: list[int]) -> NDArray[np.float64]:
    """Return what transformers itself says comes next after each token, in float64."""
    import torch
    from transformers import AutoModelForCausalLM

    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.inference_mode():
        logits = network(torch.tensor([ids])).logits[0].double().numpy()
    found: NDArray[np.float64] = log_softmax(logits, axis=-1)
    return found


def expected_scores(logprobs: NDArray[np.float64], token_ids: list[int]) -> dict[str, float]:
    """Work the scores out again, from rows that each predict a token."""
    came = logprobs[np.arange(len(token_ids)), token_ids]
    spread = [float(entropy(np.exp(row))) for row in logprobs]
    best = np.sort(np.exp(logprobs), axis=-1)
    return {
        "sequence_logprob": float(came.sum()),
        "mean_logprob": float(came.mean()),
        "lowest_probability": float(np.exp(came).min()),
        "mean_entropy": float(np.mean(spread)),
        "highest_entropy": max(spread),
        "margin": float((best[:, -1] - best[:, -2]).mean()),
        "length": float(len(token_ids)),
    }


def found_scores(tokens: tuple[TokenRecord, ...]) -> dict[str, float | None]:
    evidence = Evidence(tokens)
    return {
        score.name: score.of(evidence)
        for score in SCORES
        if score.needs == "answer" or score.name == "length"
    }


@pytest.fixture(scope="module", params=["core", "transformers"])
def model(request: pytest.FixtureRequest, tiny_model_folder: Path) -> LanguageModel:
    return playground.load(str(tiny_model_folder), engine=request.param)


@pytest.mark.parametrize("cut", CUTS)
def test_scores_are_those_of_the_raw_logits(
    model: LanguageModel, tiny_model_folder: Path, cut: dict[str, Any]
) -> None:
    reply = model.generate(PROMPT, max_new_tokens=8, **cut)
    prompt_ids, written = model.tokenizer.encode_text_prompt(PROMPT), list(reply.token_ids)
    logprobs = own_logprobs(tiny_model_folder, [*prompt_ids, *written[:-1]])
    expected = expected_scores(logprobs[len(prompt_ids) - 1 :], written)
    assert found_scores(reply.records(model.tokenizer)) == pytest.approx(expected, abs=1e-5)


def test_scores_of_the_default_model_are_those_of_its_logits(default_model: InstalledModel) -> None:
    model = playground.load(str(default_model.path), engine="transformers")
    reply = model.generate(PROMPT, max_new_tokens=8, temperature=0)
    prompt_ids, written = model.tokenizer.encode_text_prompt(PROMPT), list(reply.token_ids)
    tokens = read_again(model, prompt_ids, reply.records(model.tokenizer))
    logprobs = own_logprobs(default_model.path, [*prompt_ids, *written[:-1]])
    expected = expected_scores(logprobs[len(prompt_ids) - 1 :], written)
    assert found_scores(tokens) == pytest.approx(expected, abs=1e-5)


def token(*logprobs: float, chosen: int = 0, entropy_nats: float = 0.5) -> TokenRecord:
    """Return a token whose alternatives have these log-probabilities."""
    others = tuple(AlternativeRecord(i, str(i), each) for i, each in enumerate(logprobs))
    drawn = logprobs[chosen]
    return TokenRecord(chosen, "", "", drawn, 1, entropy_nats, None, 0, 1, (), others)


def test_an_answer_of_one_token_has_every_score_and_an_empty_one_a_reason() -> None:
    one = Evidence([token(math.log(0.7), math.log(0.2))])
    assert BY_NAME["sequence_logprob"].of(one) == BY_NAME["mean_logprob"].of(one) == math.log(0.7)
    assert BY_NAME["lowest_probability"].of(one) == pytest.approx(0.7)
    assert BY_NAME["margin"].of(one) == pytest.approx(0.5)
    assert BY_NAME["mean_entropy"].of(one) == BY_NAME["highest_entropy"].of(one) == 0.5
    assert BY_NAME["length"].of(one) == 1
    for name in ("sequence_logprob", "mean_logprob", "margin", "highest_entropy"):
        assert BY_NAME[name].of(Evidence(())) is None
        assert BY_NAME[name].why_not(Evidence(())) == (
            "The answer is empty, so that there is no token to measure."
        )
    assert BY_NAME["length"].of(Evidence(())) == 0
    assert BY_NAME["random"].of(Evidence(())) is not None


def test_a_vocabulary_of_one_has_no_rival() -> None:
    assert BY_NAME["margin"].of(Evidence([token(0.0)])) == 1.0


def test_what_is_not_there_is_said() -> None:
    bare = Evidence([token(-1.0)], text="Paris")
    missing = {score.name for score in SCORES if score.of(bare) is None}
    assert missing == {"agreement", "semantic_entropy", "selfcheck_ngram", "p_true", "linear_probe"}
    for score in SCORES:
        why = score.why_not(bare)
        assert (why is None) == (score.name not in missing)
        assert why is None or re.fullmatch(r"[A-Z][^.]+\.", why)
    full = Evidence([token(-1.0)], "Paris", ("Paris", "Paris"), 0, (0, 0), 0.4, 0.8)
    assert [BY_NAME[name].of(full) for name in ("p_true", "linear_probe")] == [0.4, 0.8]
    assert all(score.of(full) is not None and score.why_not(full) is None for score in SCORES)
    silent = Evidence([token(-1.0)], "...", ("Paris",), 0, (0,))
    assert BY_NAME["selfcheck_ngram"].of(silent) is None
    assert "no word" in str(BY_NAME["selfcheck_ngram"].why_not(silent))
    # One sample is spread over one meaning whatever the model knows.
    assert BY_NAME["semantic_entropy"].of(silent) is None
    assert "2 or more" in str(BY_NAME["semantic_entropy"].why_not(silent))


@given(st.integers(1, 40))
def test_entropy_is_exactly_0_for_one_meaning_and_ln_n_for_n(count: int) -> None:
    assert math.copysign(1, semantic_entropy(["Paris"] * count)) == 1
    assert semantic_entropy(["Paris"] * count) == 0.0
    assert semantic_entropy(range(count)) == pytest.approx(math.log(count), abs=1e-12)


@given(st.lists(st.integers(0, 5), min_size=1))
def test_semantic_entropy_is_scipys(clusters: list[int]) -> None:
    _, counts = np.unique(clusters, return_counts=True)
    assert semantic_entropy(clusters) == pytest.approx(entropy(counts), abs=1e-12)
    assert 0 <= semantic_entropy(clusters) <= math.log(len(clusters)) + 1e-12
    assert agreement(clusters[0], clusters) == clusters.count(clusters[0]) / len(clusters)


def test_selfcheck_finds_the_word_that_stands_alone() -> None:
    samples = ["It was Jane Austen.", "Jane Austen", "by Jane Austen"]
    invented = selfcheck_ngram("Jane Dupont", samples)
    assert invented == pytest.approx(math.log(11))  # one of eleven words
    assert invented > (selfcheck_ngram("Jane Austen", samples) or math.inf)
    assert selfcheck_ngram("Jane Austen", samples, n=2) == pytest.approx(math.log(7 / 4))
    assert selfcheck_ngram("Jane", samples, n=2) is None
    assert selfcheck_ngram("Paris", ["Paris"] * 5) == 0.0


@given(st.integers(0, 10**9), st.text())
def test_the_random_control_hangs_on_seed_and_name_alone(seed: int, name: str) -> None:
    assert thrown(seed, name) == thrown(seed, name)
    assert 0 <= thrown(seed, name) < 1
    assert thrown(seed, name) != thrown(seed + 1, name) != thrown(seed, name + "x")


def sentences(text: str) -> int:
    return len(re.findall(r"[a-zA-Z0-9)\"]\.(?= [A-Z]|$)", text))


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.name)
def test_meaning_and_misleading_are_two_plain_sentences_each(score: Any) -> None:
    assert sentences(score.meaning) == sentences(score.misleads) == 2
    assert max(len(score.meaning), len(score.misleads)) < 260
    assert not re.search(r"[_\[\]]|arXiv|et al", score.meaning + score.misleads)


def test_the_texts_say_that_a_consistently_wrong_answer_looks_certain() -> None:
    assert "consistently wrong answer looks certain" in CAUTION
    assert "consistently wrong answer looks certain" in BY_NAME["agreement"].misleads


def test_names_are_different_and_both_controls_are_among_them() -> None:
    assert len(BY_NAME) == len(SCORES) == 13
    assert not BY_NAME["length"].higher_is_surer
    assert BY_NAME["random"].needs == "nothing"
