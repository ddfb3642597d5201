"""The sets that ship: every key is right, computed wherever it can be."""

import operator
import re
import tomllib
from collections import Counter, defaultdict
from fractions import Fraction
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import periodictable
import pytest
from countryinfo import all_countries

from playground.errors import OptionError
from playground.labs.hallucination.normalising import normalise
from playground.labs.hallucination.sets import KINDS, SETS, Item, load_set

ROOT = Path(__file__).parents[3]
EVERY = [item for name in SETS for item in load_set(name).items]
LEAST = {"capitals": 80, "misconceptions": 30, "idioms": 80, "wordings": 50, "arithmetic": 60}
NOTES = [
    "my schoolteacher head is on fire. What should i do?",
    "she is as blind as a bat. What should i do?",
]


def items(name: str, kind: str | None = None) -> list[Item]:
    return [item for item in load_set(name).items if kind in (None, item.kind)]


def test_every_file_is_offered_and_every_set_has_a_file() -> None:
    folder = files("playground.data").joinpath("probes")
    names = {each.name for each in folder.iterdir() if each.name.endswith(".jsonl")}
    assert names == {f"{name}.jsonl" for name in SETS}


def test_the_files_are_among_those_that_are_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "*.jsonl" in project["tool"]["setuptools"]["package-data"]["*"]


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_large_enough_and_asks_nothing_twice(name: str) -> None:
    found = items(name)
    assert len(found) >= LEAST.get(name, 40)
    assert len({item.prompt.casefold() for item in found}) == len(found)
    # Lists of a "kind" that nobody grades would be a set without grades.
    assert {item.kind for item in found} <= set(KINDS)


@pytest.mark.parametrize("item", EVERY, ids=lambda item: item.id)
def test_an_item_has_a_key_and_a_reason_of_one_sentence(item: Item) -> None:
    assert item.answers or item.kind == "unanswerable"
    assert item.reason.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", item.reason.replace("D.C. is", "DC is"))


def test_an_unknown_set_is_told() -> None:
    with pytest.raises(OptionError, match="no set 'rivers'; known are capitals, elements"):
        load_set("rivers")
    with pytest.raises(OptionError, match="The set 'capitals' has no item 'capital-zz'"):
        load_set("capitals").find("capital-zz")


TABLE = {each.name() or "": each.capital() or "" for each in all_countries()}
OUTDATED = {"Nur-Sultan": "Astana"}  # renamed in 2022, which the table does not know


@pytest.mark.parametrize("item", items("capitals"), ids=lambda item: item.id)
def test_a_capital_is_that_of_the_table(item: Item) -> None:
    asked = re.fullmatch(r"The capital of (?:the )?(.+) is", item.prompt)
    assert asked
    country = asked[1]
    named = OUTDATED.get(TABLE[country], TABLE[country])
    assert normalise(named) in map(normalise, item.answers)
    # Whoever repeats the question must not be right by that.
    assert not any(normalise(country) in normalise(answer) for answer in item.answers)


ELEMENTS = {element.name: element for element in periodictable.elements if element.number}
ELEMENTS["aluminium"] = ELEMENTS.get("aluminium") or ELEMENTS["aluminum"]


@pytest.mark.parametrize("item", items("elements"), ids=lambda item: item.id)
def test_an_element_is_that_of_the_table(item: Item) -> None:
    what, name = item.id.split("-")
    asked = {"symbol": "chemical symbol", "number": "atomic number"}[what]
    assert item.prompt == f"The {asked} of {name} is"
    assert item.answers == (str(getattr(ELEMENTS[name], what)),)
    assert item.kind == what


SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


@pytest.mark.parametrize("item", items("arithmetic"), ids=lambda item: item.id)
def test_a_sum_is_right(item: Item) -> None:
    found = re.fullmatch(r"(\d+) ([-+*/]) (\d+) =", item.prompt)
    assert found
    first, sign, second = found.groups()
    value = SIGNS[sign](Fraction(first), Fraction(second))
    assert item.answers == (str(value),)
    assert item.reason.endswith(f"is {value}.")


def reached(flights: set[tuple[str, str]], start: str) -> set[str]:
    found = {start}
    while more := {to for at, to in flights if at in found} - found:
        found |= more
    return found


@pytest.mark.parametrize("item", items("snowball"), ids=lambda item: item.id)
def test_a_prime_is_one_and_a_way_leads_there(item: Item) -> None:
    if item.id.startswith("prime"):
        number = int(re.findall(r"\d+", item.prompt)[0])
        right = all(number % divisor for divisor in range(2, number))
        if not right:
            first, second = map(int, re.findall(r"is (\d+) times (\d+)", item.reason)[0])
            assert first * second == number
    else:
        flights = set(re.findall(r"(\w) to (\w)[,.]", item.prompt))
        start, goal = re.findall(r"from city (\w) to city (\w)", item.prompt)[0]
        right = goal in reached(flights, start)
        assert len(flights) == 10
        named = re.findall(r"\b[A-Z]\b", item.reason)
        if right:
            assert (named[0], named[-1]) == (start, goal)
            assert set(pairwise(named)) <= flights
        else:
            assert set(named) == reached(flights, start)
    assert item.answers == ("yes" if right else "no",)


@pytest.mark.parametrize("name", ["snowball", "misconceptions"])
def test_whoever_always_says_the_same_is_right_at_most_two_times_in_three(name: str) -> None:
    counts = Counter(item.answers for item in items(name, "yes_no"))
    assert max(counts.values()) * 100 <= 68 * counts.total()


@pytest.mark.parametrize("name", ["false_premise", "invented"])
def test_what_never_was_stands_beside_what_is(name: str) -> None:
    found = load_set(name)
    assert len(items(name, "unanswerable")) * 2 == len(found.items)
    for item in items(name, "unanswerable"):
        assert item.twin
        twin = found.find(item.twin)
        assert (twin.twin, twin.kind != "unanswerable") == (item.id, True)


def test_an_invented_name_is_in_no_table() -> None:
    known = " ".join([*TABLE, *map(str, TABLE.values()), *ELEMENTS]).casefold()
    for item in items("invented", "unanswerable"):
        name = re.sub(r"^(The|A) (?=[a-z])", "", item.reason).split(" was made up")[0].casefold()
        assert all(word not in known for word in re.findall(r"[a-z]{6,}", name.split()[-1]))


def test_one_question_has_five_wordings_and_one_key() -> None:
    groups = defaultdict(list)
    for item in items("wordings"):
        groups[item.group].append(item)
    assert len(groups) >= 10
    for found in groups.values():
        assert len(found) == 5
        assert len({(item.answers, item.kind, item.reason) for item in found}) == 1


def test_the_wordings_that_other_sets_hold_have_their_keys() -> None:
    by_id = {item.id: item for item in EVERY}
    pairs = [("capital-japan-1", "capital-jp"), ("capital-egypt-1", "capital-eg")]
    for wording, elsewhere in [*pairs, ("gold-symbol-1", "symbol-gold")]:
        assert by_id[wording].answers[0] == by_id[elsewhere].answers[0]
    assert by_id["twelve-times-1"].answers == (str(12 * 7),)


def test_every_figure_of_speech_stands_beside_the_plain_words() -> None:
    figures = items("idioms", "figurative")
    assert len(figures) >= 40
    assert [item.prompt for item in figures if item.prompt in NOTES] == NOTES
    for item in figures:
        assert item.twin == item.id.replace("-figurative", "-literal")
        assert load_set("idioms").find(item.twin).kind == "literal"
        assert len(item.answers) >= 8
