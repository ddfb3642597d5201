"""No disguise costs more than ten points of recall, on the examples that the policies ship."""

import pytest

from playground.moderation.evasions import EVASIONS, evade
from playground.moderation.policies import shipped_policies
from playground.moderation.rail import shipped_rail

MOST_LOST = 0.10
EVERY = 9
"""Only every ninth example: the lab's bench tries all."""


@pytest.fixture(scope="module")
def caught() -> list[str]:
    rules = (rule for stage in shipped_policies() for rule in stage.loaded.policy.rules)
    examples = [each for rule in rules for each in rule.examples.match][::EVERY]
    return [each for each in examples if shipped_rail().check(each).flagged]


@pytest.mark.parametrize("name", EVASIONS)
def test_a_disguise_costs_little_recall(caught: list[str], name: str) -> None:
    assert len(caught) > 30
    disguised = [evade(each, name, seed) for seed, each in enumerate(caught)]
    still = sum(shipped_rail().check(each).flagged for each in disguised)
    assert still >= (1 - MOST_LOST) * len(caught)
