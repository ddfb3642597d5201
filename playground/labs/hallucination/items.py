"""One question with its key, the rules that it must keep, and a set of such questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from playground.errors import OptionError
from playground.labs.hallucination.number_reading import parse_number
from playground.models.text.tokenizer import require_whole_characters
from playground.number_rules import shown
from playground.sentences import quoted

KINDS = {
    "name": "right when the first answer given is one of the names",
    "symbol": "right when the first symbol given is one of those listed, in the same case",
    "number": "right when the first number given has the same value, in digits or words",
    "yes_no": "right when the first yes or no, or what stands for it, is the key",
    "unanswerable": "right when the answer says that there is no such thing or does not know",
    "figurative": "right when the answer understands the figure of speech",
    "literal": "right when the answer takes the words as they stand",
}
REQUIRED = ("id", "prompt", "answers", "reason")
KEYS = (*REQUIRED, "kind", "twin", "group", "question")
MOST_CHARACTERS = {
    "id": 80,
    "prompt": 4_000,
    "reason": 1_000,
    "twin": 80,
    "group": 80,
    "question": 4_000,
}
MOST_ANSWERS = 50
# A figure is looked for in every form: each "my" of it doubles the work.
MOST_WORDS_OF_FIGURE = 10
_NAMES = ("id", "twin")
_NAME = re.compile(r"[^,\x00-\x1f\x7f\u0085\u2028\u2029]+")
_READ_BY_WORDS = ("unanswerable", "figurative", "literal")
# A "*" anywhere else could be read in more ways than there is time for.
_WORD_OR_BEGINNING = re.compile(r"[^*\s]+\*?")
MOST_CHARACTERS_OF_ANSWER = 200


@dataclass(frozen=True)
class Item:
    """A question with its key.

    Parameters
    ----------
    id : str
        Its name, one of a kind in the set.
    prompt : str
        What the model is asked.
    answers : tuple of str
        What counts as right, the best known form first; of an unanswerable item, phrases that show
        besides the usual ones that the answer does not fall for it; of an idiom, the words by
        which its reading is told, a "*" standing for any ending.
    reason : str
        Why that is the key, in a sentence.
    kind : str
        How it is graded: a key of `KINDS`.
    twin : str or None
        The id of the item it is compared with: real beside invented, literal beside figurative.
    group : str or None
        What items share that ask the same in other words; of an idiom, the figure of speech.
    question : str or None
        What a chat model is asked first; its reply then begins with the prompt.
    """

    id: str
    prompt: str
    answers: tuple[str, ...]
    reason: str
    kind: str = "name"
    twin: str | None = None
    group: str | None = None
    question: str | None = None


@dataclass(frozen=True)
class ProbeSet:
    """Questions that belong together.

    Parameters
    ----------
    name : str
        Its name in addresses and on the command line.
    title : str
        Its name on the page.
    explanation : str
        What it is good for, in a sentence or two.
    items : tuple of Item
        In the order of its file.
    """

    name: str
    title: str
    explanation: str
    items: tuple[Item, ...]

    def find(self, item_id: str) -> Item:
        """Return an item by its id.

        Raises
        ------
        OptionError
            When the set has none of that id.
        """
        for item in self.items:
            if item.id == item_id:
                return item
        raise OptionError(f"The set {quoted(self.name)} has no item {shown(item_id)}.")


def read_item(given: Mapping[str, object]) -> Item:
    """Return the item that a row of a file holds.

    Parameters
    ----------
    given : mapping of str to object
        A value for each key; ``answers`` is a list of texts or one text with "|" between them.

    Raises
    ------
    OptionError
        With a sentence for the first rule that is broken.

    Examples
    --------
    >>> read_item({"id": "ua", "prompt": "The capital of Ukraine is", "answers": "Kyiv|Kiev",
    ...            "reason": "Kyiv is its capital."}).answers
    ('Kyiv', 'Kiev')
    >>> read_item({"id": "ua", "prompt": "The capital of Ukraine is"})
    Traceback (most recent call last):
    playground.errors.OptionError: `answers` and `reason` are missing; an item needs id, prompt, \
