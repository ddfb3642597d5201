"""Words and phrases: what is found where, and what is none."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playground.errors import OptionError
from playground.moderation.rewriting import as_written
from playground.moderation.verdict import Action
from playground.moderation.views import read_views, settled_views
from playground.moderation.word_lists import Term, read_lists, shipped_innocent, shipped_terms
from playground.moderation.words import WordStage, word_stage

LISTS = """\
[violence review S1]
plum~
red pear
[hate block S10]
red pear tree
fig=
"""
FRUIT = WordStage([*read_lists(LISTS)], ["plum pudding", "a red pear in may"])


def found(text: str, stage: WordStage = FRUIT) -> list[str]:
    return [each.text for each in stage.find(text, read_views(text))]


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("A plum, plums and PLUMMING", ["plum", "plums", "PLUMMING"]),
        ("plumber aplum plum2", []),
        ("red\n  pear; red-pear, red_pears", ["red\n  pear", "red-pear"]),
        ("a plum pudding plum", ["plum"]),
        ("a red pear in May, a red pear", ["red pear"]),
        ("Fig Newton ate a fig", ["fig"]),
        ("red pear tree", ["red pear tree", "red pear"]),
        ("İİ plum", ["plum"]),
    ],
)
def test_terms_are_found_at_the_edges_of_words(text: str, texts: list[str]) -> None:
    assert sorted(found(text)) == sorted(texts)


def test_a_disguise_of_a_listed_word_is_found_where_it_stands() -> None:
    for text in ("you b1tch", "you b i t c h", "you bi\u200btch", "you biiitch", "you b.i.t.c.h"):
        (match,) = word_stage().find(text, read_views(text))
        assert match.text == text.removeprefix("you ")
        assert match.view != "as written"
        assert "bitch" in match.reason


@pytest.mark.parametrize(
    "text",
    [
        "Scunthorpe, Penistone, Essex and Clitheroe",
        "a cocktail in a classic bass passage, assessed by an assassin",
        "kill -9 1234, how do I kill a Python process?",
        "my head is on fire",
        "Moby Dick, Dick van Dyke and Dick Turpin",
        "summa cum laude",
        "I cut myself shaving",
        "the suicide rate of 1920, the Boston massacre, a drug overdose",
        "a Shiba Inu and a Shih Tzu, Mr Hancock and Mrs Dickens",
        "455, F4G, A55, 8008 and B2B",
    ],
)
def test_innocent_texts_hold_nothing(text: str) -> None:
    assert found(text, word_stage()) == []


def test_the_action_and_the_category_are_the_lists() -> None:
    (match,) = word_stage().find("how to make a bomb", [as_written("how to make a bomb")])
    assert (match.category, match.action) == ("illicit/violent", Action.BLOCK)
    assert "S9" in match.reason


def test_the_shipped_lists_are_in_small_letters_and_say_each_term_once() -> None:
    terms = [each.text for each in shipped_terms()]
    assert len(terms) == len(set(terms))
    assert all(each == each.lower() == " ".join(each.split()) for each in terms)
    assert all(each == each.lower() for each in shipped_innocent())
    assert len({each.category for each in shipped_terms()}) == 13


@pytest.mark.parametrize(("text", "line"), [("plum", 1), ("[violence s1]\nplum", 1)])
def test_a_list_without_a_head_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(OptionError, match=f"Line {line} of the word lists"):
        list(read_lists(text))


WORDS = st.lists(
    st.sampled_from(
        [
            "plum",
            "red",
            "pear",
            "tree",
            "pudding",
            "a",
            "in",
            "may",
            " ",
            "-",
            "\n",
            ".",
            "Fig",
            "s",
        ]
    ),
    max_size=12,
).map("".join)


@given(WORDS, WORDS)
@example("a plum ", "pudding")
def test_what_follows_changes_no_match_of_what_is_settled(text: str, more: str) -> None:
    def settled(whole: str) -> list[tuple[str, int, int]]:
        matches = FRUIT.find(whole, read_views(whole))
        return [(each.rule, each.start, each.end) for each in matches if each.start < at]

    views = settled_views(text)
    at = FRUIT.open_from(views[0].text, views)
    assert settled(text) == settled(text + more)


def test_many_innocent_phrases_do_not_slow_it_down() -> None:
    """Quadratic steps would take minutes, which the time limit of a test catches."""
    stage = WordStage([Term("plum", "x", "S1", Action.BLOCK)], ["plum pudding"])
    text = "plum pudding " * 7_000
    assert stage.find(text, [as_written(text)]) == []
