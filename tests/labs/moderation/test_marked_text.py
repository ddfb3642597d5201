"""Marks lie where the spans say, also where two lie over one another."""

from __future__ import annotations

from playground.labs.moderation.marked_text import marked_text
from playground.moderation.verdict import Action, Match


def match(start: int, end: int, action: Action, given: str) -> Match:
    return Match("words", f"r{start}", "insult", start, end, given[start:end], action)


def test_spans_over_one_another_are_cut_where_they_begin_and_end() -> None:
    given = "ab<d>fgh"
    found = [match(3, 7, Action.BLOCK, given), match(1, 5, Action.REDACT, given)]
    page = str(marked_text(given, found))
    assert page.count("<mark") == 3
    assert '"action-redact" title="r1 (words, as written)">b&lt;</mark>' in page
    assert '"action-block"' in page.split("d&gt;")[0]
    assert ">fg</mark>h</p>" in page


def test_what_cannot_be_seen_is_shown_by_its_code() -> None:
    given = "ki\u200bll"
    page = str(marked_text(given, [match(0, 5, Action.BLOCK, given)]))
    assert "ki⟨U+200B⟩ll</mark>" in page
