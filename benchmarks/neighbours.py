"""The tokens nearest to a vector: the lab's search beside two that compute in float64 throughout.

The rivals are NumPy, as one would write it down, and scikit-learn's `NearestNeighbors` with its
brute search by cosine; both get the table in float64 beforehand, at twice its memory. All must find
the same tokens, but for those whose vectors are the same. Sides take turns::

    python benchmarks/neighbours.py [--model NAME] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from machine import conditions, machine, versions
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors  # type: ignore[import-untyped] # ships no types

import playground
from playground.core.neighbours import CosineTable
from playground.models.acquire.catalog import load_catalog
from playground.models.engines.vocabulary import token_table

COUNT = 12
QUERIES = 30

Search = Callable[[NDArray[np.float64]], list[int]]


def main() -> None:
    """Search, check that all agree, and print the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default=load_catalog()[0].name)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = measure(options.model)
    print(json.dumps(result, indent=2) if options.json else as_markdown(result))


def measure(name: str) -> dict[str, Any]:
    """Return the milliseconds of each side, and how often they agreed."""
    engine = playground.load(name).engine
    vectors = token_table(engine).vectors
    sides: dict[str, Search] = {
        "the lab, as one presses Find": lambda query: _rows(token_table(engine), query),
        "NumPy in float64": _in_numpy(vectors.astype(np.float64)),
        "scikit-learn in float64": _in_sklearn(vectors.astype(np.float64)),
    }
    chosen = np.random.default_rng(0).choice(len(vectors), QUERIES, replace=False)
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    differing = 0
    for row in [chosen[0], *chosen]:  # the first warms up and is taken out below
        query, found = vectors[row].astype(np.float64), []
        for side, search in sides.items():
            start = time.perf_counter()
            found.append(search(query))
            seconds[side].append(time.perf_counter() - start)
        cosines = [vectors[rows] @ query / np.linalg.norm(vectors[rows], axis=1) for rows in found]
        differing += any(np.abs(each - cosines[0]).max() > 1e-6 for each in cosines)
    return {
        "model": name,
        "shape": list(vectors.shape),
        "queries": QUERIES,
        "differing": differing,
        "milliseconds": {side: [1000 * each for each in s[1:]] for side, s in seconds.items()},
        "machine": machine(),
        "versions": versions(),
    }


def _rows(table: CosineTable, query: NDArray[np.float64]) -> list[int]:
    return [hit.row for hit in table.towards(query).nearest(COUNT)]


def _in_numpy(vectors: NDArray[np.float64]) -> Search:
    lengths = np.linalg.norm(vectors, axis=1)

    def search(query: NDArray[np.float64]) -> list[int]:
        cosines = vectors @ query / (lengths * np.linalg.norm(query))
        return [int(row) for row in np.argsort(-cosines, kind="stable")[:COUNT]]

    return search


def _in_sklearn(vectors: NDArray[np.float64]) -> Search:
    index = NearestNeighbors(n_neighbors=COUNT, algorithm="brute", metric="cosine").fit(vectors)
    return lambda query: [int(row) for row in index.kneighbors(query[None])[1][0]]


def as_markdown(result: dict[str, Any]) -> str:
    """Return the result as a table, with the conditions below it."""
    lines = ["| search | median, ms | lowest to highest | ratio |", "|---|---:|---:|---:|"]
    own = statistics.median(next(iter(result["milliseconds"].values())))
    for side, times in result["milliseconds"].items():
        median = statistics.median(times)
        spread = f"{min(times):.1f} to {max(times):.1f}"
        lines.append(f"| {side} | {median:.1f} | {spread} | {median / own:.1f} |")
    rows, columns = result["shape"]
    return "\n".join(
        [
            *lines,
            "",
            f"Measured: {COUNT} nearest of {rows:,} x {columns} vectors of {result['model']}, "
            f"{result['queries']} queries; the lab's time includes the lengths of all vectors, "
            f"the others had them beforehand. {result['differing']} answers differed.",
            conditions(),
        ]
    )


if __name__ == "__main__":
    main()
