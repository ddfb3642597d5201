"""Versions of a message: nothing that was said is ever out of reach, or written over."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.chat.conversations import Conversation, Turn
from apps.chat.store import ConversationStore
from apps.chat.stored_form import dump_conversation, read_conversation
from apps.chat.versions import (
    MOST_VERSIONS,
    add_version,
    choose_version,
    count_versions,
    replace_turn,
    require_room,
)
from playground.errors import OptionError
from tests.support.markup import seen

KEY = "a" * 32


def talk(*texts: str) -> Conversation:
    roles = ("user", "assistant")
    return Conversation(tuple(Turn(roles[at % 2], text) for at, text in enumerate(texts)))


def contents(conversation: Conversation) -> list[str]:
    return [turn.content for turn in conversation.turns]


def said(turns: tuple[Turn, ...]) -> list[str]:
    """Return every text of a conversation, those of other versions too."""
    texts = [turn.content for turn in turns]
    for turn in turns:
        for tail in (*turn.earlier, *turn.later):
            texts += said(tail)
    return sorted(texts)


def test_a_reply_has_versions_and_each_can_be_shown() -> None:
    told = talk("a", "b1")
    for text in ("b2", "b3"):
        told = add_version(told, 1, Turn("assistant", text))
    assert contents(told) == ["a", "b3"]
    assert count_versions(told.turns[1]) == 3
    for number in (1, 3, 2):
        told = choose_version(told, 1, number)
        assert contents(told) == ["a", f"b{number}"]
        assert len(told.turns[1].earlier) == number - 1
        assert count_versions(told.turns[1]) == 3
    told = add_version(told, 1, Turn("assistant", "b4"))
    assert [contents(choose_version(told, 1, n))[1] for n in (1, 2, 3, 4)] == [
        "b1",
        "b2",
        "b3",
        "b4",
    ]


def test_another_version_of_a_question_takes_what_followed_it_along() -> None:
    told = add_version(talk("a", "b", "c", "d"), 0, Turn("user", "A")).with_turn(Turn("x", "B"))
    assert contents(told) == ["A", "B"]
    former = choose_version(told, 0, 1)
    assert contents(former) == ["a", "b", "c", "d"]
    grown = former.with_turn(Turn("user", "e"))
    assert contents(choose_version(choose_version(grown, 0, 2), 0, 1)) == list("abcde")


def test_what_is_put_at_the_end_or_holds_all_of_the_former_makes_no_version() -> None:
    told = add_version(talk("a"), 1, Turn("assistant", "b"))
    assert count_versions(told.turns[1]) == 1
    told = replace_turn(add_version(told, 1, Turn("assistant", "c")), 1, Turn("assistant", "cc"))
    assert contents(told) == ["a", "cc"]
    assert contents(choose_version(told, 1, 1)) == ["a", "b"]


@pytest.mark.parametrize(("place", "number"), [(1, 0), (1, 3), (1, -1), (0, 2), (2, 1), (-1, 1)])
def test_a_version_that_is_not_there_is_refused(place: int, number: int) -> None:
    told = add_version(talk("a", "b"), 1, Turn("assistant", "c"))
    with pytest.raises(OptionError, match="That version is not there"):
        choose_version(told, place, number)


steps = st.lists(st.tuples(st.sampled_from(["add", "edit", "choose"]), st.integers(0, 9)))


@given(steps)
def test_whatever_is_done_every_text_stays_and_comes_back_from_the_disk(
    steps: list[tuple[str, int]],
) -> None:
    told, texts = talk("0"), ["0"]
    for act, number in steps:
        place = number % len(told.turns)
        if act == "choose":
            count = count_versions(told.turns[place])
            told = choose_version(told, place, 1 + number % count)
        else:
            texts.append(str(len(texts)))
            there = len(told.turns) if act == "add" else place
            told = add_version(told, there, Turn("user", texts[-1], recording=texts[-1]))
        assert said(told.turns) == sorted(texts)
        assert told.recordings == frozenset(texts[1:])
    assert read_conversation(dump_conversation(told)) == told


def test_there_is_an_end_to_versions() -> None:
    told = talk("a", "b")
    for _ in range(MOST_VERSIONS):
        require_room(told)
        told = add_version(told, 0, Turn("user", "again"))
    with pytest.raises(OptionError, match=r"at most 100 other versions .* got 100"):
        require_room(told)


def test_the_deepest_nest_of_versions_is_written_and_read() -> None:
    told = Conversation((Turn("user", "x"),) * (MOST_VERSIONS + 1))
    for place in reversed(range(MOST_VERSIONS)):
        told = add_version(told, place, Turn("user", "y"))
        told = choose_version(told, place, 1)
    assert read_conversation(dump_conversation(told)) == told


def test_records_of_another_version_stay_on_the_disk(tmp_path: Path) -> None:
    store, told = ConversationStore(tmp_path), talk("a")
    for name in ("tokens-1.json", "tokens-2.json"):
        (tmp_path / KEY).mkdir(exist_ok=True)
        (tmp_path / KEY / name).write_text("[]")
        told = add_version(told, 1, Turn("assistant", "b", recording=name))
        store.update(KEY, lambda _, told=told: told)
    assert {path.name for path in (tmp_path / KEY).glob("tokens-*")} == {
        "tokens-1.json",
        "tokens-2.json",
    }


def test_versions_of_a_form_that_is_not_known_stay_as_they_stand() -> None:
    newer = {"turns": [{"role": "user", "content": "a", "earlier": {"kept": "apart"}}]}
    told = read_conversation(json.dumps(newer).encode())
    assert contents(told) == ["a"]
    written = json.loads(dump_conversation(told))
    assert written["turns"][0]["earlier"] == {"kept": "apart"}


def test_the_arrows_say_which_version_is_shown_and_where_each_leads() -> None:
    from apps.ui.transcript import render_conversation

    told = add_version(talk("a", "b"), 1, Turn("assistant", "c"))
    html = render_conversation(told)
    assert "2 of 2" in seen(html).text
    assert 'data-index="1" data-alternative="1" data-way="before"' in html
    assert (
        'data-alternative="3" data-way="after" aria-label="The version after" aria-disabled="true"'
        in html
    )
    assert "versions" not in render_conversation(talk("a", "b"))
    assert "versions" not in render_conversation(replace(told, turns=told.turns[:1]))
