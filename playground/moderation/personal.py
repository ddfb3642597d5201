"""The stage of personal data: cards, accounts, mail, telephone numbers and keys, by their rules.

A number counts only where its check digits or its country's numbering plan say that it is one.
The libraries of these rules are loaded when something looks like a number of that kind.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from playground.moderation.canonical import CANONICAL, UNREAD
from playground.moderation.decoded import DECODED
from playground.moderation.verdict import Action, Match
from playground.moderation.view import AS_WRITTEN, View

STAGE = "personal"
CATEGORY = "personal"
MOST_GROUPS = 4
"""Groups of digits that may stand behind a number and be none of it, such as a date."""

READ = frozenset({AS_WRITTEN, CANONICAL, DECODED})
"""The readings it looks at; in the others digits are letters."""

LONGEST_NUMBER = 64
"""Characters, with its gaps, of the longest number that is looked for."""

WITH_ZERO = ("GB", "DE", "FR", "IN", "AU")
"""Whose plans a telephone number that begins with 0 may follow; without, it is American."""


_ISSUED = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3[068]\d{12}|35\d{14}|6\d{15}(?:\d{3})?"
)
"""How many digits follow which first ones, by the great issuers."""


@dataclass(frozen=True)
class Kind:
    """One kind of personal data: how it looks, and whether it is one."""

    rule: str
    pattern: re.Pattern[str]
    is_one: Callable[[str], bool]
    reason: str


def _any(_: str) -> bool:
    return True


def _card(text: str) -> bool:
    from stdnum import luhn

    digits = re.sub(r"\D", "", text)
    return _ISSUED.fullmatch(digits) is not None and bool(luhn.is_valid(digits))


def _iban(text: str) -> bool:
    from stdnum import iban

    return bool(iban.is_valid(text))


def _phone(text: str) -> bool:
    import phonenumbers

    regions = WITH_ZERO if text.lstrip("(").startswith("0") else ("US",)
    for region in (None,) if text.startswith("+") else regions:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return True
    return False


_EDGE = r"(?<![A-Za-z0-9_])"
_KEYS = "|".join(
    (
        r"sk-(?=[A-Za-z_-]*\d)(?:proj-|ant-|live-)?[A-Za-z0-9_-]{20,}",
        r"[sprk]k_(?:live|test)_[A-Za-z0-9]{16,}",
        r"gh[pousr]_[A-Za-z0-9]{36,}",
        r"github_pat_[A-Za-z0-9_]{22,}",
        r"glpat-[A-Za-z0-9_-]{20,}",
        r"hf_[A-Za-z0-9]{30,}",
        r"(?:AKIA|ASIA)[A-Z0-9]{16}",
        r"AIza[A-Za-z0-9_-]{35}",
        r"xox[abprs]-[A-Za-z0-9-]{10,}",
        r"(?<!-)eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    )
)
_DASHES = "-----"
_HEADER = re.compile(rf"{_DASHES}BEGIN [A-Z ]{{0,20}}PRIVATE KEY{_DASHES}")
_FOOTER = re.compile(rf"{_DASHES}END [A-Z ]{{0,20}}KEY{_DASHES}")
_LONGEST_FOOTER = len(f"{_DASHES}END KEY{_DASHES}") + 20
_BLOCK = re.compile(
    rf"{_HEADER.pattern}(?:(?!{_DASHES}).)*(?:{_FOOTER.pattern})?",
    re.DOTALL,
)
KINDS = (
    Kind(
        "personal.key",
        re.compile(rf"{_EDGE}(?:{_KEYS})(?![A-Za-z0-9])"),
        _any,
        "It has the form of a secret key.",
    ),
    Kind("personal.key", _BLOCK, _any, "It is a private key."),
    Kind(
        "personal.mail",
        re.compile(
            # Neither the user of a repository's address nor the file of an icon in double size.
            r"(?<![A-Za-z0-9._%+-])(?<!ssh://)[A-Za-z0-9._%+-]{1,64}+@"
            r"(?!\d(?:\.\d)?x\.(?:png|jpe?g|webp|gif|svg)\b)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)"
            r"{1,8}[A-Za-z]{2,24}(?![A-Za-z0-9@])"
        ),
        _any,
        "It is a mail address.",
    ),
    Kind(
        "personal.iban",
        re.compile(
            r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"
            r"(?![A-Za-z0-9])"
        ),
        _iban,
        "It is an account number: its check digits are right.",
    ),
    Kind(
        "personal.card",
        re.compile(r"(?<![\d.,-])(?:[3-6]|2[2-7])(?:[ -]?\d){11,18}(?![\d-]|[.,]\d)"),
        _card,
        "It is a card number: its check digit is right.",
    ),
    Kind(
        "personal.phone",
        re.compile(
            r"(?<![\w.,+/-])(?:\+\d(?:[ .()/-]{0,2}\d){6,14}"
            r"|\(?0\d{1,5}\)?[ ./-]{1,2}\d(?:[ .-]?\d){4,10}"
            r"|(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4})(?![\w-]|[.,]\d)"
        ),
        _phone,
        "It is a telephone number that a numbering plan knows.",
    ),
)
_LAST_GROUP = re.compile(r"[ -][^ -]*\Z|\A[^ -]*\Z")
_MARKS = ").,/:-"
_UNREAD = re.compile(rf"(?:.*[{UNREAD}])", re.DOTALL)
_IN_A_NUMBER = f"{string.digits}{string.ascii_uppercase}+({_MARKS}"
"""What a number or an account may be written with, but for its spaces."""


class PersonalStage:
    """Find personal data and ask for it to be hidden.

    Examples
    --------
    >>> from playground.moderation.rewriting import as_written
    >>> text = "Pay with 4111 1111 1111 1111, please"
    >>> [(each.rule, each.text) for each in PersonalStage().find(text, [as_written(text)])]
    [('personal.card', '4111 1111 1111 1111')]
    """

    name = STAGE

    def find(self, given: str, views: Sequence[View]) -> list[Match]:
        """Return every match, each once though it stands in several readings."""
        matches: dict[tuple[int, int], Match] = {}
        for view in views:
            if view.name in READ:
                for match in _in_view(given, view):
                    matches.setdefault((match.start, match.end), match)
        return sorted(matches.values(), key=lambda each: (each.start, each.end))

    def open_from(self, given: str, views: Sequence[View]) -> int:
        """Return where a number or a word begins that the text may end within."""
        opened = [len(given)]
        for view in views:
            at = len(view.text)
            if view.name in READ:
                at = min(_open_at(view.text), _open_key(view.text))
            if at < len(view.text):
                opened.append(view.starts[at])
        return min(opened)


PERSONAL = PersonalStage()
"""The one that all rails share."""


def _in_view(given: str, view: View) -> Iterator[Match]:
    taken = bytearray(len(view.text))  # a character counts once, for the first kind that has it
    for kind in KINDS:
        for found in kind.pattern.finditer(view.text):
            start = found.start()
            end = start + _valid_part(kind, found.group())
            if end > start and not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                yield _match(given, view, kind, (start, end))


def _valid_part(kind: Kind, text: str) -> int:
    """Return how much of a text, without its last groups, is one of a kind; 0 for none."""
    for _ in range(MOST_GROUPS):
        if kind.is_one(text):
            return len(text)
        text = _LAST_GROUP.sub("", text)
    return 0


def _match(given: str, view: View, kind: Kind, span: tuple[int, int]) -> Match:
    start, end = view.span(*span)
    return Match(
        STAGE,
        kind.rule,
        CATEGORY,
        start,
        end,
        given[start:end],
        Action.REDACT,
        view=view.name,
        reason=kind.reason,
    )


def _open_at(text: str) -> int:
    """Return where the last word begins, with the groups of digits and capitals before it."""
    at = len(text)
    limit = len(text) - LONGEST_NUMBER
    while at > max(0, limit):
        start = _word_before(text, at)
        inside = at == len(text) and not text[-1].isspace()
        unread = _UNREAD.match(text, start) if inside else None
        if unread:  # such as Chinese, which writes no spaces; no number goes over it
            at = unread.end()
            break
        token = text[start:at].rstrip()
        before = token.rstrip(_IN_A_NUMBER)
        if not inside and before:
            # A number may begin within it: "4111, card=4111.
            return start + len(before) if token[len(before) :].strip(_MARKS) else at
        at = start
    return at


def _open_key(text: str) -> int:
    """Return where a private key begins whose end is not there yet."""
    headers = list(_HEADER.finditer(text))
    if not headers:
        return len(text)
    dashes = text.find(_DASHES, headers[-1].end())
    cut = dashes < 0 or len(text) - dashes < _LONGEST_FOOTER
    if cut and not _FOOTER.match(text, max(dashes, 0)):
        return headers[-1].start()
    return len(text)


def _word_before(text: str, at: int) -> int:
    """Return the start of the word that ends, with white space behind it, at a place."""
    end = len(text[:at].rstrip())
    return max((text.rfind(each, 0, end) for each in " \n\t\r"), default=-1) + 1
