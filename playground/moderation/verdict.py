"""What the rail says of a text: every match with rule, category and span, and one action."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What is to be done, from the mildest to the strictest."""

    ALLOW = "allow"
    REVIEW = "review"
    REDACT = "redact"
    BLOCK = "block"

    @property
    def strictness(self) -> int:
        """The rank among the four, 0 for `allow`."""
        return list(Action).index(self)


@dataclass(frozen=True)
class Match:
    """One find of one rule.

    Attributes
    ----------
    stage, rule, category : str
        Which stage of the rail found it, by which rule, and what kind of content that is.
    start, end : int
        Its span in the text as given, in code points.
    text : str
        What stands there: exactly ``given[start:end]``.
    action : Action
        What the rule asks for.
    score : float
        How sure the stage is, 0 to 1. A rule that matches or does not is sure.
    view : str
        In which reading of the text it was found.
    reason : str
        One sentence for the reader.
    """

    stage: str
    rule: str
    category: str
    start: int
    end: int
    text: str
    action: Action
    score: float = 1.0
    view: str = "as written"
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it under the names of the command's JSON."""
        return {
            "rule": self.rule,
            "category": self.category,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "stage": self.stage,
            "action": self.action.value,
            "score": self.score,
            "view": self.view,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Verdict:
    """Every match of a text, in the order of their places.

    Attributes
    ----------
    matches : tuple of Match
        What was found.
    scores : mapping of str to float
        The highest score of each category that was looked for, also below its threshold.
    """

    matches: tuple[Match, ...] = ()
    scores: tuple[tuple[str, float], ...] = ()

    @property
    def action(self) -> Action:
        """The strictest that a match asks for; `allow` where there is none."""
        return strictest(each.action for each in self.matches)

    @property
    def flagged(self) -> bool:
        """Whether anything is to be done."""
        return self.action is not Action.ALLOW

    def to_json(self) -> dict[str, Any]:
        """Return it under the names of the command's JSON."""
        scores = dict(self.scores)
        for each in self.matches:
            scores[each.category] = max(each.score, scores.get(each.category, 0.0))
        flagged = {each.category for each in self.matches if each.action is not Action.ALLOW}
        return {
            "flagged": self.flagged,
            "action": self.action.value,
            "categories": {name: name in flagged for name in sorted(scores)},
            "category_scores": {name: scores[name] for name in sorted(scores)},
            "matches": [each.to_json() for each in self.matches],
        }


def strictest(actions: Iterable[Action]) -> Action:
    """Return the strictest of some actions; `allow` for none."""
    return max(actions, key=lambda each: each.strictness, default=Action.ALLOW)
