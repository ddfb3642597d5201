"""All policies as one stage: one time limit, however many of them are hostile."""

from __future__ import annotations

import time

from playground.moderation.all_policies import AllPolicies, together
from playground.moderation.policies import policy_stage
from playground.moderation.rewriting import as_written

HOSTILE = """\
policy: p{number}
title: Slow
categories: [{{id: slow{number}, title: Slow}}]
rules:
  - {{id: slow{number}, category: slow{number}, action: block, reason: r,
     patterns: ['(?:a|a|aa)+b']}}
"""
GOOD = """\
policy: good
title: No pears
categories: [{id: pear, title: Pear}]
rules: [{id: pear, category: pear, action: block, reason: r, patterns: [pe+ar]}]
"""


def test_hostile_policies_share_one_time_and_the_last_one_still_has_some() -> None:
    hostile = [policy_stage(HOSTILE.format(number=each), "slow.yaml") for each in range(12)]
    every = AllPolicies([*hostile, policy_stage(GOOD, "good.yaml")])
    text = f"{'a' * 300}. peear"
    spent = []
    for _ in range(2):
        began = time.process_time()
        found = every.find(text, [as_written(text)])
        spent.append(time.process_time() - began)
    assert [each.text for each in found if each.rule == "pear"] == ["peear"]
    slow = [each for each in found if each.rule != "pear"]
    assert len(slow) == 12
    assert all("takes too long" in each.reason for each in slow)
    assert spent[0] < 1  # one after the other they would take twelve times 0.3 s
    assert spent[1] < 0.2


def test_the_same_policies_are_the_same_stage() -> None:
    good = policy_stage(GOOD, "good.yaml")
    assert together((good,)) is together((good,))
    assert AllPolicies(()).find("pear", [as_written("pear")]) == []
    assert AllPolicies(()).open_from("pear", [as_written("pear")]) == 4
