"""Which items of a set belong together: those of one group, and twins, however they are linked."""

from __future__ import annotations

from collections.abc import Iterable

from playground.labs.hallucination.items import Item


def families(items: Iterable[Item]) -> dict[str, str]:
    """Return for each item's id a name that it shares with all that it belongs to.

    A group holds together, and so do twins: an item of a group brings its twin along.

    Examples
    --------
    >>> a = Item("a", "?", (), "", group="g", twin="b")
    >>> families([a, Item("b", "?", (), "", twin="a"), Item("c", "?", (), "", group="g")])
    {'a': 'c', 'b': 'c', 'c': 'c'}
    """
    above: dict[tuple[str, str], tuple[str, str]] = {}

    def top(node: tuple[str, str]) -> tuple[str, str]:
        while node in above:
            node = above[node]
        return node

    ids = []
    for item in items:
        ids.append(item.id)
        for link in (("group", item.group), ("item", item.twin)):
            if link[1]:
                mine, other = top(("item", item.id)), top((link[0], link[1]))
                if mine != other:
                    above[other] = mine
    return {each: top(("item", each))[1] for each in ids}
