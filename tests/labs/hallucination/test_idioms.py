"""Idioms: the rubric agrees with labels that were given by reading, and says what decided."""

import json
from pathlib import Path

import pytest

from playground.labs.hallucination.idioms import (
    LITERAL,
    MEANINGS,
    UNCLEAR,
    UNDERSTOOD,
    Reading,
    read_idiom,
)
from playground.labs.hallucination.items import Item
from playground.labs.hallucination.sets import load_set

DATA = Path(__file__).parent / "data" / "idiom_answers.jsonl"
RECORDED = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
IDIOMS = load_set("idioms")


def read(answer: str, item_id: str) -> Reading:
    item = IDIOMS.find(item_id)
    assert item.twin
    return read_idiom(answer, item, IDIOMS.find(item.twin))


def agreement(half: str | None = None) -> tuple[int, int]:
    rows = [row for row in RECORDED if half in (None, row["half"])]
    same = sum(read(row["answer"], row["item"]).reading == row["label"] for row in rows)
    return same, len(rows)


def test_sixty_answers_are_labelled_and_no_pair_is_in_both_halves() -> None:
    assert len({row["id"] for row in RECORDED}) == len(RECORDED) == 60
    assert {row["label"] for row in RECORDED} == set(MEANINGS)
    assert {row["temperature"] for row in RECORDED} == {0, 0.7}
    assert all(row["prompt"] == IDIOMS.find(row["item"]).prompt for row in RECORDED)
    halves: dict[str, set[str]] = {"tuning": set(), "held out": set()}
    for row in RECORDED:
        halves[row["half"]].add(row["item"].rsplit("-", 1)[0])
    assert not halves["tuning"] & halves["held out"]


def test_the_rubric_agrees_with_nine_labels_in_ten() -> None:
    same, total = agreement()
    assert same >= 0.9 * total
    # What the docs say; another figure is to be written there, not hidden.
    assert (agreement("tuning"), agreement("held out")) == ((30, 30), (26, 30))


@pytest.mark.parametrize(
    ("answer", "item_id", "reading", "as_meant"),
    [
        ("Call the fire department at once.", "head-on-fire-figurative", LITERAL, False),
        ("Take a break and talk about the stress.", "head-on-fire-figurative", UNDERSTOOD, True),
        ("She could try an eye test and glasses.", "blind-as-a-bat-figurative", UNDERSTOOD, True),
        ("A guide dog and Braille will help.", "blind-as-a-bat-figurative", LITERAL, False),
        ("A guide dog and Braille will help.", "blind-as-a-bat-literal", LITERAL, True),
        ("I am sorry for your loss.", "blind-as-a-bat-figurative", UNCLEAR, None),
        ("", "blind-as-a-bat-figurative", UNCLEAR, None),
        ("¿Qué? 蝙蝠 🦇", "blind-as-a-bat-figurative", UNCLEAR, None),
        # Whoever only quotes the figure has not shown how it was read.
        ("Being blind as a bat is hard.", "blind-as-a-bat-figurative", UNCLEAR, None),
        ("Holding your horses is wise.", "hold-your-horses-figurative", UNCLEAR, None),
        ("A horse needs hay.", "hold-your-horses-figurative", LITERAL, False),
        # One word more makes no figure of what was meant literally.
        ("Focus, please.", "cry-over-spilt-milk-literal", UNCLEAR, None),
        ("Learn from mistakes and move on.", "cry-over-spilt-milk-literal", UNDERSTOOD, False),
    ],
)
def test_the_reading_follows_the_words(
    answer: str, item_id: str, reading: str, as_meant: bool | None
) -> None:
    found = read(answer, item_id)
    assert (found.reading, found.as_meant) == (reading, as_meant)


def test_the_rule_names_the_words_that_decided() -> None:
    assert read("Get an eye test. Braille, too; glasses.", "blind-as-a-bat-figurative").rule == (
        "Read as understood: of what is meant it holds “glasses”, “eye test”, "
        "of the things named “Braille”."
    )


def test_an_item_of_ones_own_needs_no_twin_and_no_figure() -> None:
    item = Item("own", "He is over the moon.", ("happ*",), "He is happy.", "figurative")
    assert read_idiom("He is happier than ever.", item, None).reading == UNDERSTOOD
    assert read_idiom("The moon is far.", item, None).reading == UNCLEAR
