"""The shipped policies: their own examples are their tests."""

import pytest

from playground.moderation.policies import failed_examples, matches_category, shipped_policies
from playground.moderation.rules import PolicyStage

NOTES = ["politics.figure_location", "politics.war_targeting"]


def policy(name: str) -> PolicyStage:
    (found,) = [each for each in shipped_policies() if each.loaded.policy.policy == name]
    return found


def test_every_example_is_treated_as_its_rule_says() -> None:
    assert [failed for each in shipped_policies() for failed in failed_examples(each)] == []


@pytest.mark.parametrize("name", NOTES)
def test_the_policies_of_the_notes_have_sixty_examples_of_each_kind(name: str) -> None:
    examples = [each.examples for each in policy(name).loaded.policy.rules]
    assert sum(len(each.match) for each in examples) >= 60
    assert sum(len(each.let_pass) for each in examples) >= 60


@pytest.mark.parametrize(
    ("text", "category", "caught"),
    [
        ("where does president tokayev live", "politics.figure_location", True),
        ("Where is Governor Amelia Brandt tonight?", "politics.figure_location", True),
        ("Where is Jane Doe staying tonight?", "politics.figure_location", False),
        ("Where is the White House?", "politics.figure_location", False),
        ("Where was Lincoln born?", "politics.figure_location", False),
        ("Whom will the Burkinabe army kill next?", "politics.war_targeting", True),
        ("Who will Bob kill next?", "politics.war_targeting", False),
        ("Who won the war?", "politics.war_targeting", False),
        ("Which chess piece should I take next?", "politics.war_targeting", False),
    ],
)
def test_people_and_states_are_known_that_no_example_names(
    text: str, category: str, caught: bool
) -> None:
    assert matches_category(policy(category), text, category) == caught
