"""What the rules of a policy find among the words of a text, and from where on that may change."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from playground.moderation.following import WIDEST, Found
from playground.moderation.policy import MOST_WORDS, Near, Rule, Weighed
from playground.moderation.tense import tense_of
from playground.moderation.weighing import (
    LATER,
    REACH,
    features_of,
    occurrences,
    spans_of,
    total_of,
    weigh,
)
from playground.moderation.weights import shipped_weights
from playground.moderation.wording import Wording


@dataclass(frozen=True, eq=False)  # each find is its own
class Hit:
    """What a rule found: words from `start` to before `end`."""

    rule: Rule
    start: int
    end: int
    says: str = ""
    """What tells how it was weighed."""


def hits_of(rule: Rule, wording: Wording, found: Found) -> Iterator[Hit]:
    """Yield what a rule's phrases and nears find, before anything undoes it."""
    reached = 0
    for start, ends in sorted(found.ends.get(f"r:{rule.id}", {}).items()):
        if start >= reached:
            reached = max(ends)
            yield Hit(rule, start, reached)
    for near in rule.near:
        yield from _together(rule, near, wording, found)


def _together(rule: Rule, near: Near, wording: Wording, found: Found) -> Iterator[Hit]:
    """Yield where one of each group stands near the others.

    Sentence by sentence what begins in it is looked for, so that what stands before has no part.
    """
    if any(f"g:{name}" not in found.ends for name in near.terms):
        return
    every = sorted(
        (start, max(ends), which)
        for which, name in enumerate(near.terms)
        for start, ends in found.ends.get(f"g:{name}", {}).items()
    )
    for sentence in sorted({wording.sentence_at(start) for start, _, _ in every}):
        since, begin = wording.sentences[sentence], wording.limit(sentence)
        limit = wording.limit(min(sentence + near.sentences, len(wording.sentences)) - 1)
        some = every[bisect_left(every, (since,)) : bisect_left(every, (limit,))]
        for first, last in _close(near, some):
            if first < begin and wording.sentence_at(last - 1) < sentence + near.sentences:
                yield Hit(rule, first, last)


