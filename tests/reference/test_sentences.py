"""Sentence vectors against sentence-transformers."""

from __future__ import annotations

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

from playground.models.acquire.store import InstalledModel
from playground.models.engines.embedder import Embedder, load_embedder

LINES = [
    "The cat sat on the mat.",
    "a",
    "",
    "word " * 700,  # far more than it reads
    "x" * 3000,  # one word that is none
    "Größe, naïve café",
    "東京タワー",
    "שלום עולם \u200f \u202e abc",
    "🙂 👩‍👩‍👧‍👦 🇩🇪",
    "NUL \x00 inside",
    "<b>not bold</b> & [SEP] [MASK] [PAD]",
    "def f(x): return x ** 2",
    *(f"Sentence number {number} " * (1 + number % 9) for number in range(24)),
]


@pytest.fixture(scope="module")
def encoder(encoder_model: InstalledModel) -> Embedder:
    return load_embedder(encoder_model)


@pytest.fixture(scope="module")
def theirs(encoder_model: InstalledModel) -> SentenceTransformer:
    """Build what the modules.json of the model asks for: mean pooling, length 1; 256 tokens."""
    words = Transformer(str(encoder_model.path), max_seq_length=256)
    pooling = Pooling(words.get_embedding_dimension(), pooling_mode="mean")
    return SentenceTransformer(modules=[words, pooling, Normalize()], device="cpu")


def test_vectors_in_one_batch_and_alone(encoder: Embedder, theirs: SentenceTransformer) -> None:
    expected = theirs.encode(LINES, show_progress_bar=False)
    found = encoder.embed(LINES)
    assert found.shape == (len(LINES), 384)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    for line, row in list(zip(LINES, expected, strict=True))[:12:2]:
        np.testing.assert_allclose(encoder.embed([line])[0], row, atol=1e-6)


def test_tokens_are_counted_in_full(encoder: Embedder, theirs: SentenceTransformer) -> None:
    tokenizer = theirs[0].tokenizer
    expected = [len(tokenizer(line, truncation=False, verbose=False).input_ids) for line in LINES]
    assert encoder.count_tokens(LINES) == expected
    assert encoder.max_tokens == 256
    assert encoder.count_tokens([]) == []
    assert encoder.embed([]).shape == (0, 384)
