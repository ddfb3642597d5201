"""Answers that say the same come together, each by a named step; those that clash never do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from playground.labs.hallucination.clashes import find_clash
from playground.labs.hallucination.clusters import LEAST_COSINE, Clusters, cluster, number_key
from playground.models.acquire.store import InstalledModel
from playground.models.engines.embedder import load_embedder

NAMES = [["USA", "United States", "America"], ["UK", "United Kingdom", "Great Britain"]]


def alike(texts: Sequence[str]) -> NDArray[np.float64]:
    """Find all texts alike, as an encoder does at its worst."""
    return np.ones((len(texts), 3))


def step(one: str, other: str, **given: object) -> str | None:
    found = cluster([one, other], **given)  # type: ignore[arg-type] # as cases give it
    return found.merges[0].step if found.merges else None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Paris", "paris.", "exact"),
        ("The Hague", "hague", "exact"),
        ("", "...", "exact"),
        ("1,000", "one thousand", "numbers"),
        ("1,000", "1\u202f000", "numbers"),
        ("\u22125", "minus five", "numbers"),
        ("The answer is 12.", "12", "numbers"),
        ("It equals twelve", "12", "numbers"),
        ("12 apples", "twelve apples", "numbers"),
        ("14 July 1789", "July 14th, 1789", "numbers"),
        ("the first", "1st", "numbers"),
        ("the USA", "America", "aliases"),
        ("12 apples", "12", None),
        ("12 apples", "12 oranges", None),
        ("not 12", "12", None),
        ("USA", "UK", None),
        ("Paris", "", None),
        ("1000", "1001", None),
        ("May 1968", "1968", None),
    ],
)
def test_each_merge_names_its_step(one: str, other: str, expected: str | None) -> None:
    assert step(one, other, aliases=NAMES) == step(other, one, aliases=NAMES) == expected


def test_steps_above_equality_run_only_with_someone_to_judge() -> None:
    pair = ("the largest planet", "the biggest planet")
    assert step(*pair) is None
    assert step(*pair, embed=alike) == "meaning"
    assert step(*pair, entails=lambda *_: True) == "entailment"
    assert step("Paris", "paris", embed=alike, entails=lambda *_: True) == "exact"


def test_entailment_must_hold_both_ways() -> None:
    more = {("a red rose", "a rose")}
    assert step("a red rose", "a rose", entails=lambda a, b: (a, b) in more) is None


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ("7411 is a prime number.", "7411 is not a prime number.", "a negation"),
        ("It is known", "It isn\u2019t known", "a negation"),
        ("He died in 1821", "He died in 1812", "a number"),
        ("two legs", "legs", "a number"),
        ("before the war", "after the war", "an opposite"),
        ("Yes, it is.", "No, it is.", "a negation"),
        ("That is true", "That is false", "an opposite"),
        ("Lima is the capital", "Quito is the capital", "a name"),
        ("The dog bit the man", "The man bit the dog", "the order of the words"),
        ("It is safe.", "It is unsafe.", "an opposite"),
        ("It is legal.", "It is illegal.", "an opposite"),
        ("She is younger than me.", "She is older than me.", "an opposite"),
        ("Few people survived.", "Many people survived.", "an opposite"),
        ("It lacks vitamin C.", "It has vitamin C.", "an opposite"),
        ("It is 5 km long.", "It is 5 miles long.", "a unit"),
        ("It costs $5.", "It costs 5.", "a unit"),
        ("It hardly works.", "It works.", "a negation"),
        ("It is five kilometres long.", "It is 5 km long.", None),
        ("Paris", "The city of Paris", None),
        ("100 degrees", "one hundred degrees", None),
        ("You cannot see it", "It is not to be seen", None),
        ("the same", "the same", None),
    ],
)
def test_what_clashes_is_kept_apart_however_alike_it_looks(
    one: str, other: str, clash: str | None
) -> None:
    assert find_clash(one, other) == find_clash(other, one) == clash
    assert (step(one, other, embed=alike) is None) == (clash is not None)


def test_an_empty_answer_means_nothing() -> None:
    assert step("Paris", "", embed=alike, entails=lambda *_: True) is None


def test_an_encoder_is_asked_only_where_spelling_did_not_do_and_may_give_a_zero() -> None:
    def never(texts: Sequence[str]) -> NDArray[np.float64]:
        raise AssertionError(texts)

    assert cluster(["1,000", "1000", "one thousand"], embed=never).labels == (0, 0, 0)
    assert cluster(["a cat", "a cow"], embed=lambda texts: np.zeros((2, 3))).labels == (0, 1)


def test_an_answer_joins_the_first_cluster_and_the_lowest_step() -> None:
    texts = ["a rose", "1,000", "Paris", "paris", "one thousand", "a rose"]
    found = cluster(texts)
    assert found.labels == (0, 1, 2, 2, 1, 0)
    assert found.members == ((0, 5), (1, 4), (2, 3))
    assert [(m.place, m.into, m.step) for m in found.merges] == [
        (3, 2, "exact"),
        (4, 1, "numbers"),
        (5, 0, "exact"),
    ]
    assert found.merges[1].why == "both are '1000' in digits"


@given(st.lists(st.sampled_from(["Paris", "paris!", "12", "twelve", "It is 12", "UK", "", "."])))
def test_clusters_part_the_answers_and_their_order_renames_them_only(texts: list[str]) -> None:
    found, turned = cluster(texts, aliases=NAMES), cluster(texts[::-1], aliases=NAMES)
    assert len(found.labels) == len(texts)
    assert len(found.merges) + len(found.members) == len(texts)

    def pairs(clusters: Clusters, places: Sequence[int]) -> set[tuple[int, int]]:
        labels = [clusters.labels[place] for place in places]
        return {(i, j) for i, a in enumerate(labels) for j, b in enumerate(labels) if a == b}

    assert pairs(found, range(len(texts))) == pairs(turned, range(len(texts))[::-1])


def test_no_answers_make_no_clusters() -> None:
    assert cluster([]) == Clusters((), ())
    assert cluster([]).members == ()


def test_numbers_are_keys_only_where_there_are_some() -> None:
    assert number_key("Paris") is None
    assert number_key("12") == number_key("It is twelve!") == "12"


def test_the_encoder_of_the_catalog_puts_wordings_together(encoder_model: InstalledModel) -> None:
    encoder = load_embedder(encoder_model)
    texts = [
        "the largest planet",
        "the biggest planet",
        "the smallest planet",
        "7411 is a prime number.",
        "7411 is not a prime number.",
    ]
    found = cluster(texts, embed=encoder.embed)
    assert found.labels == (0, 0, 1, 2, 3)
    assert found.merges[0].step == "meaning"
    prime, not_prime = encoder.embed(texts[3:])
    assert prime @ not_prime > LEAST_COSINE  # only the clash keeps them apart
