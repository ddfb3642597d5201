"""The learned stage: how likely a sentence asks for harm, by a logistic head on MiniLM's vectors.

It is the only stage that gives a probability, and the only one that can be wrong about a text which
no rule names. So it says "review" where one in fifty harmless sentences would be said so by
mistake, and "block" only where one in five hundred would; see `HEAD_FIGURES` for how that was
measured.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

from playground.moderation.sentences import cut_sentences
from playground.moderation.verdict import Action, Match
from playground.moderation.view import View

if TYPE_CHECKING:  # NumPy takes a tenth of a second, and every rail knows of this stage
    import numpy as np
    from numpy.typing import NDArray

CATEGORY = "harm"
RULE = "harm.learned"
LAYERS = 4
MOST_SENTENCES = 256
MOST_READ = 20_000
_KEPT_SCORES = 4_096
_HEAD = "classifier.npz"
HEAD_FIGURES = "classifier_figures.json"

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Head:
    """A logistic regression on vectors of length 1, and from where on it speaks.

    Parameters
    ----------
    weights : array of shape (C,)
        Of a vector.
    intercept : float
        The log-odds of a vector of zeros.
    review, block : float
        The probabilities from which on a sentence is marked for review, and blocked.
    """

    weights: NDArray[np.float64]
    intercept: float
    review: float
    block: float

    def probabilities(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return how likely each of some vectors, shape (N, C), asks for harm: shape (N,).

        Rounded to four digits: the last bits of a vector depend on what was computed beside it.
        """
        import numpy as np

        from playground.core.activations import sigmoid

        odds = vectors.astype(np.float64) @ self.weights + self.intercept
        return np.asarray(sigmoid(odds), np.float64).round(4)

    def action(self, probability: float) -> Action:
        """Return what is done about a sentence."""
        if probability >= self.block:
            return Action.BLOCK
        return Action.REVIEW if probability >= self.review else Action.ALLOW


def shipped_head() -> Head:
    """Return the head that was fitted by ``benchmarks/harm_classifier.py``."""
    import numpy as np

    raw = files("playground.data").joinpath("moderation", _HEAD).read_bytes()
    with np.load(BytesIO(raw), allow_pickle=False) as stored:
        return Head(
            stored["weights"].astype(np.float64),
            float(stored["intercept"]),
            float(stored["review"]),
            float(stored["block"]),
        )


