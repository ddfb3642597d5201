"""Step by step: the film of the merges ends in the tokens, and nothing in it is markup."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playground.labs.tokens.steps import Steps, trace_merges
from playground.labs.tokens.steps_view import draw
from playground.models.text.tokenizer import Tokenizer
from playground.models.text.trained_tokenizer import train_tokenizer
from tests.support.markup import seen

_TOKENIZER: list[Tokenizer] = []


@pytest.fixture(scope="module", autouse=True)
def _keep(tiny_model_folder: Path) -> None:
    """Hand the tokenizer to hypothesis, which takes no fixtures of wider scope."""
    _TOKENIZER[:] = [Tokenizer.load(tiny_model_folder, [])]


def follow(tokenizer: Tokenizer, text: str) -> Steps:
    return Steps(trace_merges(tokenizer, text), tokenizer)


def film_of(html: str) -> dict[str, Any]:
    found = re.search(r'data-trace="([^"]*)"', html)
    assert found is not None
    film: dict[str, Any] = json.loads(unescape(found[1]))
    return film


@given(st.text(min_size=1, max_size=30))
@example("</div><script>\"'")
def test_the_film_of_the_merges_ends_in_the_tokens(text: str) -> None:
    steps = follow(_TOKENIZER[0], text)
    html = str(draw(steps))
    assert "script" not in seen(html).tags
    film = film_of(html)
    assert film == steps.to_json()
    words = [list(word) for word in film["words"]]
    for step in film["steps"]:
        joined = words[step["word"]][step["place"] : step["place"] + 2]
        assert joined == [step["left"], step["right"]]
        words[step["word"]][step["place"] : step["place"] + 2] = [step["becomes"]]
    assert [len(word) for word in words] == [len(ids) for ids in film["ids"]]
    assert [i for ids in film["ids"] for i in ids] == _TOKENIZER[0].encode(text)


def test_a_token_that_is_markup_by_itself_is_text() -> None:
    html = str(draw(follow(train_tokenizer("<!-- <!-- <!--", 300), "<!--")))
    assert "<!--" not in html
    assert "&lt;!--" in html


def test_a_long_text_is_followed_from_its_beginning_and_that_is_said() -> None:
    steps = follow(_TOKENIZER[0], "ab " * 300)
    trace = steps.trace
    assert trace.cut
    assert list(trace.token_ids) == _TOKENIZER[0].encode("ab " * 300)[: len(trace.token_ids)]
    assert "Only the first 400 characters" in draw(steps)
    assert steps.to_json()["goes_on"]


def test_an_empty_text_says_what_to_do() -> None:
    assert "its merges come here" in draw(follow(_TOKENIZER[0], ""))
