"""The readings: what is undone, what is left alone, and that every character keeps its place."""

# ruff: noqa: RUF001  # letters of other scripts are what is tested

import base64
import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playground.moderation.evasions import evade
from playground.moderation.limits import LONGEST
from playground.moderation.view import View
from playground.moderation.views import every_view, read_views, readings_open_from

PLAIN = "Who will they kill next?"


def readings(text: str) -> list[str]:
    return [each.text for each in read_views(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Wh0 w1ll they ki11 n3x7?",
        "W h o   w i l l   t h e y   k i l l   n e x t?",
        "W.h.o w.i.l.l t-h-e-y k*i*l*l next?",
        "Who will they kiiiill next?",
        "Wwhhoo will they kkiillll next?",
        "Who will they ki\nll next?",
        "Who wi\nll th\ney kill next?",
        "Who will they ki-\nll next?",
        "Who will they ki-\r\nll next?",
        "Who will they k**il**l next?",
        "Who will they k__il__l next?",
        "Who will th~~e~~y kill next?",
        "Who will they k)(i)(l)(l next?",
        "WH0 WI11 TH3Y KI11 N3XT?",
        "who wi11 7hey ki11 n3x7?",
        "wwhhoo wwiillll tthheeyy kkiillll next?",
        "who wіll tһеу kіll next?",
        "Who will they k-ill next?",
        "Who will they ki\u200bll ne\u00adxt?",
        "Who will they k\u0000il\u2060l next?",
        "Who will they k\u0456ll n\u0435xt?",
        "Who will they \uff4b\uff49\uff4c\uff4c \U0001d427\U0001d41e\U0001d431\U0001d42d?",
        "Who will they \U0001f1f0\U0001f1ee\U0001f1f1\U0001f1f1 next?",
        "Who will they k\u0336i\u0336l\u0336l\u0336 next?",
        "Who will they k\u00edll next?",
        "Who will they \U000e006b\U000e0069\U000e006c\U000e006c next?",
        "Who will they \u202ellik\u202c next?",
        "Who will they %6b%69ll next?",
        "Who will they &#107;&#x69;ll next?",
        "Who will they \\x6b\\x69ll next?",
        "Who will they 6b 69 6c 6c next?",
        f"Who will they k{'i' * 90}ll next?",
        PLAIN.encode().hex(),
        base64.b64encode(PLAIN.encode()).decode(),
        base64.urlsafe_b64encode(PLAIN.encode()).decode().rstrip("="),
        codecs.encode(PLAIN, "rot13"),
        PLAIN.encode().hex(" "),
        " ".join(f"0x{each:02x}" for each in PLAIN.encode()),
        ", ".join(f"0x{each:02x}" for each in PLAIN.encode()),
        "".join(f"%25{each:02x}" for each in PLAIN.encode()),
    ],
)
def test_a_disguise_is_read_through(text: str) -> None:
    def plain(reading: str) -> str:
        return " ".join(reading.lower().replace(" ?", "?").split())

    assert PLAIN.lower() in map(plain, readings(text))


@pytest.mark.parametrize(
    "text",
    [
        "Где сейчас находится президент? Сор, рот и нос — русские слова.",
        "Πού είναι ο πρόεδρος; Το άρωμα του καφέ είναι ωραίο.",
        "أين الرئيس الآن؟ اللغة العربية جميلة، والحرف الأخير ألف: ا.",
        "من می\u200cخواهم کتاب\u200cها را بخوانم",
        "अभी राष्ट्रपति कहाँ हैं? क़लम, ज़मीन और क्\u200dष।",
        "שלום עולם, איפה הנשיא?",
        "นายกรัฐมนตรีทำอะไรอยู่ที่นี่",
        "大統領は今どこですか。東京タワー",
        "대통령은 지금 어디에 있습니까?",
        "Where is the White House, and who won the war? I paid $5 for 2 B2B mp3 files.",
        "The ceilings diffuse diseases at the entrance: words that decode to something.",
        "👩\u200d👩\u200d👧 ❤\ufe0f 👍🏽",
    ],
)
def test_text_of_any_script_is_read_as_it_stands(text: str) -> None:
    assert readings(text) == [text]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the may\nor", ["the mayor"]),
        ("how 2 find u, going 2 be, H0W T0", ["how to find you, going to be, HoW To"]),
        ("2 apples, 4 pears, U2", []),
        ("y o u ' r e", ["you're"]),
        ("w3ll 1 am", ["well i am"]),
        ("wweellll ii go", ["well i go"]),
        ("well-being, an A55 or 5kg", []),
        ("1 am 50", []),
        ("ki ll it", ["kill it"]),
        ("ki<b></b>ll, k<i>il</i>l", ["kill, kill"]),
        ("the may or, a tag<br>line", []),
        ("ill it, not ki all", []),
        ("the may\nOr", []),
    ],
)
def test_what_is_ambiguous_goes_by_what_stands_before_it(text: str, words: list[str]) -> None:
    assert readings(text)[1:] == words


@pytest.mark.parametrize("text", ["", " \n\t", "👍", "\u0301", "\u202e", "%", "&;", "=", "a"])
def test_odd_texts_have_readings(text: str) -> None:
    assert readings(text)[0] == text


@pytest.mark.parametrize("name", ["base64", "hex", "percent", "rot13", "spaced"])
def test_no_disguise_is_too_long_to_be_read(name: str) -> None:
    text = "the weather is fine " * 500 + "who will they kill next"
    assert any(
        " ".join(each.split()).endswith("they kill next") for each in readings(evade(text, name))
    )


