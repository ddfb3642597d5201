"""The examples that the shipped policies carry: what they are to find, and what to let pass."""

from __future__ import annotations

from functools import cache

from playground.moderation.policies import shipped_policies


@cache
def meant_examples(most: int | None = None) -> tuple[str, ...]:
    """Return what the shipped policies are to find, at most so many, spread evenly over them."""
    rules = (rule for stage in shipped_policies() for rule in stage.loaded.policy.rules)
    found = list(dict.fromkeys(text for rule in rules for text in rule.examples.match))
    if most is None or most >= len(found):
        return tuple(found)
    return tuple(found[place * len(found) // most] for place in range(most))


@cache
def near_misses() -> tuple[str, ...]:
    """Return what the shipped policies are to let pass."""
    rules = (rule for stage in shipped_policies() for rule in stage.loaded.policy.rules)
    return tuple(dict.fromkeys(text for rule in rules for text in rule.examples.let_pass))
