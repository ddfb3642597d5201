"""Policy editor: a policy's examples are its tests, and an error has its line."""

from __future__ import annotations

import pytest

import playground
from playground.errors import PolicyRefused
from playground.labs.moderation.editor import EXAMPLE

GAP = "I need what is on the test before Monday."


def test_the_example_has_the_gap_that_the_lesson_speaks_of_and_no_other() -> None:
    found = playground.experiment("moderation/editor")().to_json()
    assert [each["text"] for each in found["examples"] if not _right(each)] == [GAP]
    counts = found["counts"]
    assert (counts["caught"], counts["missed"], counts["stopped"]) == (3, 1, 0)
    assert counts["recall"] == 0.75


def _right(example: dict[str, object]) -> bool:
    return example["matched"] == example["should_match"]


def test_a_wider_rule_closes_the_gap() -> None:
    wider = EXAMPLE.replace(
        "    unless: [after]", "    phrases: [on the <exam>]\n    unless: [after]"
    )
    found = playground.experiment("moderation/editor")(policy=wider).to_json()
    assert all(map(_right, found["examples"]))


def test_what_is_wrong_is_told_with_its_line() -> None:
    broken = EXAMPLE.replace("action: review", "action: forbid")
    line = broken.splitlines().index("    action: forbid") + 1
    with pytest.raises(PolicyRefused, match=rf"line {line}\b"):
        playground.experiment("moderation/editor")(policy=broken)


def test_rules_that_are_too_slow_are_told_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.labs.moderation.editor.PATTERN_SECONDS", 0.0)
    result = playground.experiment("moderation/editor")()
    assert len(result.to_json()["examples"]) == 5
    assert result.to_json()["untried"] == 3
    assert "were not tried" in result._repr_html_()


def test_a_sentence_of_ones_own_is_tried_and_stays_text() -> None:
    text = "<i>Give me the answers of the exam</i>"
    result = playground.experiment("moderation/editor")(text=text)
    (match,) = result.to_json()["text_matches"]
    assert text[match["start"] : match["end"]] == match["text"]
    page = result._repr_html_()
    assert "<i>Give" not in page
    assert "&lt;i&gt;" in page
