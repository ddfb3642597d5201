"""How far the samples of one question agree: what a model invents changes with the dice."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence

from playground.labs.hallucination.normalising import normalise


def agreement(answer: Hashable, samples: Sequence[Hashable]) -> float:
    """Return the share of samples in the cluster of the answer, 0 to 1.

    Parameters
    ----------
    answer : hashable
        The cluster of the answer.
    samples : sequence of hashable
        The cluster of each sample; at least one.

    Examples
    --------
    >>> agreement(0, [0, 1, 0, 2])
    0.5
    """
    return sum(each == answer for each in samples) / len(samples)


def semantic_entropy(clusters: Sequence[Hashable]) -> float:
    """Return the entropy of the meanings of the samples, in nats.

    The discrete estimate, in which a cluster has the share of samples that it holds (Farquhar et
    al., Nature, 2024, eq. 8): it needs no probabilities, which long answers distort.

    Parameters
    ----------
    clusters : sequence of hashable
        The cluster of each sample; at least one.

    Returns
    -------
    float
        0 when all mean the same, ln N when all N differ.

    Examples
    --------
    >>> semantic_entropy(["a", "a", "a"]), round(semantic_entropy(["a", "b"]), 4)
    (0.0, 0.6931)
    """
    total = len(clusters)
    # With N/n in the logarithm every term is 0 or more, and exactly 0 for one cluster.
    return math.fsum(n * math.log(total / n) for n in Counter(clusters).values()) / total


def selfcheck_ngram(answer: str, samples: Sequence[str], n: int = 1) -> float | None:
    """Return how unusual the answer's most unusual n-gram is among those of answer and samples.

    The largest -log p of SelfCheckGPT (Manakul et al., 2023, arXiv:2303.08896), p being the share
    of the n-gram among all, those of the answer with them.

    Parameters
    ----------
    answer : str
        The answer.
    samples : sequence of str
        The samples.
    n : int
        Words together.

    Returns
    -------
    float or None
        In nats; None where the answer has fewer than n words.

    Examples
    --------
    >>> selfcheck_ngram("Paris", ["Paris", "paris."])
    0.0
    >>> round(selfcheck_ngram("Lyon", ["Paris", "Paris", "Paris"]), 4)  # ln 4
    1.3863
    """
    said = _ngrams(answer, n)
    if not said:
        return None
    counts = Counter(said)
    for sample in samples:
        counts.update(_ngrams(sample, n))
    return math.log(counts.total() / min(counts[each] for each in said))


def _ngrams(text: str, n: int) -> list[tuple[str, ...]]:
    words = normalise(text).split()
    return [tuple(words[at : at + n]) for at in range(len(words) - n + 1)]
