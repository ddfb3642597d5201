"""Disguises: pure, the same for a seed, and each undone by a reading."""

from __future__ import annotations

import pytest

from playground.moderation.evasions import EVASIONS, evade
from playground.moderation.views import read_views

TEXT = "Where is the president staying tonight?"


@pytest.mark.parametrize("name", EVASIONS)
def test_a_disguise_is_the_same_for_a_seed_and_changes_the_text(name: str) -> None:
    assert evade(TEXT, name, 7) == evade(TEXT, name, 7) != TEXT
    assert evade("", name) == ""


@pytest.mark.parametrize("name", [each for each in EVASIONS if each != "past tense"])
def test_some_reading_undoes_it(name: str) -> None:
    readings = [view.text.lower() for view in read_views(evade(TEXT, name))]
    assert any(_words(TEXT.lower()) == _words(each) for each in readings), readings


def _words(text: str) -> list[str]:
    return "".join(c if c.isalpha() else " " for c in text).split()


def test_homoglyphs_leave_a_letter_to_read_by_and_take_one_a_word() -> None:
    for word in evade(TEXT, "homoglyphs", 3).rstrip("?").split():
        kept = [letter.isascii() for letter in word]
        assert any(kept)
        assert not all(kept) or word == "tonight"


def test_the_past_tense_turns_small_verbs_and_leaves_the_rest() -> None:
    assert evade("Is MI6 where the PM will be?", "past tense") == "Was MI6 where the PM did be?"
