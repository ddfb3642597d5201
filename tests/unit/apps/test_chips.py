"""Chips and what they open: every number named, every text of the model escaped."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.chat.conversations import Branch, Conversation, ReplyFacts, Turn
from apps.chat.store import ConversationStore
from apps.ui.chips import CHIPS_AT_ONCE, render_chips
from apps.ui.token_panel import Asked, render_token, serve_tokens
from playground.drawing.marks import mark
from playground.generation.choosing import StageRecord
from playground.generation.recording import AlternativeRecord, TokenRecord
from tests.support.markup import seen

KEY = "c" * 32
FACTS = ReplyFacts(
    tokens=1,
    prompt_tokens=9,
    context_length=8192,
    first_token_seconds=0.1,
    tokens_per_second=20.0,
    finish_reason="end_of_turn",
    model="M",
    precision="FP32",
    engine="core",
    settings={"temperature": 0.7, "top_p": 0.9},
)
nasty = st.text(st.sampled_from(list("<>\"'&`= \n\t\u202e\u200b${}a")), max_size=30)


def token(text: str = " Paris", probability: float = 0.5, rank: int = 1) -> TokenRecord:
    others = (" Paris", " Lyon", "<b>")
    return TokenRecord(
        7042,
        text,
        text,
        math.log(probability),
        rank,
        2.31,
        0.4312,
        0.4001,
        0.4432,
        (StageRecord("temperature", 21.31, 49152), StageRecord("top_p", 21.31, 12)),
        tuple(AlternativeRecord(i, text, math.log(0.5 - i / 5)) for i, text in enumerate(others)),
    )


def chips_of(*tokens: TokenRecord, facts: ReplyFacts = FACTS, start: int = 0) -> str:
    return render_chips(tokens, facts, start)


def panel_of(*tokens: TokenRecord, index: int = 1, place: int = 0, last: bool = True) -> str:
    reply = Turn("assistant", "".join(record.shown for record in tokens), FACTS)
    return render_token(Asked(reply, tokens, index, place, last))


@given(nasty)
@example("<a>")
@example("' a=1 \" a=1 <a")
def test_no_token_becomes_a_tag_or_attribute_of_its_own(text: str) -> None:
    record = replace(token(text), alternatives=(AlternativeRecord(1, text, -1.0),))
    chips = seen(chips_of(record))
    assert chips.tags <= {"div", "span", "button", "br"}
    assert chips.attributes <= {
        "class",
        "role",
        "type",
        "title",
        "tabindex",
        "aria-label",
        "aria-expanded",
        "aria-pressed",
        "data-token",
        "data-shade",
    }
    panel = seen(panel_of(record))
    assert panel.tags <= {
        "section",
        "header",
        "b",
        "span",
        "button",
        "div",
        "dl",
        "dt",
        "dd",
        "p",
        "ul",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "i",
    }
    assert panel.attributes <= {
        "class",
        "role",
        "type",
        "tabindex",
        "aria-label",
        "scope",
        "style",
        "data-close",
        "data-action",
        "data-index",
        "data-token",
        "data-alternative",
    }
    assert all(re.fullmatch(r"width:[\d.]+%", style) for style in panel.styles)


def test_what_cannot_be_seen_is_made_visible() -> None:
    marks = {" a": "·a", "\n\n": "↵↵", "\t": "⇥", "\u202e": "⟨U+202E⟩", "\r": "⟨U+000D⟩", "": "∅"}
    assert {text: mark(text) for text in marks} == marks


@pytest.mark.parametrize(
    ("probability", "shade"),
    [(0.01, 1), (0.05, 2), (0.24, 2), (0.25, 3), (0.5, 4), (0.89, 4), (0.9, 5), (1.0, 5)],
)
def test_a_chip_is_shaded_by_its_probability_and_names_it(probability: float, shade: int) -> None:
    html = chips_of(token(probability=probability, rank=3))
    assert f'class="chip p{shade} ' in html
    assert (
        f'aria-label="·Paris, {100 * probability:.{0 if probability == 1 else 1}f} %, rank 3"'
        in html
    )


@pytest.mark.parametrize(("nats", "shade"), [(0.1, 1), (0.5, 2), (1.5, 3), (2.5, 4), (4.0, 5)])
def test_a_chip_is_shaded_by_its_surprisal(nats: float, shade: int) -> None:
    html = chips_of(replace(token(), logprob=-nats))
    assert f' s{shade}" data-token="0"' in html


def test_a_line_ends_where_the_reply_has_one() -> None:
    assert chips_of(token("a\n\n"), token("b")).count("<br>") == 2


def test_the_token_that_was_put_there_says_so() -> None:
    html = chips_of(token(), token(), facts=replace(FACTS, branch=Branch(1, "a", "b")))
    assert html.count("put here by you") == 2  # the tooltip and the label of one chip
    assert 'fork" data-token="1"' in html


def test_a_long_reply_is_drawn_piece_by_piece() -> None:
    long = [token()] * (2 * CHIPS_AT_ONCE + 5)
    first, second = chips_of(*long), chips_of(*long, start=CHIPS_AT_ONCE)
    third = chips_of(*long, start=2 * CHIPS_AT_ONCE)
    assert [part.count('class="chip ') for part in (first, second, third)] == [1000, 1000, 5]
    assert "The first 1,000 of 2,005 tokens are drawn." in first
    assert 'data-more="2000">Draw the next 5<' in second
    assert "data-more" not in third
    assert [part.count("Shade by") > 0 for part in (first, second, third)] == [True, False, False]


def test_a_panel_names_every_number_of_the_record() -> None:
    text = seen(panel_of(token())).text
    for words in (
        "token 1 of 1 · id 7042",
        "probability50.0 %",
        "rank1",
        "logprob-0.693",
        "surprisal0.693 nats (1.00 bits)",
        "entropy here2.310 nats",
        "The number thrown was 0.4312.",
        "0.4001 to 0.4432: 4.3 % of what the settings left",
        "Temperature 0.7 left 49,152 tokens possible, this one with a score of 21.31",
        "Top-p 0.9 left 12 tokens possible",
        "the 3 likeliest have 90.0 % together",
    ):
        assert words in text


def test_a_panel_says_when_no_number_was_thrown() -> None:
    greedy = replace(token(), uniform=None, low=0.0, high=1.0)
    assert "at temperature 0 the best token is taken" in panel_of(greedy)
    by_hand = replace(token(), uniform=None, low=0.0, high=0.0, stages=())
    assert "You put it here" in panel_of(by_hand)


def test_a_token_beyond_the_ten_best_stands_in_the_table_too() -> None:
    html = panel_of(token(" rare", 0.001, rank=812))
    assert '<td>812</td><th scope="row"><span class="token">·rare</span>' in html
    assert html.count("in the reply") == 1
    assert html.count('data-action="branch"') == 3


def test_only_the_last_reply_offers_branches() -> None:
    assert 'data-action="branch"' in panel_of(token())
    html = panel_of(token(), last=False)
    assert 'data-action="branch"' not in html
    assert "Only the last reply can be continued" in html


def test_a_button_names_the_place_it_branches_at() -> None:
    html = panel_of(token(), token(), index=3, place=1)
    assert 'data-index="3" data-token="1" data-alternative="2"' in html


@pytest.fixture
def store(tmp_path: Path) -> ConversationStore:
    store = ConversationStore(tmp_path)
    name = store.keep_recording(KEY, (token(), token()))
    reply = Turn("assistant", "ho", FACTS, recording=name)
    store.update(KEY, lambda _: Conversation((Turn("user", "hi"), reply)))
    return store


def test_the_page_gets_chips_and_panels_by_key_turn_and_place(store: ConversationStore) -> None:
    draw_chips, explain_token = serve_tokens(store)
    assert draw_chips([KEY, 1, 0]) == chips_of(token(), token())
    assert "token 2 of 2" in explain_token([KEY, 1, 1])


@pytest.mark.parametrize(
    "asked",
    [
        None,
        7,
        "x",
        [],
        [KEY],
        [KEY, "one", 0],
        [KEY, 1, None],
        [KEY, 1, 2],
        [KEY, 0, 0],
        [KEY, 2, 0],
        [KEY, -1, 0],
        [KEY, 1, -1],
        ["d" * 32, 1, 0],
        ["../x", 1, 0],
        [KEY, float("inf"), 0],
    ],
)
def test_the_page_gets_one_sentence_for_what_is_not_there(
    store: ConversationStore, asked: object
) -> None:
    for call in serve_tokens(store):
        assert 'class="notice error"' in call(asked)
