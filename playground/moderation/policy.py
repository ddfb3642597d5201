"""A policy: categories, terms and rules as a YAML file that a teacher can write.

``docs/moderation.md`` shows the form. Everything that is wrong in a file is one sentence with its
line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

import regex
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from playground.errors import PolicyRefused
from playground.moderation.phrases import GROUP, Misspelt, Phrase, groups_of, parse_phrase
from playground.moderation.tense import Tense
from playground.moderation.verdict import Action
from playground.moderation.weights import known_weights
from playground.moderation.yaml_lines import Path, line_of, read_yaml
from playground.sentences import quoted

MOST_WORDS = 40
"""The furthest that two words of one match may be apart."""

MOST_SENTENCES = 3
"""The most sentences over which a match goes."""

RECURSION = regex.compile(r"\(\?(?:R|[+-]?\d|&|P>)")
"""What lets a regular expression call itself, until the memory is full."""

SHOULD = re.compile(r"^\w+ should ")
"""How pydantic begins a rule, which our sentence begins with the key."""

TRIAL_SECONDS = 0.1
"""How long a pattern may think about the empty text."""

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]*$", max_length=80)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Terms = Annotated[list[Text], Field(min_length=1)]


class _Part(BaseModel):
    """What is common to the parts of a policy: no key that nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Category(_Part):
    """A kind of content, with its names elsewhere."""

    id: Id
    title: Text
    about: str = ""
    openai: str | None = None
    llama_guard: str | None = None


class Near(_Part):
    """Groups of terms that must stand near each other, in any order or in the one given."""

    terms: Annotated[list[Text], Field(min_length=2, max_length=8)]
    within: int = Field(12, ge=1, le=MOST_WORDS)
    sentences: int = Field(1, ge=1, le=MOST_SENTENCES)
    in_order: bool = False


class Weighed(_Part):
    """Terms, of which the words around are weighed: `weights` are shipped ones."""

    about: Terms
    weights: Id


class Examples(_Part):
    """What a rule must find and what it must let pass; both are its tests."""

    match: list[Text] = []
    let_pass: list[Text] = Field(default_factory=list, alias="pass")


class Rule(_Part):
    """One rule.

    Attributes
    ----------
    phrases : list of str
        Phrases, any of which is a match.
    near : list of Near
        Groups that together are a match.
    patterns : list of str
        Regular expressions, any of which is a match.
    weighed : Weighed, optional
        Terms around which the words are weighed. What other rules of the category find near one
        counts only where the sum says so, too.
    unless : list of str
        Groups whose terms, in the same sentence, undo a match.
    tense : list of str
        The tenses in which it counts; all, if left out.
    """

    id: Id
    category: Id
    action: Action
    reason: Text
    phrases: list[Text] = []
    near: list[Near] = []
    patterns: list[Text] = []
    weighed: Weighed | None = None
    unless: list[Text] = []
    tense: list[Tense] = []
    examples: Examples = Field(default_factory=lambda: Examples.model_validate({}))


class Policy(_Part):
    """A file of rules."""

    policy: Id
    title: Text
    about: str = ""
    categories: Annotated[list[Category], Field(min_length=1)]
    terms: dict[str, Terms] = {}
    rules: Annotated[list[Rule], Field(min_length=1)]


@dataclass(frozen=True)
class Loaded:
    """A policy that has been read and checked.

    Attributes
    ----------
    policy : Policy
        What the file says.
    name : str
        What the file is called.
    groups : mapping of str to list of Phrase
        Its terms, taken apart.
    patterns : mapping of str to compiled pattern
        Its regular expressions, compiled.
    lines : mapping
        The line of each part, by its path.
    """

    policy: Policy
    name: str
    groups: dict[str, list[Phrase]] = field(default_factory=dict)
    phrases: dict[str, list[Phrase]] = field(default_factory=dict)
    patterns: dict[str, regex.Pattern[str]] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)


def read_policy(text: str, name: str, known: frozenset[str] = frozenset()) -> Loaded:
    """Read a policy.

    Parameters
    ----------
    text : str
        The YAML.
    name : str
        What the file is called.
    known : frozenset of str
        Groups of terms that need no spelling: those of the gazetteer.

    Raises
    ------
    PolicyRefused
        It is not one. The sentence names the line.
    """
    data, lines = read_yaml(text, name)
    if not isinstance(data, dict):
        raise PolicyRefused(
            f"{name}, line 1: a policy is a mapping with the keys policy, title, categories and "
            "rules: this file has none."
        )
    try:
        policy = Policy.model_validate(data)
    except ValidationError as error:
        raise PolicyRefused(_sentence(error, name, lines)) from error
    loaded = Loaded(policy, name, lines=lines)
    _check_ids(loaded)
    _take_apart(loaded)
    _check_groups(loaded, known)
    return loaded


def _sentence(error: ValidationError, name: str, lines: dict[Path, int]) -> str:
    """Return the first thing that is wrong as a sentence."""
    every = error.errors(include_url=False)
    # A key spelt wrong is also a key missing: the first says how to mend it.
    first = min(every, key=lambda each: each["type"] != "extra_forbidden")
    path = tuple(first["loc"])
    # The innermost key: the line says which of them.
    key = next(each for each in reversed(path) if isinstance(each, str))
    given = first.get("input")
    got = f", not {quoted(given)}" if isinstance(given, str) else ""
    says = {
        "extra_forbidden": f"{key} is not a key of a policy: leave it out or mend its spelling",
        "missing": f"{key} is missing",
        "string_pattern_mismatch": f"{key} must be letters, digits and any of _ . / - between "
        f"them{got}",
        "list_type": f"{key} must be a list{got}",
        "string_type": f"{key} must be a text{got}",
    }.get(first["type"], f"{key} must {SHOULD.sub('', first['msg'])}{got}")
    return f"{name}, line {line_of(path, lines)}: {says}."