def _close(near: Near, every: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the words from the first to the last of each group that stand close enough."""
    latest: dict[int, tuple[int, int]] = {}
    for start, end, which in every:
        latest[which] = (start, end)
        if len(latest) < len(near.terms):
            continue
        spans = sorted(latest.values())
        if near.in_order and spans != [latest[each] for each in range(len(near.terms))]:
            continue
        first, last = spans[0][0], max(each[1] for each in spans)
        apart = all(one[1] <= other[0] for one, other in pairwise(spans))
        if apart and last - first <= near.within:
            latest.clear()
            yield first, last


def weighed_hits(
    rule: Rule, weighed: Weighed, hits: list[Hit], wording: Wording, found: Found
) -> list[Hit]:
    """Return the hits that are left when the words around a rule's terms are weighed, and more."""
    weights = shipped_weights(weighed.weights)
    kept, undone, more = set[Hit](), set[Hit](), list[Hit]()
    alike = sorted(
        (each for each in hits if each.rule.category == rule.category), key=lambda hit: hit.start
    )
    starts = [each.start for each in alike]
    for place in occurrences(weighed.about, wording, found):
        # No hit is wider: those further back are not asked.
        since = bisect_left(starts, place.first - WIDEST)
        near = alike[since : bisect_left(starts, place.limit)]
        touched = [hit for hit in near if place.touches(hit.start, hit.end)]
        counted = total_of(weights, place, found, near=bool(touched)) > 0
        (kept if counted else undone).update(touched)
        if counted and not touched:
            told = weigh(weights, features_of(place, weights.groups, found, near=False))
            more.append(Hit(rule, place.start, place.end, told.says(wording)))
    more = [each for each in more if counts(each, wording, found)]
    return [each for each in hits if each not in undone or each in kept] + more


def _around(start: int, end: int, wording: Wording) -> tuple[int, int]:
    """Return the words of the sentence, or sentences, around some words."""
    first = wording.sentences[wording.sentence_at(start)]
    limit = wording.limit(wording.sentence_at(end - 1))
    return max(first, start - MOST_WORDS), min(limit, end + MOST_WORDS)


def counts(hit: Hit, wording: Wording, found: Found) -> bool:
    """Whether neither tense nor another phrase undoes what was found."""
    first, limit = _around(hit.start, hit.end, wording)
    for group in hit.rule.unless:
        starts = sorted(found.ends.get(f"g:{group}", ()))
        at = bisect_left(starts, first)
        if at < len(starts) and starts[at] < limit:
            return False
    return not hit.rule.tense or tense_of(wording.words[first:limit]) in hit.rule.tense


def open_word(rule: Rule, wording: Wording, found: Found) -> int:
    """Return the first word from which a rule's match could begin, go or change."""
    opened: list[int] = [len(wording.words), *found.open.get(f"r:{rule.id}", ())]
    if (rule.unless or rule.tense) and not wording.closed:
        settled = _settled(rule.unless, wording, found) - MOST_WORDS
        last = len(wording.sentences) - 1
        opened += [
            hit.start
            for hit in hits_of(rule, wording, found)
            if hit.end >= settled and wording.sentence_at(hit.end - 1) == last
        ]
    for near in rule.near:
        opened.append(_open_near(near, wording, found))
    return min(opened)


def _open_near(near: Near, wording: Wording, found: Found) -> int:
    """Return the first word that what is yet to come could make a near of."""
    count, sentences = len(wording.words), len(wording.sentences)
    sentence = max(sentences - near.sentences + wording.closed, 0)
    since = wording.sentences[sentence] if sentence < sentences else count
    since = max(since, _settled(near.terms, wording, found) - near.within)
    members = [f"g:{name}" for name in near.terms]
    starts = (
        start
        for symbol in members
        for start in (*found.ends.get(symbol, ()), *found.open.get(symbol, ()))
    )
    return min((start for start in starts if start >= since), default=count)


def _settled(groups: Sequence[str], wording: Wording, found: Found) -> int:
    """Return before which word every term of some groups is known."""
    starts = (at for name in groups for at in found.open.get(f"g:{name}", ()))
    return min([len(wording.words), found.horizon, *starts])


def open_weighed(rule: Rule, settled: int, wording: Wording, found: Found) -> int:
    """Return the first word from which what is weighed may change.

    Before the word `settled` all that phrases and nears find is known.
    """
    if not rule.weighed:
        return settled
    reach = MOST_WORDS if rule.unless or rule.tense else REACH
    groups = shipped_weights(rule.weighed.weights).groups
    known = min(settled, _settled((*rule.unless, *groups), wording, found))
    coming = (at for each in rule.weighed.about for at in found.open.get(f"g:{each}", ()))
    late = (
        start
        for start, end in spans_of(rule.weighed.about, found)
        if (end + reach > known and _goes_on(start, known, wording))
        or min(wording.limit(wording.sentence_at(start)), end + REACH) + LATER > known
    )
    return min(settled, *coming, *late, len(wording.words))


def open_judged(
    rule: Rule, judges: Sequence[Rule], settled: int, wording: Wording, found: Found
) -> int:
    """Return the first word from which a hit begins that may yet be undone by its sum.

    Before the word `settled` all sums are known.
    """
    if not any(each.weighed and each.category == rule.category for each in judges):
        return settled
    late = (
        hit.start
        for hit in hits_of(rule, wording, found)
        if hit.end + REACH > settled and _goes_on(hit.end - 1, settled, wording)
    )
    return min(late, default=settled)


def _goes_on(word: int, settled: int, wording: Wording) -> bool:
    """Whether the sentence of a word has parts that are not settled."""
    limit = wording.limit(wording.sentence_at(word))
    last = limit == len(wording.words)
    return limit > settled or (last and not wording.closed)
