"""Measures of information and text equal SciPy, torch and scikit-learn."""

from __future__ import annotations

import numpy as np
import scipy.stats
import sklearn.metrics.pairwise
import torch
from hypothesis import given
from hypothesis import strategies as st

from playground.core.functional import FloatArray, log_softmax
from playground.core.metrics import (
    cosine_similarity,
    entropy,
    kl_divergence,
    perplexity,
)

seeds = st.integers(0, 10_000)


def random_logprobs(rng: np.random.Generator) -> FloatArray:
    return log_softmax(rng.normal(scale=4, size=(7, 50)))


@given(seeds)
def test_entropy_and_kl_divergence_equal_scipy_and_torch(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, q = random_logprobs(rng), random_logprobs(rng)
    np.testing.assert_allclose(
        entropy(p), scipy.stats.entropy(np.exp(p), axis=-1), rtol=1e-9, atol=1e-12
    )
    in_scipy = scipy.stats.entropy(np.exp(p), np.exp(q), axis=-1)
    in_torch = torch.nn.functional.kl_div(
        torch.from_numpy(q), torch.from_numpy(p), log_target=True, reduction="none"
    ).sum(dim=-1)
    np.testing.assert_allclose(kl_divergence(p, q), in_scipy, rtol=1e-9)
    np.testing.assert_allclose(kl_divergence(p, q), in_torch.numpy(), rtol=1e-9)


@given(seeds)
def test_perplexity_equals_the_exponential_of_torch_cross_entropy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits, token_ids = rng.normal(scale=3, size=(20, 50)), rng.integers(0, 50, size=20)
    loss = torch.nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(token_ids))
    ours = perplexity(log_softmax(logits)[np.arange(20), token_ids])
    np.testing.assert_allclose(ours, loss.exp().item(), rtol=1e-9)


@given(seeds)
def test_cosine_similarity_equals_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(5, 30)), rng.normal(size=(8, 30))
    expected = sklearn.metrics.pairwise.cosine_similarity(a, b)
    np.testing.assert_allclose(cosine_similarity(a, b), expected, atol=1e-12)
