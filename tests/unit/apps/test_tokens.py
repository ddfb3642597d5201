"""Tokens and merges as HTML: all there, all escaped, capped where it is long."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playground.labs.tokens.cutting import tokenize, trace_merges
from playground.labs.tokens.cutting_view import TOKENS_AT_ONCE, legible, render_tokens
from playground.labs.tokens.merges_view import render_merges
from playground.models.text.tokenizer import Tokenizer
from playground.models.text.trained_tokenizer import byte_tokenizer, train_tokenizer
from tests.support.markup import seen

_TOKENIZER: list[Tokenizer] = []


@pytest.fixture(scope="module", autouse=True)
def _keep(tiny_model_folder: Path) -> None:
    """Hand the tokenizer to hypothesis, which takes no fixtures of wider scope."""
    _TOKENIZER[:] = [Tokenizer.load(tiny_model_folder, [])]


@given(st.text(min_size=1, max_size=40))
@example("<script>alert('x')</script>&amp;")
@example("\0\u202e\n\t 👩‍👩‍👧‍👦")
def test_every_token_stands_there_thrice_and_nothing_is_markup(text: str) -> None:
    tokenized = tokenize(_TOKENIZER[0], text)
    html = render_tokens(tokenized)
    page = seen(html)
    assert page.tags <= {
        "dl",
        "div",
        "dd",
        "dt",
        "p",
        "h3",
        "span",
        "button",
        "br",
        "b",
    }
    chips = re.findall(r'class="chip [^"]*"[^>]*data-token="(\d+)"', html)
    assert [int(place) for place in chips] == list(range(len(tokenized.spans)))
    ids = re.search(r'<p class="tok-ids">(.*?)</p>', html)
    assert ids is not None
    assert seen(ids[1]).text.split() == [str(i) for i in tokenized.spans.token_ids.tolist()]
    shown = re.search(r'<p class="tok-text">(.*?)</p>', html, re.DOTALL)
    assert shown is not None
    assert seen(shown[1]).text == legible(text).replace("\r\n", "\n").replace("\r", "\n")


def test_a_token_that_is_markup_by_itself_is_text() -> None:
    tokenizer = train_tokenizer("<!-- <!-- <!--", 300)
    tokenized = tokenize(tokenizer, "<!--")
    assert len(tokenized.spans) == 1
    for html in (
        render_tokens(tokenized),
        render_merges(trace_merges(tokenizer, "<!--"), tokenizer),
    ):
        assert "<!--" not in html
        assert "&lt;!--" in html


def test_pages_are_turned_and_the_cap_is_said() -> None:
    tokenized = tokenize(byte_tokenizer(), "x" * 2500)
    first, last = render_tokens(tokenized), render_tokens(tokenized, 2000)
    assert f"at most {TOKENS_AT_ONCE:,} at once" in first
    assert "Tokens 1 to 1,000 of 2,500" in first
    assert 'data-first="1000"' in first
    assert "Tokens 2,001 to 2,500 of 2,500" in last
    assert "Later" not in last
    assert "pages" not in render_tokens(tokenize(byte_tokenizer(), "x" * 1000))


def test_an_empty_text_says_what_to_do() -> None:
    page = seen(render_tokens(tokenize(byte_tokenizer(), "")))
    assert "its tokens will stand here" in page.text
    assert "0tokens" in page.text
    assert "\N{EN DASH}tokens a word" in page.text


@given(st.text(min_size=1, max_size=30))
@example("</div><script>\"'")
def test_the_film_of_the_merges_ends_in_the_tokens(text: str) -> None:
    tokenizer = _TOKENIZER[0]
    trace = trace_merges(tokenizer, text)
    html = render_merges(trace, tokenizer)
    assert "script" not in seen(html).tags
    found = re.search(r'data-trace="([^"]*)"', html)
    assert found is not None
    film = json.loads(unescape(found[1]))
    words = [list(word) for word in film["words"]]
    for step in film["steps"]:
        words[step["word"]][step["place"] : step["place"] + 2] = [step["becomes"]]
    assert [len(word) for word in words] == [len(ids) for ids in film["ids"]]
    assert [i for ids in film["ids"] for i in ids] == tokenizer.encode(text)


def test_a_long_text_is_followed_from_its_beginning_and_that_is_said() -> None:
    tokenizer = _TOKENIZER[0]
    trace = trace_merges(tokenizer, "ab " * 300)
    assert trace.cut
    assert list(trace.token_ids) == tokenizer.encode("ab " * 300)[: len(trace.token_ids)]
    assert "Only the first 400 characters" in render_merges(trace, tokenizer)