def _refuse(loaded: Loaded, path: Path, says: str) -> PolicyRefused:
    return PolicyRefused(f"{loaded.name}, line {line_of(path, loaded.lines)}: {says}.")


def _check_ids(loaded: Loaded) -> None:
    policy = loaded.policy
    for kind, ids in (
        ("categories", [each.id for each in policy.categories]),
        ("rules", [each.id for each in policy.rules]),
    ):
        seen: dict[str, int] = {}
        for at, each in enumerate(ids):
            if seen.setdefault(each, at) != at:
                first = line_of((kind, seen[each], "id"), loaded.lines)
                raise _refuse(
                    loaded,
                    (kind, at, "id"),
                    f"the id {quoted(each)} stands already in line {first}: each needs its own",
                )
    known = {each.id for each in policy.categories}
    for at, rule in enumerate(policy.rules):
        if rule.category not in known:
            raise _refuse(
                loaded,
                ("rules", at, "category"),
                f"the category {quoted(rule.category)} is none of {', '.join(sorted(known))}",
            )
        if not (rule.phrases or rule.near or rule.patterns or rule.weighed):
            raise _refuse(
                loaded,
                ("rules", at),
                f"the rule {quoted(rule.id)} looks for nothing: give it phrases, near or patterns",
            )


def _take_apart(loaded: Loaded) -> None:
    """Parse every phrase and compile every pattern."""
    for group, terms in loaded.policy.terms.items():
        if not GROUP.match(f"<{group}>"):
            raise _refuse(
                loaded,
                ("terms", group),
                f"{quoted(group)} is no name of a group: use small letters",
            )
        paths: list[Path] = [("terms", group, at) for at in range(len(terms))]
        loaded.groups[group] = _parsed(loaded, terms, paths)
    for at, rule in enumerate(loaded.policy.rules):
        paths = [("rules", at, "phrases", each) for each in range(len(rule.phrases))]
        loaded.phrases[rule.id] = _parsed(loaded, rule.phrases, paths)
        if rule.patterns:
            _compile(loaded, rule, at)
        if rule.weighed and rule.weighed.weights not in known_weights():
            raise _refuse(
                loaded,
                ("rules", at, "weighed", "weights"),
                f"there are no weights {quoted(rule.weighed.weights)}: name one of "
                f"{', '.join(known_weights())}",
            )


def _parsed(loaded: Loaded, terms: list[str], paths: list[Path]) -> list[Phrase]:
    phrases = []
    for term, path in zip(terms, paths, strict=True):
        try:
            phrases.append(parse_phrase(term))
        except Misspelt as error:
            raise _refuse(loaded, path, str(error)) from error
    return phrases


def _compile(loaded: Loaded, rule: Rule, at: int) -> None:
    for number, pattern in enumerate(rule.patterns):
        try:
            loaded.patterns[pattern] = compiled(pattern)
        except Misspelt as error:
            raise _refuse(loaded, ("rules", at, "patterns", number), str(error)) from error


def compiled(pattern: str) -> regex.Pattern[str]:
    """Return a policy's regular expression, or say as `Misspelt` why it is none."""
    shown = f"{pattern[:60]}…" if len(pattern) > 60 else pattern
    if RECURSION.search(pattern):
        raise Misspelt(f"the pattern {quoted(shown)} calls itself, as (?R) does: write it out")
    try:
        found = regex.compile(pattern, regex.IGNORECASE)
        empty = found.fullmatch("", timeout=TRIAL_SECONDS)
    except regex.error as error:
        raise Misspelt(f"{quoted(shown)} is no regular expression: {error}") from error
    except (RecursionError, MemoryError, OverflowError, TimeoutError) as error:
        raise Misspelt(f"the pattern {quoted(shown)} is too deep or large: simplify it") from error
    if empty is not None:
        raise Misspelt(
            f"the pattern {quoted(shown)} matches the empty text: make it match something"
        )
    return found


def _check_groups(loaded: Loaded, known: frozenset[str]) -> None:
    """Refuse groups that do not exist and groups that contain themselves."""
    own = loaded.groups
    for path, group in _named(loaded):
        if group not in own and group not in known:
            raise _refuse(
                loaded, path, f"<{group}> is no group: spell it under terms, or mend its name"
            )
    inside = {
        name: set().union(*(groups_of(phrase) for phrase in phrases)) & own.keys()
        for name, phrases in own.items()
    }
    while inside:
        ready = [name for name, names in inside.items() if not names & inside.keys()]
        if not ready:
            name = next(iter(inside))
            raise _refuse(loaded, ("terms", name), f"the group {quoted(name)} contains itself")
        for name in ready:
            del inside[name]


def _named(loaded: Loaded) -> Iterator[tuple[Path, str]]:
    """Yield every group that is named, with where."""
    for group, phrases in loaded.groups.items():
        for at, phrase in enumerate(phrases):
            yield from ((("terms", group, at), each) for each in sorted(groups_of(phrase)))
    for at, rule in enumerate(loaded.policy.rules):
        for number, phrase in enumerate(loaded.phrases[rule.id]):
            path: Path = ("rules", at, "phrases", number)
            yield from ((path, each) for each in sorted(groups_of(phrase)))
        for number, near in enumerate(rule.near):
            yield from ((("rules", at, "near", number), each) for each in near.terms)
        yield from ((("rules", at, "unless"), each) for each in rule.unless)
        about = rule.weighed.about if rule.weighed else ()
        yield from ((("rules", at, "weighed", "about"), each) for each in about)
