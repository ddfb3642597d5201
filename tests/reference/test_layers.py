"""A word through the layers against transformers' hidden states and scikit-learn's PCA."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity
from transformers import AutoModelForCausalLM, AutoTokenizer

from playground.labs.embeddings.journey import Journey, follow
from playground.labs.embeddings.layers import view
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import load_engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision

LINES = """We sat on the river bank and fished, far from any Bank of England.
The boat drifted towards the bank.

She took her money to the savings bank"""
# The last "bank" of each line, found by hand.
LAST_WORDS = (
    "We sat on the river bank and fished, far from any Bank",
    "The boat drifted towards the bank",
    "She took her money to the savings bank",
)


@pytest.fixture(scope="module")
def journey(default_model: InstalledModel) -> Journey:
    engine = load_engine(default_model, Precision.FP32, EngineName.CORE)
    return follow(engine, "bank", LINES)


@pytest.fixture(scope="module")
def theirs(default_model: InstalledModel) -> list[tuple[np.ndarray, int]]:
    """Return for each line the hidden states, shape (L + 1, T, C), and the word's place."""
    tokenizer = AutoTokenizer.from_pretrained(default_model.path)
    network = AutoModelForCausalLM.from_pretrained(default_model.path, dtype=torch.float32).eval()
    found = []
    for line, before in zip(LINES.replace("\n\n", "\n").splitlines(), LAST_WORDS, strict=True):
        ids = tokenizer(line, return_tensors="pt")
        with torch.inference_mode():
            states = network(**ids, output_hidden_states=True).hidden_states
        place = len(tokenizer(before).input_ids) - 1
        found.append((torch.stack(states)[:, 0].double().numpy(), place))
    return found


def test_vectors_are_those_of_the_words_last_token(
    journey: Journey, theirs: list[tuple[np.ndarray, int]]
) -> None:
    assert [each.place for each in journey.occurrences] == [place for _, place in theirs]
    for row, (states, place) in enumerate(theirs):
        expected = states[:, place]
        scale = np.abs(expected).max(axis=1, keepdims=True)
        np.testing.assert_allclose(journey.states[:, row] / scale, expected / scale, atol=2e-5)


@pytest.mark.parametrize("centred", [False, True])
def test_frames_and_cosines_are_scikit_learns(
    journey: Journey, theirs: list[tuple[np.ndarray, int]], centred: bool
) -> None:
    states = np.stack([states[:, place] for states, place in theirs], axis=1)
    means = np.concatenate([each[:, 1:] for each, _ in theirs], axis=1).mean(axis=1)
    vectors = states - means[:, None] if centred else states
    shown = view(journey, centred=centred)
    for layer, cosines in enumerate(shown.cosines):
        np.testing.assert_allclose(cosines, cosine_similarity(vectors[layer]), atol=1e-4)
    directions = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    flat = directions.reshape(-1, directions.shape[-1])
    pca = PCA(2, svd_solver="full").fit(flat)
    expected = pca.transform(flat)
    mine = shown.positions.reshape(-1, 2)
    signs = np.sign((mine * expected).sum(axis=0))
    np.testing.assert_allclose(mine, expected * signs, atol=2e-4)
    np.testing.assert_allclose(shown.explained, pca.explained_variance_ratio_, atol=1e-5)