answers and reason.
    """
    require_keys(given)
    values = {key: _text(key, given.get(key)) for key in MOST_CHARACTERS}
    kind = _kind(given.get("kind"))
    if kind in ("figurative", "literal"):
        _require_short_figure(values["group"] or "")
    return Item(
        id=values["id"] or "",
        prompt=values["prompt"] or "",
        answers=_answers(kind, given["answers"]),
        reason=values["reason"] or "",
        kind=kind,
        twin=values["twin"],
        group=values["group"],
        question=values["question"],
    )


def _require_short_figure(figure: str) -> None:
    count = len(figure.split())
    if count > MOST_WORDS_OF_FIGURE:
        raise OptionError(
            f"`group` of an idiom is the figure of speech, of at most {MOST_WORDS_OF_FIGURE} "
            f"words, got {count}; leave out what does not belong to it."
        )


def require_keys(given: Iterable[str]) -> None:
    """Refuse keys that no item has, and a lack of those that each must have.

    Raises
    ------
    OptionError
        With the first foreign key, or with all that are missing.
    """
    given = list(given)
    foreign = [key for key in given if key not in KEYS]
    if foreign:
        raise OptionError(f"{shown(foreign[0])} is no key of an item; known are {', '.join(KEYS)}.")
    missing = [f"`{key}`" for key in REQUIRED if key not in given]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        named = " and ".join(filter(None, (", ".join(missing[:-1]), missing[-1])))
        raise OptionError(f"{named} {verb} missing; an item needs id, prompt, answers and reason.")


def _kind(value: object) -> str:
    if value is None:
        return "name"
    if not isinstance(value, str) or value.strip() not in {"", *KINDS}:
        raise OptionError(f"`kind` must be one of {', '.join(KINDS)}, got {shown(value)}.")
    return value.strip() or "name"


def _text(key: str, value: object) -> str | None:
    """Return a text without the space around it; None stands for an optional one left out."""
    if key not in REQUIRED and value in (None, ""):
        return None
    if not isinstance(value, str):
        raise OptionError(f"`{key}` must be text in quotes, got {shown(value)}.")
    value = value.strip()
    if not value:
        raise OptionError(f"`{key}` is empty; it must hold some text.")
    if key in _NAMES and not _NAME.fullmatch(value):
        raise OptionError(
            f"`{key}` must hold no comma and no line end, for grades are overruled by a list of "
            f"names, got {shown(value)}."
        )
    if len(value) > MOST_CHARACTERS[key]:
        raise OptionError(
            f"`{key}` has {len(value):,} characters; at most {MOST_CHARACTERS[key]:,} are allowed."
        )
    require_whole_characters(value)
    return value


def _answers(kind: str, value: object) -> tuple[str, ...]:
    parts = value.split("|") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(each, str) for each in parts):
        raise OptionError(
            f'`answers` must be texts such as ["Kyiv", "Kiev"] or "Kyiv|Kiev", got {shown(value)}.'
        )
    answers = tuple(dict.fromkeys(each.strip() for each in parts if each.strip()))
    for broken in _broken_rules(kind, answers):
        raise OptionError(broken)
    for answer in answers:
        require_whole_characters(answer)
    for broken in _broken_words(kind, answers):
        raise OptionError(broken)
    return answers


def _broken_rules(kind: str, answers: tuple[str, ...]) -> Iterator[str]:
    if not answers and kind != "unanswerable":
        yield "`answers` is empty; give at least one, or the kind unanswerable."
    if len(answers) > MOST_ANSWERS:
        yield f"`answers` holds {len(answers)} texts; at most {MOST_ANSWERS} are allowed."
    longest = max(map(len, answers), default=0)
    if longest > MOST_CHARACTERS_OF_ANSWER:
        yield (
            f"`answers` holds a text of {longest:,} characters; at most "
            f"{MOST_CHARACTERS_OF_ANSWER} are allowed."
        )
    if kind == "yes_no" and answers not in {("yes",), ("no",)}:
        yield f"`answers` of the kind yes_no must be yes or no, got {shown('|'.join(answers))}."
    if kind == "number":
        for answer in answers:
            if parse_number(answer) is None:
                yield f"`answers` of the kind number must be one number each, got {shown(answer)}."


def _broken_words(kind: str, answers: tuple[str, ...]) -> Iterator[str]:
    if kind in ("name", "symbol"):
        for answer in (each for each in answers if not any(map(str.isalnum, each))):
            yield f"`answers` must hold words, for no answer can be {shown(answer)}; write a name."
    if kind in _READ_BY_WORDS:
        words = (word for answer in answers for word in answer.split())
        for word in (each for each in words if not _WORD_OR_BEGINNING.fullmatch(each)):
            yield (
                "`answers`: a * stands for any ending and so must end a word, such as calm*, got "
                f"{shown(word)}."
            )
