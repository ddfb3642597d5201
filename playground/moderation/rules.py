"""The stage that applies the policies' rules to every reading of a text."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from playground.moderation.following import WIDEST, Found
from playground.moderation.hits import (
    Hit,
    counts,
    hits_of,
    open_judged,
    open_weighed,
    open_word,
    weighed_hits,
)
from playground.moderation.lexicon import Lexicon
from playground.moderation.phrases import Phrase, groups_of
from playground.moderation.policy import MOST_WORDS, Loaded, Rule
from playground.moderation.verdict import Action, Match
from playground.moderation.view import View
from playground.moderation.weighing import (
    LATER,
    PLACES,
    REACH,
    features_of,
    occurrences,
)
from playground.moderation.weights import shipped_weights
from playground.moderation.wording import Wording, read_words
from playground.sentences import quoted

STAGE = "policies"
PATTERN_SECONDS = 0.3
"""How long all patterns of a policy may take for all readings of a text."""

SLOW_SECONDS = 0.02
"""How long they may take from then on, once they took too long: a stream looks many times."""

LEAST = 0.001
"""Seconds that a pattern has however little is left."""

LONGEST_TAIL = 4 * MOST_WORDS + 2 * (WIDEST + REACH) + LATER
"""Words from the end that what is yet to come can have to do with."""

LONG = 2_000
"""Words of a text from which on its beginning is read first."""

CONTEXT = MOST_WORDS + WIDEST
"""Words behind a match that may still undo or lengthen it."""

LONGEST_PIECE = 400
"""Characters of a sentence that a pattern sees at once."""


@dataclass
class Clock:
    """How many seconds are left for the patterns, whatever the number of readings.

    Attributes
    ----------
    left : float
        Seconds from now.
    spent : float
        Those that were used.
    slow : bool
        Whether they were not enough.
    """

    left: float
    spent: float = 0.0
    slow: bool = False

    def take(self, seconds: float, *, slow: bool) -> None:
        """Note what was used; once it was not enough nothing is left."""
        self.spent += seconds
        self.slow = self.slow or slow
        self.left = 0 if slow else max(self.left - seconds, LEAST)


class PolicyStage:
    """The rules of one policy.

    Parameters
    ----------
    loaded : Loaded
        The policy.
    gazetteer : mapping of str to sequence of Phrase
        Groups of terms that any policy may name.
    """

    name = STAGE

    def __init__(self, loaded: Loaded, gazetteer: Mapping[str, Sequence[Phrase]]) -> None:
        self.loaded = loaded
        self._lexicon = Lexicon(_needed(loaded, gazetteer), loaded.phrases)
        self._seconds = PATTERN_SECONDS

    def find(self, given: str, views: Sequence[View], clock: Clock | None = None) -> list[Match]:
        """Return every match, each once though it stands in several readings.

        Parameters
        ----------
        given : str
            The text as given.
        views : sequence of View
            Its readings.
        clock : Clock, optional
            How long the patterns may take at the most.
        """
        matches: dict[tuple[str, int, int], Match] = {}
        clock = clock or Clock(self._seconds)
        clock.left = min(clock.left, self._seconds)
        for view in views:
            for match in self._in_view(given, view, clock):
                matches.setdefault((match.rule, match.start, match.end), match)
        return sorted(matches.values(), key=lambda each: (each.start, each.end))

    def open_from(self, given: str, views: Sequence[View]) -> int:
        """Return from where on the text could still become a match, or change one."""
        return min((self._open_in(view, len(given)) for view in views), default=len(given))

    def _in_view(self, given: str, view: View, clock: Clock) -> Iterator[Match]:
        wording = read_words(view.text)
        if len(wording.words) > LONG:
            early = [
                each
                for each, end in self._by_words(given, view, wording.head(LONG))
                if end + CONTEXT <= LONG
            ]
            if any(each.action is Action.BLOCK for each in early):
                # It is blocked for its beginning: the rest, which may be hostile, is not read.
                yield from early
                return
        yield from (each for each, _ in self._by_words(given, view, wording))
        yield from self._patterns(given, view, wording, clock)

    def _by_words(self, given: str, view: View, wording: Wording) -> Iterator[tuple[Match, int]]:
        """Yield what phrases and nears find, each with the word after its last."""
        found = self._lexicon.find(wording)
        for hit in self._every_hit(wording, found):
            start, end = wording.starts[hit.start], wording.ends[hit.end - 1]
            yield _match(hit, given, view, start, end), hit.end

    def _every_hit(self, wording: Wording, found: Found) -> list[Hit]:
        """Return what counts of all that the rules find."""
        hits = self._found(wording, found)
        for rule in self.loaded.policy.rules:
            if rule.weighed:
                hits = weighed_hits(rule, rule.weighed, hits, wording, found)
        return hits

    def _found(self, wording: Wording, found: Found) -> list[Hit]:
        """Return what phrases and nears find, and neither tense nor another phrase undoes."""
        rules = self.loaded.policy.rules
        return [h for r in rules for h in hits_of(r, wording, found) if counts(h, wording, found)]

    def features(self, rule: Rule, text: str) -> list[dict[str, int]]:
        """Return what a weighed rule has to weigh, term by term, with what no weight knows yet."""
        wording = read_words(text)
        found = self._lexicon.find(wording)
        hits = [h for h in self._found(wording, found) if h.rule.category == rule.category]
        groups = sorted(each[2:] for each in found.ends if each.startswith("g:"))
        about = rule.weighed.about if rule.weighed else ()
        return [
            features_of(each, groups, found, near=any(each.touches(h.start, h.end) for h in hits))
            for each in occurrences(about, wording, found)
        ]

    def _patterns(self, given: str, view: View, wording: Wording, clock: Clock) -> Iterator[Match]:
        """Try the regular expressions, sentence by sentence, until their time is up."""
        rules = [each for each in self.loaded.policy.rules if each.patterns and clock.left > 0]
        began = time.monotonic()
        for start, end in _pieces(wording, len(view.text)) if rules else ():
            for rule in rules:
                for source in rule.patterns:
                    pattern = self.loaded.patterns[source]
                    left = max(clock.left - (time.monotonic() - began), LEAST)
                    try:
                        spans = [
                            each.span()
                            for each in pattern.finditer(view.text, start, end, timeout=left)
                        ]
                    except TimeoutError:
                        clock.take(time.monotonic() - began, slow=True)
                        self._seconds = SLOW_SECONDS
                        yield _too_slow(rule, source, given, view, (start, end))
                        return
                    for first, last in spans:
                        if last > first:
                            yield _match(Hit(rule, 0, 0), given, view, first, last)
        clock.take(time.monotonic() - began, slow=False)

    def _open_in(self, view: View, length: int) -> int:
        whole = read_words(view.text)
        at = length
        if any(each.patterns for each in self.loaded.policy.rules) and view.text:
            *_, (start, _end) = _pieces(whole, len(view.text))
            at = view.starts[start]
        # What stands further back is settled: no match and nothing that undoes it reaches so far.
        wording = whole.tail(LONGEST_TAIL)
        if not wording.words:
            return at
        found = self._lexicon.find(wording, watch=True)
        rules = self.loaded.policy.rules
        known = min(found.horizon, *(open_word(each, wording, found) for each in rules))
        weighed = min(open_weighed(each, known, wording, found) for each in rules)
        first = min(open_judged(each, rules, weighed, wording, found) for each in rules)
        return min(at, view.starts[wording.starts[first]]) if first < len(wording.words) else at


def _needed(
    loaded: Loaded, gazetteer: Mapping[str, Sequence[Phrase]]
) -> dict[str, Sequence[Phrase]]:
    """Return the groups that a policy's rules come to, of its own and of the gazetteer."""
    every = {**gazetteer, **loaded.groups}
    needed: dict[str, Sequence[Phrase]] = {}
    waiting = {
        each for phrases in loaded.phrases.values() for p in phrases for each in groups_of(p)
    }
    for rule in loaded.policy.rules:
        waiting.update(rule.unless, *(near.terms for near in rule.near))
        if rule.weighed:
            waiting.update(PLACES, rule.weighed.about, shipped_weights(rule.weighed.weights).groups)
    while waiting:
        name = waiting.pop()
        if name in every and name not in needed:
            needed[name] = every[name]
            waiting.update(each for phrase in every[name] for each in groups_of(phrase))
    return needed


def _match(hit: Hit, given: str, view: View, start: int, end: int) -> Match:
    first, last = view.span(start, end)
    rule = hit.rule
    return Match(
        STAGE,
        rule.id,
        rule.category,
        first,
        last,
        given[first:last],
        rule.action,
        view=view.name,
        reason=f"{rule.reason} {hit.says}".rstrip(),
    )


def _too_slow(rule: Rule, source: str, given: str, view: View, piece: tuple[int, int]) -> Match:
    first, last = view.span(*piece)
    return Match(
        STAGE,
        rule.id,
        rule.category,
        first,
        last,
        given[first:last],
        Action.REVIEW,
        0.0,
        view.name,
        f"The pattern {quoted(source)} takes too long here and was stopped: whether it "
        "matches is not known. Make it simpler.",
    )


def _pieces(wording: Wording, length: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of the sentences, the long ones in pieces."""
    starts = [wording.starts[each] for each in wording.sentences[1:]]
    for start, end in pairwise([0, *starts, length]):
        for at in range(start, end, LONGEST_PIECE):
            yield at, min(at + LONGEST_PIECE, end)