class Classifier:
    """The stage that reads sentence by sentence.

    Parameters
    ----------
    embed : callable
        Turns N texts into vectors of length 1, shape (N, C): `Embedder.embed` of all-MiniLM-L6-v2.
    head : Head
        What was learned on such vectors.
    policies : sequence of (str, Head)
        Categories of policies, each with what was learned of its wording.
    """

    name = "classifier"

    def __init__(self, embed: Embed, head: Head, policies: Sequence[tuple[str, Head]] = ()) -> None:
        self._embed = embed
        self._head = head
        self._heads = (
            (CATEGORY, RULE, head),
            *((name, f"{name}.learned", h) for name, h in policies),
        )
        self._guard = threading.Lock()
        self._known: OrderedDict[str, tuple[float, ...]] = OrderedDict()

    def speaking_from(self, review: float, block: float) -> Classifier:
        """Return the same classifier with other thresholds of harm; what it scored it knows."""
        head = replace(self._head, review=review, block=block)
        policies = [(category, other) for category, _, other in self._heads[1:]]
        one = Classifier(self._embed, head, policies)
        one._guard, one._known = self._guard, self._known
        return one

    def find(self, given: str, views: Sequence[View]) -> Sequence[Match]:
        """Return the sentences that are to be reviewed or blocked; a place counts once.

        Of a view, `MOST_SENTENCES` within `MOST_READ` characters are read, so that no text takes
        longer than seconds; a match that allows says from where on the text was not.
        """
        places = _places(views)
        scores = self._every_score([each.text for each in places])
        found: dict[tuple[int, int, str], Match] = {}
        for place, chances in zip(places, scores, strict=True):
            for (category, rule, head), score in zip(self._heads, chances, strict=True):
                action = head.action(score)
                key = (place.start, place.end, rule)
                if action is not Action.ALLOW and (key not in found or found[key].score < score):
                    found[key] = _match(given, place, action, score, (category, rule, head))
        unread = [_unread(given, view) for view in views[:1]]
        every = [*found.values(), *(each for each in unread if each)]
        return sorted(every, key=lambda each: (each.start, each.end))

    def open_from(self, given: str, views: Sequence[View]) -> int:
        """Return where the first sentence that has not ended begins, in any view."""
        return min((_opened(given, view) for view in views), default=len(given))

    def highest(self, views: Sequence[View]) -> float:
        """Return the highest score of any sentence that is read, also below the thresholds."""
        return max(self.scores([each.text for each in _places(views)]), default=0.0)

    def scores(self, sentences: Sequence[str]) -> list[float]:
        """Return how likely each sentence asks for harm, 0 to 1; what was scored before is kept."""
        return [each[0] for each in self._every_score(sentences)]

    def _every_score(self, sentences: Sequence[str]) -> list[tuple[float, ...]]:
        """Return how likely each sentence is of each head's kind."""
        with self._guard:
            known = {each: self._known[each] for each in sentences if each in self._known}
        new = [each for each in dict.fromkeys(sentences) if each not in known]
        if new:
            vectors = self._embed(new)
            fresh = [head.probabilities(vectors).tolist() for _, _, head in self._heads]
            known |= dict(zip(new, zip(*fresh, strict=True), strict=True))
            self._keep(known)
        return [known[each] for each in sentences]

    def _keep(self, scores: dict[str, tuple[float, ...]]) -> None:
        with self._guard:
            self._known |= scores
            while len(self._known) > _KEPT_SCORES:
                self._known.popitem(last=False)


def _match(
    given: str, place: _Place, action: Action, score: float, kind: tuple[str, str, Head]
) -> Match:
    category, rule, head = kind
    text = given[place.start : place.end]
    says = "that this asks for harm" if rule == RULE else f"that this is of {category}"
    reason = (
        f"A learned score of {score:.2f} says {says}; from {head.review:.2f} on it is for review, "
        f"from {head.block:.2f} on blocked."
    )
    start, end = place.start, place.end
    name = Classifier.name
    return Match(name, rule, category, start, end, text, action, score, place.view, reason)


@dataclass(frozen=True)
class _Place:
    """A sentence of a view: what it says, where it stands in the text as given."""

    text: str
    start: int
    end: int
    view: str


def _places(views: Sequence[View]) -> list[_Place]:
    """Return the sentences to read; what two views read alike at one place is read once."""
    found: dict[tuple[str, int, int], _Place] = {}
    for view in views:
        spans = cut_sentences(view.text)[0]
        for start, end in spans[: _count_read(spans)]:
            place = _Place(view.text[start:end], *view.span(start, end), view.name)
            found.setdefault((place.text, place.start, place.end), place)
    return list(found.values())


def _count_read(spans: Sequence[tuple[int, int]]) -> int:
    """Return how many of a view's sentences are read: as many however the text goes on."""
    within = bisect_right(spans, MOST_READ, key=lambda span: span[1])
    return min(within, MOST_SENTENCES)


def _unread(given: str, view: View) -> Match | None:
    """Return what tells that the rest was not read, with the first sentence that was not."""
    spans = cut_sentences(view.text)[0]
    count = _count_read(spans)
    if count == len(spans):
        return None
    start, end = view.span(*spans[count])
    reason = (
        f"The classifier reads {MOST_SENTENCES} sentences, or {MOST_READ:,} characters; from here "
        "on it did not."
    )
    return Match(
        Classifier.name,
        "harm.unread",
        CATEGORY,
        start,
        end,
        given[start:end],
        Action.ALLOW,
        0.0,
        view.name,
        reason,
    )


def _opened(given: str, view: View) -> int:
    start = cut_sentences(view.text)[1]
    return view.starts[start] if start < len(view.text) else len(given)
