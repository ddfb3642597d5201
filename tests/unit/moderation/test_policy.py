"""A policy's file: what is wrong with it is one sentence with its line."""

import pytest

from playground.errors import PolicyRefused
from playground.moderation.policy import read_policy

GOOD = """\
policy: fruit
title: No fruit
categories:
  - id: fruit
    title: Fruit
terms:
  fruit: [apple*, pear]
rules:
  - id: eaten
    category: fruit
    action: block
    reason: Somebody eats fruit.
    phrases: [eat <fruit>]
"""
WEIGHED = "weighed: {about: [fruit], weights: nuts}"


def refused(text: str) -> str:
    with pytest.raises(PolicyRefused) as caught:
        read_policy(text, "fruit.yaml")
    return str(caught.value)


def test_a_good_policy_is_read() -> None:
    loaded = read_policy(GOOD, "fruit.yaml")
    assert loaded.policy.rules[0].action.value == "block"
    assert loaded.lines["rules", 0, "phrases"] == 13


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "action: block",
            "action: forbid",
            "line 11: action must be 'allow', 'review', 'redact' or 'block', not 'forbid'",
        ),
        ("reason:", "raeson:", "is not a key of a policy"),
        ("<fruit>]", "<nuts>]", "line 13: <nuts> is no group"),
        ("pear]", "<fruit>]", "line 7: the group 'fruit' contains itself"),
        ("category: fruit\n", "category: nuts\n", "line 10: the category 'nuts' is none of fruit"),
        ("[eat <fruit>]", "[]", "line 9: the rule 'eaten' looks for nothing"),
        ("[eat <fruit>]", '["..."]', "line 13: the phrase '...' has nothing"),
        ("[eat <fruit>]", '["eat <fruit"]', "line 13:"),
        ("phrases: [eat <fruit>]", "patterns: ['(a']", "line 13: '(a' is no regular expression"),
        ("phrases: [eat <fruit>]", "patterns: ['a*']", "matches the empty text"),
        ("phrases: [eat <fruit>]", "patterns: ['a(?R)?']", "line 13: the pattern 'a(?R)?' calls"),
        ("phrases: [eat <fruit>]", f"patterns: ['{'(' * 900}a{')' * 900}']", "too deep"),
        ("phrases: [eat <fruit>]", WEIGHED, "line 13: there are no weights 'nuts': name one of"),
        ("title: No fruit", "title: a\0b", "line 2: the character U+0000"),
        ("title: No fruit", "title: !foo bar", "line 2: !foo is read as a tag"),
        ("title: No fruit", "title: ~", "line 2: title must be a text"),
        ("title: No fruit", "title: [", "line 4: this is not YAML"),
        ("title: No fruit", "title: a\ntitle: b", "line 3: 'title' stands here and in line 2"),
        ("title: No fruit", "title: &x a\nabout: *x", "line 3: *x refers to another place"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, says: str) -> None:
    sentence = refused(GOOD.replace(old, new))
    assert sentence.startswith("fruit.yaml, line ")
    assert says in sentence


def test_two_rules_of_one_id_are_refused() -> None:
    second = GOOD[GOOD.index("  - id: eaten") :]
    assert "line 14: the id 'eaten' stands already in line 9" in refused(GOOD + second)


@pytest.mark.parametrize("text", ["", "# nothing\n", "just words", "- a\n- b\n"])
def test_a_file_without_a_policy_is_refused(text: str) -> None:
    assert "a policy is a mapping" in refused(text)


def test_a_policy_without_rules_is_refused() -> None:
    assert "line 8: rules must have at least 1 item" in refused(
        GOOD[: GOOD.index("rules:")] + "rules: []"
    )


def test_a_deep_file_is_refused_before_it_ends_the_stack() -> None:
    assert "deep" in refused("a: " + "[" * 5000)


def test_words_stay_words() -> None:
    loaded = read_policy(GOOD.replace("pear]", "no, on, 12]"), "fruit.yaml")
    assert loaded.policy.terms["fruit"] == ["apple*", "no", "on", "12"]
