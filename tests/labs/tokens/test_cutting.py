"""Cutting: every token is there, as text, chip and id; all escaped, a page at a time where long."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import playground
from playground.drawing.marks import legible
from playground.errors import OptionError
from playground.labs.tokens.cutting import Cutting, tokenize
from playground.labs.tokens.cutting_view import TOKENS_AT_ONCE, draw
from playground.models.text.tokenizer import Tokenizer
from playground.models.text.trained_tokenizer import byte_tokenizer, train_tokenizer
from tests.support.markup import seen

_TOKENIZER: list[Tokenizer] = []
TAGS = {"dl", "div", "dd", "dt", "p", "h3", "span", "button", "br", "b"}


@pytest.fixture(scope="module", autouse=True)
def _keep(tiny_model_folder: Path) -> None:
    """Hand the tokenizer to hypothesis, which takes no fixtures of wider scope."""
    _TOKENIZER[:] = [Tokenizer.load(tiny_model_folder, [])]


def drawn(tokenizer: Tokenizer, text: str, first: int = 0) -> str:
    return str(draw(Cutting(tokenize(tokenizer, text), first)))


@given(st.text(min_size=1, max_size=40))
@example("<script>alert('x')</script>&amp;")
@example("\0\u202e\n\t 👩‍👩‍👧‍👦")
def test_every_token_stands_there_thrice_and_nothing_is_markup(text: str) -> None:
    spans = tokenize(_TOKENIZER[0], text).spans
    html = drawn(_TOKENIZER[0], text)
    assert seen(html).tags <= TAGS
    chips = re.findall(r'class="chip [^"]*"[^>]*data-token="(\d+)"', html)
    assert [int(place) for place in chips] == list(range(len(spans)))
    ids = re.search(r'<p class="tok-ids">(.*?)</p>', html)
    assert ids is not None
    assert seen(ids[1]).text.split() == [str(i) for i in spans.token_ids.tolist()]
    shown = re.search(r'<p class="tok-text">(.*?)</p>', html, re.DOTALL)
    assert shown is not None
    assert seen(shown[1]).text == legible(text).replace("\r\n", "\n").replace("\r", "\n")
    assert html.count('tabindex="0"') == 1  # the arrow keys lead to the others


def test_a_token_that_is_markup_by_itself_is_text() -> None:
    tokenizer = train_tokenizer("<!-- <!-- <!--", 300)
    assert len(tokenize(tokenizer, "<!--").spans) == 1
    html = drawn(tokenizer, "<!--")
    assert "<!--" not in html
    assert "&lt;!--" in html


def test_pages_are_turned_and_the_cap_is_said() -> None:
    first, last = drawn(byte_tokenizer(), "x" * 2500), drawn(byte_tokenizer(), "x" * 2500, 2000)
    assert f"at most {TOKENS_AT_ONCE:,} at once" in first
    assert "Tokens 1 to 1,000 of 2,500" in first
    assert "{&#34;first&#34;: 1000}" in first
    assert "Tokens 2,001 to 2,500 of 2,500" in last
    assert "Later" not in last
    assert "pages" not in drawn(byte_tokenizer(), "x" * 1000)


def test_a_page_beyond_the_end_is_the_first() -> None:
    cutting = playground.experiment("tokens/cutting")
    assert "Tokens 1 to 1,000 of" in cutting(None, text="hm " * 2000, first=9_999)._repr_html_()
    assert "Tokens 1,501 to 2,000 of" in cutting(None, text=" the" * 2000, first=1500)._repr_html_()


def test_an_empty_text_says_what_to_do() -> None:
    page = seen(drawn(byte_tokenizer(), ""))
    assert "its tokens come here" in page.text
    assert "0tokens" in page.text
    assert "\N{EN DASH}tokens a word" in page.text


@given(st.text(max_size=30))
@example("naïve 🦑\n")
def test_the_json_gives_the_text_back_token_by_token(text: str) -> None:
    tokenizer = _TOKENIZER[0]
    found = Cutting(tokenize(tokenizer, text), 7).to_json()
    assert bytes(code for token in found["tokens"] for code in token["bytes"]).decode() == text
    assert [token["id"] for token in found["tokens"]] == tokenizer.encode(text)
    assert found["count"] == len(found["tokens"])
    assert found["bytes"] == len(text.encode())


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"text": "a" * 2_000_001}, "`text` must be a text of at most 2,000,000 characters"),
        ({"text": "ab\ud83d"}, "without half characters, got 'ab⟨U.D83D⟩'"),
        ({"first": -1}, "`first` must be a whole number from 0 on, got -1"),
    ],
)
def test_what_breaks_a_rule_gets_one_sentence(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        playground.experiment("tokens/cutting")(None, **given)
