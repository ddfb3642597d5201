"""The map of words: places, satellites, and what cannot be drawn."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import gradio as gr
import numba
import numpy as np
import pytest

from apps.ui.form import Form
from playground.errors import OptionError
from playground.experiments.run import Stopped
from playground.generation.language_model import LanguageModel
from playground.labs import find_experiment
from playground.labs.embeddings import word_map
from playground.labs.embeddings.word_map import (
    MOST_WORDS,
    UMAP_SEED,
    Layout,
    MapSettings,
    Pending,
    draw_map,
    parse_words,
    run_map,
)
from playground.models.acquire.local import register_path
from playground.models.engines.core_model import CoreEngine, load_core_engine
from playground.models.engines.precision import Precision
from playground.settings import Settings
from tests.support.runs import run_until

WORDS = ("the", "a", "fox", "dog", "cat", "brown", "lazy", "#300", '"quick"')


@pytest.fixture(scope="module")
def engine(tiny_model_folder: Path) -> CoreEngine:
    model = register_path(tiny_model_folder, Settings.from_env())
    return load_core_engine(model, Precision.FP32)


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_words_are_split_at_commas_and_lines_and_named_once() -> None:
    assert parse_words(" king, queen\n\nking ,,\tNew York\n") == ("king", "queen", "New York")
    assert parse_words(" \n,") == ()


def test_pca_lays_out_directions(engine: CoreEngine) -> None:
    shown = draw_map(engine, WORDS, Layout.PCA)
    assert [word.typed for word in shown.words] == list(WORDS)
    points = unit(shown.vectors)
    centred = points - points.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    expected = centred @ axes[:2].T
    signs = np.sign((expected * shown.positions).sum(axis=0))
    np.testing.assert_allclose(shown.positions, expected * signs, atol=1e-9)
    assert shown.explained == pytest.approx(((sizes**2) / (sizes**2).sum())[:2].tolist())
    assert shown.satellites == ()


def test_each_word_names_its_nearest_tokens(engine: CoreEngine) -> None:
    shown = draw_map(engine, WORDS, Layout.PCA)
    table = engine.embedding_table().astype(np.float64)
    for word, vector, near in zip(shown.words, shown.vectors, shown.near, strict=True):
        lengths = np.linalg.norm(table, axis=1)
        cosines = table @ vector / np.where(lengths > 0, lengths, np.inf) / np.linalg.norm(vector)
        cosines[list(word.token_ids) if word.token_id is not None else []] = -2
        best = np.sort(cosines)[::-1][:5]
        assert [each.cosine for each in near] == pytest.approx(best.tolist())


def test_satellites_have_no_say_in_the_axes_and_are_no_words_of_the_map(
    engine: CoreEngine,
) -> None:
    plain = draw_map(engine, WORDS, Layout.PCA)
    shown = draw_map(engine, WORDS, Layout.PCA, with_satellites=True)
    np.testing.assert_array_equal(plain.positions, shown.positions)
    assert plain.explained == shown.explained
    assert shown.satellites
    typed = {word.text for word in shown.words}
    assert not typed & {each.text for each in shown.satellites}
    assert len({each.text for each in shown.satellites}) == len(shown.satellites)
    assert all(0 <= each.owner < len(shown.words) for each in shown.satellites)


@pytest.fixture
def _umap_as_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run UMAP's own source as it stands: compiling it takes ten times as long as one small map."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)


@pytest.mark.usefixtures("_umap_as_python")
def test_umap_gives_the_same_map_each_time(engine: CoreEngine) -> None:
    first = draw_map(engine, WORDS, Layout.UMAP, with_satellites=True)
    again = draw_map(engine, WORDS, Layout.UMAP, with_satellites=True)
    np.testing.assert_array_equal(first.positions, again.positions)
    assert first.explained is None
    assert first.positions.shape == (len(WORDS), 2)
    assert np.isfinite(first.positions).all()
    assert UMAP_SEED == 42  # the page names it


def test_umap_that_is_not_installed_is_said_in_one_sentence(
    engine: CoreEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without_umap(name: str, *arguments: Any) -> Any:
        if name == "umap":
            raise ImportError(name)
        return real(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without_umap)
    with pytest.raises(OptionError, match="`pip install umap-learn`, or choose PCA"):
        draw_map(engine, WORDS, Layout.UMAP)


@pytest.mark.parametrize(
    ("words", "layout", "sentence"),
    [
        ((), Layout.PCA, "at least 3 different words, got 0"),
        (("the", "fox"), Layout.PCA, "by PCA needs at least 3 different words, got 2"),
        (("the", "fox", '" the"', "#68"), Layout.UMAP, "at least 5 different words, got 3"),
        (("a",) * (MOST_WORDS + 1), Layout.PCA, "up to 100 words, got 101"),
        (("the", "fox", "#999999"), Layout.PCA, "got #999999"),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence(
    engine: CoreEngine, words: tuple[str, ...], layout: Layout, sentence: str
) -> None:
    with pytest.raises(OptionError, match=sentence):
        draw_map(engine, words, layout)


def test_words_of_one_vector_cannot_be_drawn(tiny_model_folder: Path) -> None:
    model = register_path(tiny_model_folder, Settings.from_env())
    engine = load_core_engine(model, Precision.FP32)
    engine.network.embedding = np.ones_like(engine.network.embedding)
    with pytest.raises(OptionError, match="All these words have one vector"):
        draw_map(engine, WORDS, Layout.PCA)


def test_a_zero_vector_has_a_place_and_no_neighbours(tiny_model_folder: Path) -> None:
    model = register_path(tiny_model_folder, Settings.from_env())
    engine = load_core_engine(model, Precision.FP32)
    engine.network.embedding = engine.network.embedding.copy()
    engine.network.embedding[300] = 0
    shown = draw_map(engine, WORDS, Layout.PCA, with_satellites=True)
    place = [word.typed for word in shown.words].index("#300")
    assert shown.near[place] == ()
    assert np.isfinite(shown.positions).all()


def test_what_takes_long_says_so_before_it_begins(engine: CoreEngine) -> None:
    settings = MapSettings(words=", ".join(WORDS), layout="UMAP")
    running = run_map(LanguageModel(engine), settings, run_until(lambda: True))
    pending = next(running)
    assert isinstance(pending, Pending)
    assert "Laying out 9 words by UMAP; the first time it compiles itself" in pending.progress.words
    assert not pending.progress.ended
    with pytest.raises(Stopped):
        next(running)
    few = MapSettings(words="the, fox", layout="UMAP")
    with pytest.raises(OptionError, match="at least 5 different words"):
        next(run_map(LanguageModel(engine), few, run_until()))


def test_a_layout_that_there_is_not_gets_one_sentence() -> None:
    with pytest.raises(OptionError, match="`layout` must be one of PCA, UMAP, got 't-SNE'"):
        MapSettings(layout="t-SNE")


def test_umap_is_offered_only_where_it_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def offered() -> list[str]:
        with gr.Blocks():
            field = Form(find_experiment("embeddings/map")).fields["layout"]
        return [value for _, value in field.choices]

    assert offered() == ["PCA", "UMAP"]
    monkeypatch.setattr(word_map, "find_spec", lambda _name: None)
    assert offered() == ["PCA"]
