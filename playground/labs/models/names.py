"""Names for rows that would else read alike: two models of one title, from different folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath


def distinct_names(titles: Sequence[str], references: Sequence[str]) -> list[str]:
    """Return the titles; those that stand twice with the end of their path that tells them apart.

    Parameters
    ----------
    titles : sequence of str
        As one reads them.
    references : sequence of str
        Of each its name in the catalog or its path.

    Examples
    --------
    >>> distinct_names(["A", "B", "B"], ["a", "/x/model", "/y/model"])
    ['A', 'B (x/model)', 'B (y/model)']
    """
    pairs = list(zip(titles, references, strict=True))
    return [
        _named(title, reference, {other for same, other in pairs if same == title})
        for title, reference in pairs
    ]


def _named(title: str, reference: str, alike: set[str]) -> str:
    if len(alike) == 1:
        return title
    for count in range(1, 1 + max(len(PurePath(each).parts) for each in alike)):
        if len({_end(each, count) for each in alike}) == len(alike):
            break
    return f"{title} ({_end(reference, count)})"


def _end(reference: str, count: int) -> str:
    return "/".join(PurePath(reference).parts[-count:])
