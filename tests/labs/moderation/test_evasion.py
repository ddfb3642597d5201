"""Evasion bench: every disguise is tried, what it costs is counted against the plain text."""

from __future__ import annotations

import pytest

import playground
from playground.errors import OptionError
from playground.labs.moderation.evasion import PLAIN
from playground.labs.moderation.evasion_view import to_csv
from playground.moderation.evasions import EVASIONS


def test_every_disguise_is_tried_and_says_who_saw_through_it() -> None:
    result = playground.experiment("moderation/evasion")()
    found = result.to_json()["disguises"]
    assert [each["disguise"] for each in found] == [PLAIN, *EVASIONS]
    by_name = {each["disguise"]: each for each in found}
    for name in (PLAIN, "leet", "zero-width", "homoglyphs", "base64"):
        (text,) = by_name[name]["texts"]
        assert text["action"] == "block", name
        match = text["matches"][0]
        assert text["disguised"][match["start"] : match["end"]] == match["text"]
    page = result._repr_html_()
    assert "&amp;#87;" in page  # the entities stand there as text
    assert "disguises are seen through" in page
    lines = to_csv(result.snapshot).splitlines()
    assert len(lines) >= len(found) + 1
    assert ",block,policies,figure_where,as written" in lines[1]


def test_what_a_disguise_costs_is_counted_over_the_examples() -> None:
    result = playground.experiment("moderation/evasion")(over="examples", examples=40)
    plain, *others = result.to_json()["disguises"]
    assert plain["recall_lost"] == 0
    assert plain["tried"] == len(plain["texts"]) > 1
    for each in others:
        lost = (plain["stopped"] - each["stopped"]) / plain["tried"]
        assert each["recall_lost"] == pytest.approx(lost)
        # The past tense is no disguise of letters: some rules let history pass by design.
        assert lost <= 0.1 or each["disguise"] == "past tense", each["disguise"]
    assert "The worst disguise costs" in result._repr_html_()


def test_a_text_that_is_not_stopped_has_nothing_to_hide() -> None:
    page = playground.experiment("moderation/evasion")(text="a plum")._repr_html_()
    assert "a disguise has nothing to hide" in page


def test_an_empty_text_is_told() -> None:
    with pytest.raises(OptionError, match="`text` is empty"):
        playground.experiment("moderation/evasion")(text=" ")