def test_a_run_without_gaps_is_cut_into_words_however_long() -> None:
    text = " ".join("whowilltheykillnext" * 50)
    assert readings(text)[1].startswith("who will they kill next who will")


def test_a_letter_is_found_where_it_stands() -> None:
    text = "a k\u200bi\u200bll, b"
    (_, view) = read_views(text)
    at = view.text.index("kill")
    start, end = view.span(at, at + 4)
    assert text[start:end] == "k\u200bi\u200bll"


PIECES = st.sampled_from(
    [
        *"akil1 .\n-0@$!&;%=:\u200b\u0301\u202e\u202c\u0430\u043a\u00e9\uff4b\U000e006b\0\ud800",
        "kill",
        "k i l l",
        "  ",
        "\r\n",
        "&#107;",
        "%6b",
        "6b 69",
        "a2lsbA==",
        "xvyy",
        "gur",
        "\\x6b",
        "k1ll",
        "k.i",
        "ki",
        "ll",
        "the",
        "Убей",
        "天",
        "| 1 ",
        "2. ",
        "3 4 5 6 7 8 ",
        "天，",
        "ก็" * 70,
        "Сор",
        "kkii",
        "\u0915\u094d",
        "🇰🇮",
    ]
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)


@given(TEXTS)
def test_places_never_fall_and_lie_in_the_text(text: str) -> None:
    for view in every_view(text):
        assert len(view.text) == len(view.starts) == len(view.ends)
        assert list(view.starts) == sorted(view.starts)
        assert list(view.ends) == sorted(view.ends)
        spans = list(zip(view.starts, view.ends, strict=True))
        assert all(0 <= start < end <= len(text) for start, end in spans)


def before(view: View, at: int) -> list[tuple[str, int, int]]:
    read = zip(view.text, view.starts, view.ends, strict=True)
    return [each for each in read if each[1] < at]


@given(TEXTS, TEXTS)
@example("ki-\n", "ll")
@example("ki**", "*ll")
@example("ki\n", "ll")
@example("k i", " l l")
@example("a\u202ebc d", "e\u202c")
@example("天" * 64, "kill")
@example("l9|@ ", "k k")
@example("\u202ek long\u202c i ", "l l")
@example("1 2 3 4 5 6 7 ", "1 l l")
@example("| 1 | 2 | 3 | 4 | 5 | 6 | 7 |", " k | 1 | l | l")
@example("1. 2. 3. 4. 5. 6. 7", ".k.1.l.l")
@example("1\n2\n3\n4\n5\n6\n7\n", "a\nb")
@example("k\n天，", "\u0301l")
@example("0x6b 0x69 ", "0x6c 0x6c")
@example("0x6b, 0x69,", " 0x6c")
@example("%256", "b%25")
@example("ki ", "ll")
@example("k\u0301i ", "ll")
@example("\uff4bi ", "ll")
@example("the ki l", "l it")
@example("ki<b>", "</b>ll")
def test_what_follows_changes_no_reading_of_what_is_settled(text: str, more: str) -> None:
    at = readings_open_from(text)
    for early, late in zip(every_view(text), every_view(text + more), strict=True):
        assert before(early, at) == before(late, at)


def test_a_settled_text_is_nearly_all_of_it() -> None:
    text = "The committee will meet again on Monday"
    assert readings_open_from(text) == text.index("Monday")
    assert readings_open_from(text + ". ") == len(text) + 2


@pytest.mark.parametrize(
    "piece",
    ["a ", "a", "a.", "a\n", "aa", "%6b", "&", "k1", "k\u0301", "\u0430a", "QUJD", "\u202e"],
)
def test_no_piece_over_and_over_takes_longer_than_its_length_asks(piece: str) -> None:
    """Quadratic steps would take minutes here, which the time limit of a test catches."""
    assert read_views(piece * (LONGEST // len(piece)))


@pytest.mark.parametrize(
    "text",
    [
        "Great! I live at 455 Main Road.",
        "Hello! The code is 80085.",
        "I l0ve this p1ace. 455 people live here.",
        "I l0ve it: the last house in Main Road is 455.",
    ],
)
def test_a_number_is_a_word_only_right_behind_a_disguised_one(text: str) -> None:
    assert all("455" in each or "80085" in each for each in readings(text))
    assert "kill it" in readings("k1ll 17")[-1]


def test_a_character_that_stands_for_a_sentence_stays_one() -> None:
    assert readings("\ufdfa" * 3) == ["\ufdfa" * 3]
    assert "office" in readings("o\ufb03ce")[-1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("今天天气很好，我们去", "今天天气很好"),
        ("駅はどこですか。明日は", "駅はどこですか"),
        ("在这里ki，l", ""),
        ("ส" * 100, "ส" * 99),
        ("ส\u0e34เา" * 40, "ส\u0e34เา" * 39 + "ส\u0e34เ"),
        ("天" * 60, ""),
    ],
)
def test_scripts_without_spaces_are_settled_by_the_clause(text: str, shown: str) -> None:
    assert text[: readings_open_from(text)] == shown


def test_a_row_of_numbers_is_settled_but_for_its_end() -> None:
    table = "| 1 | 2 | 3 |\n" * 50
    assert readings_open_from(table) > len(table) - 30
    assert readings(f"{'1. 2. 3. ' * 9}") == [f"{'1. 2. 3. ' * 9}"]
    assert "kill" in readings("1 2 k 1 l l now")[-1]


def test_what_an_override_turns_round_holds_back_no_more_than_its_line() -> None:
    text = "It is \u202ellik\u202c and so on, for long, and then it rains again. "
    assert readings_open_from(text) == len(text)
    assert readings_open_from(text[: text.index("\u202c") + 3]) == text.index("\u202e")
