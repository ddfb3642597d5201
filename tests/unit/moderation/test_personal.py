"""Personal data: what is one by its own rules, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.moderation.personal import PersonalStage
from playground.moderation.verdict import Action
from playground.moderation.views import read_views, settled_views

STAGE = PersonalStage()


def found(text: str) -> list[tuple[str, str]]:
    return [(each.rule, each.text) for each in STAGE.find(text, read_views(text))]


@pytest.mark.parametrize(
    ("text", "rule", "what"),
    [
        ("card 4111 1111 1111 1111 12/27.", "card", "4111 1111 1111 1111"),
        ("card 5555-5555-5555-4444!", "card", "5555-5555-5555-4444"),
        ("378282246310005", "card", "378282246310005"),
        ("write to jo.smith+x@mail.example.co.uk.", "mail", "jo.smith+x@mail.example.co.uk"),
        ("call +44 20 7946 0958 now", "phone", "+44 20 7946 0958"),
        ("call (415) 555-2671 now", "phone", "(415) 555-2671"),
        ("ring 020 7946 0958", "phone", "020 7946 0958"),
        ("IBAN DE89 3704 0044 0532 0130 00, thanks", "iban", "DE89 3704 0044 0532 0130 00"),
        ("GB82WEST12345698765432", "iban", "GB82WEST12345698765432"),
        ("key sk-" + "aB3" * 9 + ".", "key", "sk-" + "aB3" * 9),
        ("AKIA" + "ABCDEFGH12345678", "key", "AKIA" + "ABCDEFGH12345678"),
        ("4111\u200b1111\u200b1111\u200b1111", "card", "4111\u200b1111\u200b1111\u200b1111"),
    ],
)
def test_personal_data_is_found_and_hidden(text: str, rule: str, what: str) -> None:
    assert found(text) == [(f"personal.{rule}", what)]
    assert STAGE.find(text, read_views(text))[0].action is Action.REDACT


def test_a_private_key_is_found_up_to_its_end() -> None:
    dashes = "-" * 5  # put together here, lest a scanner take the test for a leak
    key = f"{dashes}BEGIN PRIVATE KEY{dashes}\nMIIB\nxyz=\n{dashes}END PRIVATE KEY{dashes}"
    assert found(f"see {key} there") == [("personal.key", key)]
    text = f"see {key[:40]}"
    assert STAGE.open_from(text, read_views(text)) == 4


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "0000 0000 0000 0000",
        "DE89 3704 0044 0532 0130 01",
        "on 2024-11-26 at 10:30, 1,234,567.89 of 12345678901234567890",
        "ISBN 978-3-16-148410-0, version 1.2.3.4, 192.168.100.200",
        "pi is 3.14159265358979323846",
        "user@host and @name",
        "git+ssh://git@example.com/x, icon@2x.png",
        "sk-learn-contrib-imbalanced-learning-docs",
        "THE QUICK BROWN FOX",
        "123-456-7890",
        "1914 1918 1939 1945 1989",
    ],
)
def test_what_only_looks_like_it_passes(text: str) -> None:
    assert found(text) == []


PIECES = st.lists(
    st.sampled_from(
        [
            "4111",
            "1111",
            " ",
            "-",
            "jo@a.de",
            "+44 20 7946 0958",
            "DE89",
            "3704",
            "0044 0532 0130",
            "00",
            "see",
            "\u5929",
            "\uff0c",
            "THE",
            ".",
            "(415) 555",
            "-2671",
            "1",
            "\n",
            "+",
        ]
    ),
    max_size=12,
).map("".join)


@given(PIECES, PIECES)
def test_what_follows_changes_no_match_of_what_is_settled(text: str, more: str) -> None:
    def settled(whole: str) -> list[tuple[str, int, int]]:
        matches = STAGE.find(whole, read_views(whole))
        return [(each.rule, each.start, each.end) for each in matches if each.start < at]

    views = settled_views(text)
    at = STAGE.open_from(views[0].text, views)
    assert settled(text) == settled(text + more)


@pytest.mark.parametrize(
    "number",
    ["4111 1111 1111 1111", "GB82 WEST 1234 5698 7654 32", "+1 202 555 0143", "020 7946 0958"],
)
@pytest.mark.parametrize(
    "around",
    ["%s", '"%s"', "=%s", "card=%s;", "\u2116%s", "*%s*", "\u201c%s\u201d", "tel:%s", "[%s]"],
)
def test_a_number_is_held_back_from_its_first_character(number: str, around: str) -> None:
    text = f"It is {around % number} . And so on, for long, and on."
    for match in STAGE.find(text, read_views(text)):
        for length in range(match.start + 1, match.end + 1):
            assert STAGE.open_from(text[:length], read_views(text[:length])) <= match.start


def test_a_private_key_stays_open_until_its_last_dash() -> None:
    dashes = "-" * 5
    key = f"{dashes}BEGIN PRIVATE KEY{dashes}\nMIIB\nxyz=\n{dashes}END PRIVATE KEY{dashes}"
    for length in range(12, len(key)):
        assert STAGE.open_from(f"see {key[:length]}", read_views(f"see {key[:length]}")) == 4
    closed = f"{key}\nThat was it, and more of it. "
    assert STAGE.open_from(closed, read_views(closed)) == len(closed)
    other = f"{dashes}BEGIN CERTIFICATE{dashes}\nThat is how one begins, and so on "
    assert STAGE.open_from(other, read_views(other)) == len(other)


def test_a_settled_sentence_is_not_held_back() -> None:
    text = "We meet again on Monday and then on Tuesday, "
    assert STAGE.open_from(text, read_views(text)) == len(text)


@pytest.mark.parametrize(
    "piece", ["1 ", "4", "4-", "a@", "a.a", "AB12 ", "+1 ", "a@a.", "- ", "eyJ-"]
)
def test_no_piece_over_and_over_takes_longer_than_its_length_asks(piece: str) -> None:
    """Quadratic steps would take minutes here, which the time limit of a test catches."""
    text = piece * (50_000 // len(piece))
    views = read_views(text)[:1]
    STAGE.find(text, views)
    assert STAGE.open_from(text, views) <= len(text)


def test_a_number_behind_a_script_without_spaces_is_held_back() -> None:
    text = "\u8bf7\u6253\u7535\u8bdd4111 1111"
    assert STAGE.open_from(text, read_views(text)) == text.index("4")
    assert STAGE.open_from(text[:4], read_views(text[:4])) == 4
