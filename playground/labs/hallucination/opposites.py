"""Words that say the contrary of each other: "older" and "younger", "legal" and "illegal"."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

_PAIRS = [
    frozenset(pair.split("/"))
    for pair in (
        *("yes/no", "true/false", "right/wrong", "correct/incorrect", "possible/impossible"),
        *("before/after", "above/below", "more/less", "most/least", "higher/lower", "up/down"),
        *("largest/smallest", "biggest/smallest", "highest/lowest", "longest/shortest"),
        *("first/last", "north/south", "east/west", "left/right", "open/closed", "alive/dead"),
        *("increase/decrease", "increases/decreases", "increased/decreased", "always/never"),
        *("safe/dangerous", "old/young", "older/younger", "oldest/youngest", "few/many"),
        *("fewer/more", "fewest/most", "all/some", "all/none", "everyone/nobody", "has/lacks"),
        *("have/lack", "had/lacked", "contains/lacks", "rose/fell", "rise/fall", "rises/falls"),
        *("grew/shrank", "accepted/refused", "accepts/refuses", "accept/refuse", "round/flat"),
        *("accepted/rejected", "hot/cold", "hotter/colder", "warmer/cooler", "big/small"),
        *("bigger/smaller", "large/small", "larger/smaller", "tall/short", "taller/shorter"),
        *("long/short", "longer/shorter", "fast/slow", "faster/slower", "fastest/slowest"),
        *("heavy/light", "heavier/lighter", "summer/winter", "won/lost", "win/lose", "wins/loses"),
        *("male/female", "man/woman", "father/mother", "brother/sister", "king/queen"),
        *("husband/wife", "son/daughter", "northern/southern", "eastern/western", "day/night"),
        *("black/white", "good/bad", "better/worse", "best/worst", "early/late", "earlier/later"),
        *("inside/outside", "hard/soft", "easy/difficult", "easy/hard", "rich/poor"),
        *("cheap/expensive", "strong/weak", "wet/dry", "full/empty", "began/ended"),
        *("begins/ends", "bought/sold", "friend/enemy", "loves/hates", "passed/failed"),
        *("allowed/forbidden", "near/far", "nearer/farther", "guilty/innocent", "war/peace"),
    )
]
_PREFIXES = ("un", "in", "il", "im", "ir", "dis", "non", "non-", "mis")


def are_opposed(mine: AbstractSet[str], theirs: AbstractSet[str]) -> bool:
    """Say whether a word of one text is the contrary of one of the other.

    Parameters
    ----------
    mine, theirs : set of str
        The words, in lower case, that only one of them has.

    Examples
    --------
    >>> are_opposed({"older"}, {"younger"}), are_opposed({"legal"}, {"illegal"})
    (True, True)
    >>> are_opposed({"blue"}, {"green"})
    False
    """
    if any(pair & mine and pair & theirs for pair in _PAIRS):
        return True
    return _has_prefixed(mine, theirs) or _has_prefixed(theirs, mine)


def _has_prefixed(words: AbstractSet[str], others: AbstractSet[str]) -> bool:
    return any(prefix + word in others for word in words if len(word) > 2 for prefix in _PREFIXES)
