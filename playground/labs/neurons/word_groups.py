"""Words in groups that nobody named: k-means on the vectors that a language model has for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playground.core.clustering import Clusters, Float64Array, k_means
from playground.data.words import WordVectors, load_word_vectors

STARTS = 10


@dataclass(frozen=True)
class WordGroups:
    """What k-means made of the words.

    Parameters
    ----------
    groups : tuple of tuple of str
        The words of each group, from the start with the smallest spread.
    spreads : tuple of float
        What each start came to: the sum of squared distances from the means.
    """

    groups: tuple[tuple[str, ...], ...]
    spreads: tuple[float, ...]


def group_words(count: int, seed: int) -> WordGroups:
    """Look for so many groups from `STARTS` starts, and keep the closest.

    Vectors are brought to length 1 first: then a small distance is a large cosine.
    """
    known = load_word_vectors()
    vectors = known.vectors / np.linalg.norm(known.vectors, axis=1, keepdims=True)
    dice = np.random.default_rng(seed)
    found = [_from_a_start(vectors, count, dice) for _ in range(STARTS)]
    best = min(found, key=lambda clusters: clusters.spread)
    groups = (_words_of(known, best, place) for place in range(count))
    return WordGroups(tuple(filter(None, groups)), tuple(each.spread for each in found))


def _from_a_start(vectors: Float64Array, count: int, dice: np.random.Generator) -> Clusters:
    *_, last = k_means(vectors, vectors[dice.choice(len(vectors), count, replace=False)])
    return last


def _words_of(known: WordVectors, clusters: Clusters, place: int) -> tuple[str, ...]:
    return tuple(known.words[each] for each in np.flatnonzero(clusters.members == place))
