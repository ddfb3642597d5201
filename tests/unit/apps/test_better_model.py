"""Which better model is offered, and what is said of the one that is there."""

from __future__ import annotations

import pytest

from apps.chat.better_model import Offer, offer_better
from apps.chat.welcome import EXAMPLES, about_model
from playground.models.acquire.catalog import CatalogEntry, find_entry, load_catalog
from playground.models.engines.memory import Memory, plan_load
from playground.models.engines.precision import Precision

DEFAULT = "smollm2-135m-instruct"
FIRST, SECOND = find_entry(DEFAULT).better


def offered(
    reference: str = DEFAULT,
    here: tuple[str, ...] = (),
    gigabytes: float = 16,
    offline: bool = False,
    precision: Precision = Precision.FP32,
) -> Offer:
    offer = maybe_offered(reference, here, gigabytes, offline, precision)
    assert offer is not None
    return offer


def maybe_offered(
    reference: str,
    here: tuple[str, ...] = (),
    gigabytes: float = 16,
    offline: bool = False,
    precision: Precision = Precision.FP32,
) -> Offer | None:
    free = Memory(int(gigabytes * 1e9), 16_000_000_000)
    return offer_better(
        reference,
        precision,
        offline,
        lambda entry: entry.name in here,
        lambda needed: plan_load(needed, free, []),
    )


def test_the_first_choice_is_offered_with_its_size_and_what_it_needs() -> None:
    offer = offered()
    assert offer.entry.name == FIRST
    assert not offer.here
    assert not offer.refusal
    assert offer.size == "988 MB"
    assert 4 * offer.entry.parameters < offer.needed_bytes < 4.5 * offer.entry.parameters


def test_one_that_is_here_goes_before_one_that_must_be_fetched() -> None:
    offer = offered(here=(SECOND,))
    assert offer.entry.name == SECOND
    assert offer.here
    assert offered(here=(FIRST, SECOND)).entry.name == FIRST


def test_one_that_does_not_fit_gives_way_to_a_smaller_one() -> None:
    assert offered(gigabytes=1.9).entry.name == SECOND
    assert offered(gigabytes=1.9, precision=Precision.BF16).entry.name == FIRST
    # On its way to INT8 a model passes through FP32.
    assert offered(gigabytes=1.9, precision=Precision.INT8).entry.name == SECOND


def test_without_memory_or_network_it_says_why() -> None:
    cramped = offered(gigabytes=1)
    assert "needs about 2.1 GB of memory at FP32, and 1.0 GB can be had." in cramped.refusal
    alone = offered(offline=True)
    assert "HF_HUB_OFFLINE forbids fetching it." in alone.refusal
    assert offered(offline=True, here=(SECOND,)) == offered(here=(SECOND,))


@pytest.mark.parametrize("reference", ["/models/own", "smollm2-1.7b-instruct"])
def test_where_the_catalog_knows_no_better_one_nothing_is_offered(reference: str) -> None:
    assert maybe_offered(reference) is None


@pytest.mark.parametrize("entry", load_catalog(), ids=lambda entry: str(entry.name))
def test_what_is_better_can_chat_and_one_click_is_enough(entry: CatalogEntry) -> None:
    assert entry.name not in entry.better
    for better in map(find_entry, entry.better):
        assert better.chat
        assert better.terms_file is None
        assert better.hub or better.wheel


@pytest.mark.parametrize("entry", load_catalog(), ids=lambda entry: str(entry.name))
def test_every_model_says_what_it_is(entry: CatalogEntry) -> None:
    line = about_model(entry.name)
    assert line.startswith(f"{entry.title}: ")
    assert "million weights, trained on English" in line
    assert line.endswith(".")


def test_an_own_model_gets_a_neutral_line_without_its_path() -> None:
    line = about_model("/home/anna/models/secret/own.gguf")
    assert line.startswith("own.gguf is a model of your own")
    assert "anna" not in line


def test_there_are_three_examples() -> None:
    assert len(set(EXAMPLES)) == 3
