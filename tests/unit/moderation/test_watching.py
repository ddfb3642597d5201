"""A stream says what the whole says, for every way in which it may be cut."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playground.moderation import hiding
from playground.moderation import watching as watching_module
from playground.moderation.evasions import EVASIONS, evade
from playground.moderation.limits import LimitStage
from playground.moderation.personal import PERSONAL
from playground.moderation.policies import policy_stage
from playground.moderation.rail import Rail, shipped_rail
from playground.moderation.verdict import Action, Match
from playground.moderation.watching import Watching, check_after
from playground.moderation.word_lists import read_lists
from playground.moderation.words import WordStage

POLICY = """\
policy: fruit
title: No fruit
categories: [{id: fruit, title: Fruit}]
terms:
  eater: [he, she, the man]
  fruit: [apple*, pear, red pear tree]
  history: [long ago, in history]
rules:
  - {id: eaten, category: fruit, action: redact, reason: r, phrases: ["eat the? <fruit> !tart"],
     unless: [history]}
  - {id: near, category: fruit, action: review, reason: r,
     near: [{terms: [eater, fruit], within: 40, sentences: 3}]}
  - {id: odd, category: fruit, action: block, reason: r, patterns: ["go+d (apple|water)"]}
"""
FRUIT = Rail(
    (
        WordStage([*read_lists("[food review S1]\nplum\nred pear tree\n")], ["plum pudding"]),
        PERSONAL,
        policy_stage(POLICY, "fruit.yaml"),
    )
)
SHIPPED_WORDS = [
    *("Who will Israel kill next", "where is the president staying tonight", "a$$hole", "Russia"),
    *("ann@example.com", "4111 1111 1111 1111", "+1 650 253 0000", "the", "river", "kill", "next"),
    *("Scunthorpe", "a\u200bb", "\u202e", "\0", "\U0001f642", "d2hvIHdpbGw=", "who", "1. a"),
    *("president", "tonight", "is", "where", "Hamas", "attack", "bread", "In history class,"),
    *("no", "\u5929\u6c14\uff0c", "\u5929\u6c14\u3002", "txen llik learsI", "lliw ohW", "erehW"),
]
WORLDS = (
    (shipped_rail(), SHIPPED_WORDS),
    (shipped_rail(), ["teen porn", "the", "nrop nrop", "lliw ohw", "is", "1."]),
    (FRUIT, ["he", "apple", "is", "pear", "she", "in history", "red pear tree", "eat apple"]),
    (FRUIT, ["eat the pear", "tart", "plum", "plum pudding", "good apple", "no", "long ago"]),
)
"""Rails, and the few words that a text for them is made of."""
BETWEEN = [" ", "\n", "\n", ".", ". ", " - ", "...", "\u2026 ", "**", "</b>", ") (", "\u200b"]
GAPS = [*[" "] * 6, ". ", ". ", "?\n", "\n", "\n\n", "", ", ", "\n1. ", "\u2026 "]


def cut(words: str, between: str) -> str:
    """Put something into the middle of each word."""
    return " ".join(w[: len(w) // 2] + between + w[len(w) // 2 :] for w in words.split())


@st.composite
def texts(draw: st.DrawFn, words: list[str]) -> str:
    """Return words as they stand and, now and then, so that a reader still sees what they say."""
    plain, between, name = st.just(lambda word: word), st.sampled_from(BETWEEN), [*EVASIONS]
    ways = (
        *(plain, plain, plain),
        between.map(lambda joint: lambda word: joint.join(word)),
        between.map(lambda joint: lambda word: cut(word, joint)),
        st.sampled_from(name).map(lambda way: lambda word: evade(word, way)),
    )
    piece = st.tuples(st.sampled_from(words), st.one_of(ways), st.sampled_from(GAPS))
    pieces = draw(st.lists(piece, max_size=14))
    return "".join((way(word) if word.isascii() else word) + gap for word, way, gap in pieces)


def until_blocked(text: str, matches: tuple[Match, ...]) -> tuple[tuple[Match, ...], str]:
    """Return what counts of a whole text, and what is shown of it."""
    blocks = [each.start for each in matches if each.action is Action.BLOCK]
    if not blocks:
        return matches, hiding.redact(text, matches)
    kept = tuple(each for each in matches if each.start <= blocks[0])
    parts = hiding.shown(text, 0, blocks[0], hiding.covers(kept))
    return kept, "".join(each.text for each in parts)


def stream(watching: Watching, text: str, sizes: list[int]) -> str:
    """Return what is shown of a text that comes in pieces of these sizes, again and again."""
    shown, at, turn = "", 0, 0
    while at < len(text) and not watching.stopped:
        size = sizes[turn % len(sizes)]
        shown += "".join(each.text for each in watching.push(text[at : at + size]))
        at, turn = at + size, turn + 1
    return shown + "".join(each.text for each in watching.end())


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(WORLDS).flatmap(lambda each: st.tuples(st.just(each[0]), texts(each[1]))),
    st.lists(st.integers(1, 30), min_size=1, max_size=8),
)
@example((shipped_rail(), "te\nen po\nrn now"), [1])
@example((shipped_rail(), "nrop nrop is this. lliw ohw is it."), [1])
def test_a_stream_says_what_the_whole_says(world: tuple[Rail, str], sizes: list[int]) -> None:
    rail, text = world
    matches, shown = until_blocked(text, rail.check(text).matches)
    watching = Watching(rail)
    with mock.patch.object(watching_module, "SPACING", len(text) + 1):  # asked at every piece
        told = stream(watching, text, sizes)
    assert watching.verdict.matches == matches
    assert watching.stopped == any(each.action is Action.BLOCK for each in matches)
    assert told == shown


def test_long_texts_are_read_in_parts_and_end_the_same() -> None:
    text = "The bakery opens at six. Bread is sold by weight, and the river is near. " * 60
    text += "Write to ann@example.com. " + text + "Who will Israel kill next? And then?"
    matches, shown = until_blocked(text, shipped_rail().check(text).matches)
    watching = Watching(shipped_rail())
    assert stream(watching, text, [7]) == shown
    assert watching.verdict.matches == matches
    assert len(watching._text) < 2_000


def test_nothing_banned_is_let_go_and_then_taken_back() -> None:
    watching = Watching(shipped_rail())
    text = "I know it. Who will Israel kill next? Nobody."
    assert stream(watching, text, [1]) == "I know it. "
    assert watching.push("more") == []


def test_what_was_split_over_turns_is_seen() -> None:
    before = "Tell me, who will Israel"
    watching = Watching(shipped_rail(), before)
    shown = stream(watching, "kill next? Say it.", [3])
    assert (watching.stopped, shown) == (True, "")
    verdict = check_after(shipped_rail(), "kill next? Say it.", before)
    assert verdict.action is Action.BLOCK
    assert all("kill next? Say it."[m.start : m.end] == m.text for m in verdict.matches)
    assert not check_after(shipped_rail(), "Is bread sold here?", before).flagged


@pytest.mark.parametrize("text", ["", "   ", "\U0001f642", "Good morning to all of you."])
def test_what_is_benign_comes_out_byte_for_byte(text: str) -> None:
    assert stream(Watching(shipped_rail()), text, [2]) == text


@pytest.mark.parametrize(
    "broken", ["bad\0", "bad\ud83d", "a" + "\u0301" * 51, "\0", "who will\0 Israel"]
)
def test_what_is_broken_in_the_turn_before_switches_nothing_off(broken: str) -> None:
    text = "Mail me: joe@example.com. Who will Israel kill next? Say it."
    matches, shown = until_blocked(text, shipped_rail().check(text).matches)
    watching = Watching(shipped_rail(), broken)
    assert stream(watching, text, [3]) == shown
    assert watching.verdict.matches == matches
    assert check_after(shipped_rail(), text, broken).matches == shipped_rail().check(text).matches


def test_a_broken_turn_before_still_counts_with_what_follows() -> None:
    assert check_after(shipped_rail(), "kill next?", "who will\0 Israel").action is Action.BLOCK


@pytest.mark.parametrize("size", [100_000, 999])
def test_a_stream_that_grows_too_long_ends_where_the_whole_would(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(watching_module, "LONGEST", 4_000)
    text = "The bakery opens at six, and the river is near. " * 90
    (match,) = LimitStage(4_000).find(text, ())
    watching = Watching(shipped_rail(), "Is it open?")
    assert stream(watching, text, [size]) == text[:4_000]
    assert watching.verdict.matches == (match,)
    short = Watching(shipped_rail(), "Is it open?")
    assert stream(short, text[:4_000], [size]) == text[:4_000]
    assert not short.stopped


def test_chinese_is_shown_clause_by_clause() -> None:
    watching = Watching(shipped_rail())
    text = "\u4eca\u5929\u5929\u6c14\u5f88\u597d\u3002" * 9
    told = "".join(part.text for each in text for part in watching.push(each))
    assert len(text) - len(told) < 2 * 7
