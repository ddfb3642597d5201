"""Several tokenizers on the same texts: counts, what is lost, and the language that costs most."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import models, normalizers, pre_tokenizers

from playground.data import greetings, shipped_text
from playground.errors import OptionError
from playground.labs.tokens.cutting import tokenize
from playground.labs.tokens.face_off import OWN_TEXT, Contender, face_off
from playground.labs.tokens.face_off_view import render_face_off, render_learned
from playground.models.text.tokenizer import Tokenizer
from playground.models.text.trained_tokenizer import (
    byte_tokenizer,
    learned_pairs,
    train_tokenizer,
)
from playground.number_rules import shown
from tests.support.markup import seen


def forgetful() -> Tokenizer:
    """Return a tokenizer that knows one word, in lower case."""
    fast = FastTokenizer(models.WordLevel({"[UNK]": 0, "good": 1}, unk_token="[UNK]"))
    fast.normalizer = normalizers.Lowercase()
    fast.pre_tokenizer = pre_tokenizers.Whitespace()
    return Tokenizer.wrap(fast)


@pytest.fixture(scope="module")
def contenders() -> list[Contender]:
    return [
        Contender("<Bytes>", "256 & no pairs", byte_tokenizer()),
        Contender("Trained", "learned", train_tokenizer(shipped_text(), 500)),
        Contender("Forgetful", "one word", forgetful()),
    ]


def test_counts_are_those_of_the_tokenizers_and_the_lossy_never_wins(
    contenders: list[Contender],
) -> None:
    own = "The lighthouse <b>"
    bouts = {bout.name: bout for bout in face_off(contenders, own)}
    assert len(bouts) == 1 + sum(map(len, greetings().values()))
    for bout in bouts.values():
        ids = [each.tokenizer.encode(bout.text) for each in contenders]
        assert bout.tokens == tuple(map(len, ids))
        assert bout.tokens[0] == bout.bytes == len(bout.text.encode())
        assert bout.kept == (True, True, False)
        assert bout.best == min(bout.tokens[:2])
    english, thai = bouts["English"], bouts["Thai"]
    assert english.times_reference == (1, 1, 1)
    assert thai.times_reference is not None
    assert thai.times_reference[0] == thai.bytes / english.bytes > 3
    assert bouts["Digits"].times_reference is None
    assert bouts[OWN_TEXT].tokens[1] < bouts[OWN_TEXT].tokens[0]


def test_all_text_is_escaped_and_lost_text_is_marked(contenders: list[Contender]) -> None:
    own = "<script>alert(1)</script> \u202e"
    owns = [tokenize(each.tokenizer, own) for each in contenders]
    html = render_face_off(contenders, face_off(contenders, own), owns)
    page = seen(html)
    assert not page.tags & {"script", "bytes"}
    assert "<Bytes>" in page.text
    assert "\u202e" not in page.text.split("Tokens that each needs")[1]
    assert html.count('class="lost"') == len(face_off(contenders, own))


def test_an_empty_text_leaves_its_row_out(contenders: list[Contender]) -> None:
    assert OWN_TEXT not in {bout.name for bout in face_off(contenders, "")}


def test_pairs_are_learned_from_the_text_alone() -> None:
    tokenizer = train_tokenizer("the then there the", 300)
    pairs = learned_pairs(tokenizer)
    assert len(learned_pairs(train_tokenizer("xy xy", 300))) == 1  # twice is often enough
    assert learned_pairs(train_tokenizer("xy xz", 300)) == []
    assert pairs[0] in (("t", "h"), ("h", "e"))
    assert "t + h" in seen(render_learned([("t", "h")], tokenizer)).text
    assert "Nothing was learned" in render_learned(
        learned_pairs(train_tokenizer("", 300)), tokenizer
    )
    assert tokenizer.vocab_size == 256 + len(pairs)


@pytest.mark.parametrize("size", [255, 8193, 300.5, "many", None])
def test_a_bad_vocabulary_gets_one_sentence(size: object) -> None:
    sentence = f"`vocab_size` must be a whole number from 256 to 8,192, got {shown(size)}"
    with pytest.raises(OptionError, match=sentence):
        train_tokenizer("text", size)
