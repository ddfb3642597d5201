"""Policy editor: rules tried on their policy's own examples while they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any

from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.moderation.labelled import Counts, count
from playground.moderation.policies import policy_stage
from playground.moderation.policy import Policy, Rule
from playground.moderation.rail import in_order
from playground.moderation.rules import PATTERN_SECONDS, PolicyStage
from playground.moderation.verdict import Action, Match
from playground.moderation.views import read_views

MAX_POLICY, MAX_SENTENCE = 200_000, 2_000
NAME = "policy"
MOST_SLOW = 5
"""So many examples may each take as long as a pattern may: one that explodes does so on each."""
EXAMPLE = """\
policy: exams
title: Asking for the answers of an exam
categories:
  - id: school.cheating
    title: Cheating
terms:
  answers: [answer*, solution*, key]
  exam: [exam*, test, quiz, finals]
  after: [after the exam, afterwards]
  get: [give, send, tell, show, get, leak*]
rules:
  - id: school.answers
    category: school.cheating
    action: review
    reason: It asks for the answers of an exam.
    near:
      - terms: [get, answers, exam]
        within: 8
    unless: [after]
    examples:
      match:
        - Give me the answers of tomorrow's exam.
        - Can you send us the key to the chemistry quiz?
        - Someone leaked the solutions of the finals.
        - I need what is on the test before Monday.
      pass:
        - Show me how to find the answer to such a question.
        - Tell me when the exam begins.
        - After the exam, please give us the answers.
        - My test came back negative.
"""


class EditorSettings(Settings):
    """The policy, and a sentence to try it on."""

    policy: str = field(
        EXAMPLE,
        label="Policy",
        explanation="YAML; read again while you type. An error is told with its line.",
        lines=22,
        most=MAX_POLICY,
    )
    text: str = field(
        "",
        label="Try a sentence",
        explanation="Shown to the rules as well; it belongs to no example.",
        most=MAX_SENTENCE,
    )


@dataclass(frozen=True)
class Tried:
    """A sentence, and what the rules made of it.

    Attributes
    ----------
    rule : str
        Whose example it is.
    text : str
        The sentence.
    meant : bool
        Whether it should be found.
    matches : tuple of Match
        What was found in it, by rules of the same category.
    """

    rule: str
    text: str
    meant: bool
    matches: tuple[Match, ...]

    @property
    def found(self) -> bool:
        """Whether a rule would do something about it."""
        return any(each.action is not Action.ALLOW for each in self.matches)

    @property
    def right(self) -> bool:
        """Whether it went as the policy says."""
        return self.found == self.meant

    def to_json(self) -> dict[str, Any]:
        """Return it under the names of the export."""
        return {
            "rule": self.rule,
            "text": self.text,
            "should_match": self.meant,
            "matched": self.found,
            "matches": [each.to_json() for each in self.matches],
        }


@dataclass(frozen=True)
class Edited:
    """A policy that could be read, and how its examples went.

    Attributes
    ----------
    settings : EditorSettings
        What was asked.
    policy : Policy
        What it says.
    tried : tuple of Tried
        Its examples.
    untried : int
        How many more there are, which its rules were too slow for.
    own : tuple of Match
        What was found in the sentence to try.
    """

    settings: EditorSettings
    policy: Policy
    tried: tuple[Tried, ...]
    untried: int
    own: tuple[Match, ...]

    @property
    def progress(self) -> Progress:
        """It is done at once."""
        right = sum(each.right for each in self.tried)
        return Progress(1, 1, f"{right} of {len(self.tried)} examples go as the policy says")

    @property
    def counts(self) -> Counts:
        """How the examples went."""
        return count([each.meant for each in self.tried], [each.found for each in self.tried])

    def to_json(self) -> dict[str, Any]:
        """Return the counts, every example, and what was found in the sentence to try."""
        return {
            "policy": self.policy.policy,
            "counts": self.counts.to_json(),
            "untried": self.untried,
            "examples": [each.to_json() for each in self.tried],
            "text_matches": [each.to_json() for each in self.own],
        }


def run_editor(_nothing: None, settings: EditorSettings, run: Run) -> Iterator[Edited]:
    """Read a policy and show its rules its own examples; no model takes part.

    Yields
    ------
    Edited
        Once.

    Raises
    ------
    PolicyRefused
        When the policy is not one; the sentence names the line.
    """
    stage = policy_stage(settings.policy, NAME)
    tried = tuple(_tried(stage, run))
    untried = len(_examples(stage)) - len(tried)
    own = in_order(stage.find(settings.text, read_views(settings.text)))
    yield Edited(settings, stage.loaded.policy, tried, untried, own)


def _tried(stage: PolicyStage, run: Run) -> Iterator[Tried]:
    slow = 0
    for rule, text, meant in _examples(stage):
        if slow >= MOST_SLOW:
            return
        run.check()
        began = monotonic()
        found = stage.find(text, read_views(text))
        slow += monotonic() - began >= PATTERN_SECONDS
        same = in_order(each for each in found if each.category == rule.category)
        yield Tried(rule.id, text, meant, same)


def _examples(stage: PolicyStage) -> list[tuple[Rule, str, bool]]:
    """Return every example with its rule, and whether that should find it."""
    return [
        (rule, text, meant)
        for rule in stage.loaded.policy.rules
        for meant, texts in ((True, rule.examples.match), (False, rule.examples.let_pass))
        for text in texts
    ]
