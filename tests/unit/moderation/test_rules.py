"""The stage of the policies: what it finds, where, and from where on a text is open."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playground.moderation.policies import policy_stage
from playground.moderation.rules import PolicyStage
from playground.moderation.verdict import Match
from playground.moderation.view import AS_WRITTEN, View

POLICY = """\
policy: fruit
title: No fruit
categories: [{id: fruit, title: Fruit}]
terms:
  fruit: [apple*, pear, red pear tree, "<colour> plum"]
  colour: [red, dark red]
  eater: [he, she, the man]
  eat: [eat, ate, eats, devour*]
  history: [long ago, in history]
rules:
  - {id: eaten, category: fruit, action: block, reason: r, phrases: ["eat the? <fruit> !tart"],
     unless: [history]}
  - {id: near, category: fruit, action: redact, reason: r,
     near: [{terms: [eater, eat, fruit], within: 6}]}
  - {id: twice, category: fruit, action: review, reason: r,
     near: [{terms: [eater, colour], within: 9, sentences: 2}]}
  - {id: order, category: fruit, action: review, reason: r,
     near: [{terms: [eat, colour], within: 9, in_order: true}]}
  - {id: planned, category: fruit, action: review, reason: r, phrases: [devour* ...2 pear],
     tense: [future]}
  - {id: name, category: fruit, action: review, reason: r, phrases: [man called <name>, =US plum]}
"""


def as_written(text: str) -> View:
    return View(AS_WRITTEN, text, range(len(text)), range(1, len(text) + 1))


@pytest.fixture(scope="module")
def stage() -> PolicyStage:
    return policy_stage(POLICY, "fruit.yaml")


def find(stage: PolicyStage, text: str) -> list[Match]:
    return stage.find(text, [as_written(text)])


@pytest.mark.parametrize(
    ("text", "rule", "span"),
    [
        ("They eat the apples.", "eaten", "eat the apples"),
        ("EAT a plum, eat dark red plum", "eaten", "eat dark red plum"),
        ("eat the pear tart", "eaten", None),
        ("long ago they eat pear", "eaten", None),
        ("Long ago. They eat pear", "eaten", "eat pear"),
        ("an apple is what she devoured", "near", "apple is what she devoured"),
        ("she has a house, a car, a boat and eats apples", "near", None),
        ("He came. It was red.", "twice", "He came. It was red"),
        ("He came. It was big. It was red.", "twice", None),
        ("They eat what is red", "order", "eat what is red"),
        ("What is red they eat", "order", None),
        ("I will devour a big pear", "planned", "devour a big pear"),
        ("I devoured a big pear", "planned", None),
        ("a man called Jo Ann Smith came", "name", "man called Jo Ann Smith"),
        ("a man called nobody", "name", None),
        ("We eat. Pear is a word.", "eaten", None),
        ("eat the pear. Tart is a word.", "eaten", "eat the pear"),
        ("I will devour two big. Pear is a word.", "planned", None),
        ("a US plum", "name", "US plum"),
        ("give us plum", "name", None),
    ],
)
def test_what_is_found_and_where(
    stage: PolicyStage, text: str, rule: str, span: str | None
) -> None:
    found = [each for each in find(stage, text) if each.rule == rule]
    assert [each.text for each in found] == ([] if span is None else [span])
    assert all(text[each.start : each.end] == each.text for each in found)


def test_a_match_in_another_reading_cuts_the_text_as_given(stage: PolicyStage) -> None:
    given = "they e-a-t pear"
    view = View(
        "joined", "they eat pear", [*range(5), 5, 7, 9, *range(10, 15)], [*range(1, 16)][2:]
    )
    (match,) = stage.find(given, [as_written(given), view])
    assert (match.text, match.view) == ("e-a-t pear", "joined")


WORDS = """
eat ate the apples pear red dark plum tart he she man called Jo long ago will devour . ? us US
"""
TEXTS = st.lists(st.sampled_from(WORDS.split()), max_size=25).map(" ".join)


@settings(max_examples=60, deadline=None)
@example(text="we eat the", later="apples", glue=" ")
@example(text="they eat pear", later="tart", glue=" ")
@example(text="they eat pear and", later="long ago", glue=" ")
@example(text="she has an apple", later="ate", glue=" ")
@example(text="he came.", later="red", glue=" ")
@example(text="devour pear", later="will", glue=" ")
@example(text="eat red pear", later="tree", glue=" ")
@example(text="they eat. ", later="pear and so on.", glue="")
@given(text=TEXTS, later=TEXTS, glue=st.sampled_from(["", " ", ". ", "s "]))
def test_what_is_settled_never_changes(
    stage: PolicyStage, text: str, later: str, glue: str
) -> None:
    """Whatever follows, the matches that begin before `open_from` stay as they are."""
    bound = stage.open_from(text, [as_written(text)])
    now = [each for each in find(stage, text) if each.start < bound]
    whole = find(stage, text + glue + later)
    assert [each for each in whole if each.start < bound] == now


def test_a_long_text_that_is_blocked_for_its_beginning_is_not_read_to_its_end(
    stage: PolicyStage,
) -> None:
    filler = "so it is " * 1_000
    assert [each.start for each in find(stage, f"eat pear. {filler}eat pear")] == [0]
    assert [each.text for each in find(stage, f"{filler}eat pear")] == ["eat pear"]
    assert find(stage, "eat pear " + "and so on " * 10 + "long ago. " + filler) == []


def test_nothing_is_open_after_plain_words(stage: PolicyStage) -> None:
    text = "The weather is fine and the sea is calm "
    assert stage.open_from(text, [as_written(text)]) >= len("The weather is fine and the sea is ")
    assert stage.open_from("We eat ", [as_written("We eat ")]) == len("We ")


def test_a_pattern_that_explodes_is_stopped_and_says_so() -> None:
    policy = POLICY[: POLICY.index("rules:")] + (
        "rules: [{id: bad, category: fruit, action: block, reason: r, patterns: ['(a|aa|a?a)+$']}]"
    )
    (match,) = find(policy_stage(policy, "bad.yaml"), "a" * 300 + "b")
    assert match.action.value == "review"
    assert "was stopped" in match.reason


@pytest.mark.parametrize("text", ["", " ", "😀😀", "\0", "\ud800", "مرحبا بالعالم", "где мы?"])
def test_odd_texts_pass(stage: PolicyStage, text: str) -> None:
    assert find(stage, text) == []
    assert stage.open_from(text, [as_written(text)]) <= len(text)


def test_a_pattern_that_explodes_has_one_time_for_all_readings_and_less_from_then_on() -> None:
    text = POLICY[: POLICY.index("terms:")] + (
        "rules: [{id: slow, category: fruit, action: block, reason: r, patterns: ['(?:a|a|aa)+b']}]"
    )
    slow = policy_stage(text, "slow.yaml")
    views = [as_written("a" * 300)] * 5
    start = time.process_time()
    (match,) = slow.find(views[0].text, views)
    first = time.process_time()
    slow.find(views[0].text, views)
    assert "takes too long here" in match.reason
    assert first - start < 0.8
    assert time.process_time() - first < 0.2
