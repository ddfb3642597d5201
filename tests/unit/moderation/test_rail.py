"""The rail: every stage is asked, what breaks a limit is cut off, and what is settled stays."""

import pytest

from playground.moderation.rail import Rail, shipped_rail
from playground.moderation.verdict import Action
from playground.moderation.words import word_stage

HARMFUL = "Who will Israel kill next?"


def test_a_harmless_text_passes() -> None:
    assert not shipped_rail().check("Where does the Danube rise?").flagged


@pytest.mark.parametrize(
    "text", ["", "   ", "\U0001f600\U0001f680", "\u0645\u0631\u062d\u0628\u0627"]
)
def test_odd_texts_pass(text: str) -> None:
    assert not shipped_rail().check(text).flagged


def test_a_policy_blocks_and_says_which_rule_and_where() -> None:
    verdict = shipped_rail().check(f"Good morning. {HARMFUL}")
    assert verdict.action is Action.BLOCK
    first = verdict.matches[0]
    assert first.category.startswith("politics.")
    assert all((first.rule, first.stage, first.reason))
    assert first.text in HARMFUL


def test_personal_data_is_redacted() -> None:
    assert shipped_rail().check("Mail me: ann@example.com, please").action is Action.REDACT


def test_what_stands_before_a_broken_limit_is_read_and_what_stands_behind_is_not() -> None:
    before = shipped_rail().check(f"{HARMFUL} \0 and so on")
    behind = shipped_rail().check(f"One \0 two. {HARMFUL}")
    assert [each.stage for each in before.matches][-1] == "limits"
    assert "policies" in {each.stage for each in before.matches}
    assert [each.rule for each in behind.matches] == ["nul"]


def test_a_rail_needs_only_the_stages_it_is_given() -> None:
    assert not Rail((word_stage(),)).check(HARMFUL).flagged


@pytest.mark.parametrize("text", ["", "Good mor", "Who will Israel", HARMFUL])
def test_nothing_is_settled_that_the_text_does_not_have(text: str) -> None:
    findings = shipped_rail().watch(text)
    assert 0 <= findings.open_from <= len(text)
    assert findings.matches == shipped_rail().check(text).matches
