"""Stage 0: what is refused before anything reads it."""

import pytest

from playground.moderation.limits import LONGEST, MOST_MARKS, LimitStage
from playground.moderation.verdict import Action


@pytest.mark.parametrize(
    ("text", "rule", "says"),
    [
        ("a" * (LONGEST + 1), "too_long", "send it in parts"),
        ("a\ud83d b", "lone_surrogate", "U+D83D"),
        ("ki\0ll", "nul", "a NUL character"),
        ("a" + "\u0301" * 10_000, "mark_flood", "combining marks"),
    ],
)
def test_a_broken_limit_blocks_with_a_sentence(text: str, rule: str, says: str) -> None:
    (match,) = LimitStage().find(text, ())
    assert match.rule == rule
    assert match.action is Action.BLOCK
    assert says in match.reason
    assert match.text == text[match.start : match.end] != ""


@pytest.mark.parametrize("text", ["", "a" * LONGEST, "e\u0301" * 50, "👍🏽", "क्षि"])
def test_what_keeps_the_limits_passes(text: str) -> None:
    assert LimitStage().find(text, ()) == []


def test_marks_at_the_end_are_open() -> None:
    stage = LimitStage()
    assert stage.open_from("ab", ()) == 2
    assert stage.open_from("ab" + "\u0301" * 3, ()) == 2
    more = "ab" + "\u0301" * (MOST_MARKS + 5)
    assert stage.find(more, ())[0].start >= stage.open_from(more[: 2 + MOST_MARKS], ())
