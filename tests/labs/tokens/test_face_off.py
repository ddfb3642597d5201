"""Several tokenizers on the same texts: counts, what is lost, and the language that costs most."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import models, normalizers, pre_tokenizers

from playground import experiment
from playground.data import greetings, shipped_text
from playground.errors import OptionError
from playground.labs.tokens.cutting import tokenize
from playground.labs.tokens.face_off import OWN_TEXT, Contender, FaceOff, face_off
from playground.labs.tokens.face_off_view import draw, draw_learned
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


def met(contenders: list[Contender], own: str, cut: bool = False) -> FaceOff:
    owns = tuple(tokenize(each.tokenizer, own) for each in contenders)
    return FaceOff(tuple(contenders), tuple(face_off(contenders, own)), owns, cut)


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
    html = str(draw(met(contenders, own)))
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
    assert "t + h" in seen(draw_learned([("t", "h")], tokenizer)).text
    assert "Nothing was learned" in draw_learned(learned_pairs(train_tokenizer("", 300)), tokenizer)
    assert tokenizer.vocab_size == 256 + len(pairs)


@pytest.mark.parametrize("size", [255, 8193, 300.5, "many", None])
def test_a_bad_vocabulary_gets_one_sentence(size: object) -> None:
    sentence = f"`vocab_size` must be a whole number from 256 to 8,192, got {shown(size)}"
    with pytest.raises(OptionError, match=sentence):
        train_tokenizer("text", size)


def test_a_bad_vocabulary_names_the_setting() -> None:
    sentence = "`vocab_size` must be a whole number from 256 to 8,192, got 255"
    with pytest.raises(OptionError, match=sentence):
        experiment("tokens/face-off")(None, vocab_size=255)


def test_the_json_holds_every_tokenizer_and_every_text() -> None:
    found = experiment("tokens/face-off")(None, text="tick tack tick tack", vocab_size=260)
    told = found.to_json()
    names = [each["name"] for each in told["tokenizers"]]
    assert names[0] == "SmolLM2 135M Instruct"
    assert names[-2:] == ["Bytes", "Trained on your text"]
    assert told["tokenizers"][-1]["vocab_size"] == 256 + len(told["learned_pairs"]) <= 260
    assert [each["name"] for each in told["texts"]][:2] == [OWN_TEXT, "English"]
    assert all(len(each["tokens"]) == len(names) for each in told["texts"])


def test_a_long_text_takes_part_with_its_beginning_and_that_is_said() -> None:
    found = experiment("tokens/face-off")(None, text="x" * 100_001, vocab_size=256)
    assert found.to_json()["texts"][0]["bytes"] == 100_000
    assert found.to_json()["goes_on"]
    assert "the first 100,000 characters take part" in found._repr_html_()
