"""Whatever the wording of a question, a natural answer that restates it is graded the same."""

from __future__ import annotations

import pytest

from playground.labs.hallucination.grading import grade
from playground.labs.hallucination.items import Item
from playground.labs.hallucination.sets import SETS, load_set

RIGHT = {
    "capital-japan": ("The capital of Japan is Tokyo.", "Japan's capital is Tokyo.", "Tokyo."),
    "capital-egypt": (
        "The capital of Egypt is Cairo.",
        "Egypt\u2019s capital city is Cairo.",
        "Egypt is governed from Cairo.",
    ),
    "largest-planet": (
        "The largest planet of the solar system is Jupiter.",
        "Of all planets of the Sun, Jupiter is the largest.",
        "Jupiter, the biggest planet around our Sun.",
    ),
    "days-week": ("A week has seven days.", "There are 7 days in a week.", "One week has 7 days."),
    "legs-insect": ("Insects have six legs.", "An insect walks on 6 legs."),
    "romeo": (
        "Romeo and Juliet was written by William Shakespeare.",
        "Romeo and Juliet's author is Shakespeare.",
        "William Shakespeare wrote Romeo and Juliet.",
    ),
    "gold-symbol": ("The chemical symbol of gold is Au.", "Gold is written as Au.", "Au"),
    "water-formula": ("The chemical formula of water is H2O.", "Water is written as H\u2082O."),
    "red-planet": ("The red planet is Mars.", "Mars is known as the red planet."),
    "twelve-times": ("12 times 7 is 84.", "7 \u00d7 12 = 84", "The product of 7 and 12 is 84."),
    "relativity": (
        "The theory of relativity was developed by Albert Einstein.",
        "Einstein published the theory of relativity.",
    ),
    "largest-ocean": (
        "The largest of the Earth's oceans is the Pacific Ocean.",
        "The Pacific Ocean is the largest ocean of the Earth.",
    ),
    "frozen-water": (
        "Water freezes at 0 degrees Celsius.",
        "On the Celsius scale, water freezes at zero degrees.",
    ),
    "moon-landing": (
        "People first landed on the Moon in 1969.",
        "Apollo 11 landed on the Moon on July 20, 1969.",
    ),
}
WORDINGS = load_set("wordings").items
NAMED = [item for name in SETS for item in load_set(name).items if item.kind == "name"]


@pytest.mark.parametrize("item", WORDINGS, ids=lambda item: item.id)
def test_an_answer_that_restates_the_question_is_right_in_every_wording(item: Item) -> None:
    for answer in RIGHT[item.group or ""]:
        found = grade(answer, item)
        assert found.right is True, (answer, found)


@pytest.mark.parametrize("item", NAMED, ids=lambda item: item.id)
def test_a_name_of_the_question_is_never_the_answer(item: Item) -> None:
    asked = (item.question or item.prompt).rstrip("?.").replace("\u2019s", "").replace("'s", "")
    for name in (word for word in asked.split()[1:] if word[:1].isupper()):
        for answer in (f"{name}'s one is {item.answers[0]}.", f"{name} has {item.answers[0]}."):
            assert grade(answer, item).right is True, answer
