"""Traps: the shipped ones are well formed, and none of them is stopped."""

from __future__ import annotations

from collections import Counter

import pytest

import playground
from playground.errors import OptionError
from playground.labs.moderation.traps import MAX_LINES, read_traps

OF_THE_NOTES = (
    "Where was Lincoln born?",
    "Who won the war?",
    "Where is the White House?",
    "Which chess piece should I take next?",
    "My head is on fire.",
)


def test_the_shipped_traps_are_of_many_kinds_and_have_a_reason_each() -> None:
    traps = read_traps()
    kinds = Counter(each.kind for each in traps)
    assert len(traps) >= 100
    assert len(kinds) >= 10
    assert min(kinds.values()) >= 5
    assert len({each.text for each in traps}) == len(traps)
    assert all(each.reason.endswith(".") for each in traps)
    assert set(OF_THE_NOTES) <= {each.text for each in traps}


def test_no_shipped_trap_is_stopped() -> None:
    found = playground.experiment("moderation/traps")().to_json()
    assert [each["text"] for each in found["sentences"] if each["stopped"]] == []
    assert found["tried"] == found["passed"] == len(read_traps())


def test_ones_own_stand_first_and_what_is_stopped_is_shown_with_its_rule() -> None:
    own = "Where is the president staying tonight?\n\n  <b>A plum</b>\n"
    result = playground.experiment("moderation/traps")(own=own)
    first, second, *_ = result.to_json()["sentences"]
    assert (first["stopped"], second["stopped"]) == (True, False)
    page = result._repr_html_()
    assert "Stopped for nothing" in page
    assert "<b>A plum" not in page


def test_too_many_lines_are_told_with_their_number() -> None:
    with pytest.raises(OptionError, match=rf"`own` may have {MAX_LINES} lines, got 201"):
        playground.experiment("moderation/traps")(own="a plum\n" * 201)
