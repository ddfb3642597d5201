"""Words on a plane: their vectors laid out in two dimensions, by PCA or by UMAP."""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.core.neighbours import Hit
from playground.core.pca import fit_pca
from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.generation.language_model import LanguageModel
from playground.models.engines.compute import compute
from playground.models.engines.engine import Engine
from playground.models.engines.vocabulary import Word, read_word, token_table, tokens_of, vector_of
from playground.models.text.tokenizer import Tokenizer

Float64Array = NDArray[np.float64]

MOST_WORDS = 100
NEAREST = 5  # tokens named with each word
AROUND = 2  # drawn beside each word, where that is asked for
UMAP_SEED = 42
UMAP_NEIGHBOURS = 15  # its own default

# Numba's threads bear one caller at a time.
_umap_turn = threading.Lock()


class Layout(StrEnum):
    """How many dimensions become two."""

    PCA = "PCA"
    UMAP = "UMAP"

    @property
    def least_words(self) -> int:
        """How many words it needs."""
        return 3 if self is Layout.PCA else 5


def layouts_here() -> tuple[str, ...]:
    """Return the layouts that can run: UMAP needs a package of its own."""
    return tuple(each for each in Layout if each is Layout.PCA or find_spec("umap"))


class MapSettings(Settings):
    """Which words, and how they are laid out."""

    words: str = field(
        "king, queen, prince, princess, man, woman, boy, girl\n"
        "Paris, London, Berlin, Tokyo, France, England, Germany, Japan\n"
        "Monday, Tuesday, Friday, red, green, blue, dog, cat, horse, one, two, three",
        label="Words",
        explanation=(
            f"3 to {MOST_WORDS}, with commas or line ends between them; looked up as neighbours."
        ),
        lines=3,
    )
    layout: Layout = field(
        Layout.PCA,
        label="Laid out by",
        explanation="UMAP takes 5 words or more; it stands here where umap-learn is installed.",
        offered=layouts_here,
    )
    around: bool = field(
        False, label="Draw the nearest tokens too", explanation="On a wide screen."
    )


@dataclass(frozen=True)
class Near:
    """A token near a word, by cosine."""

    text: str
    cosine: float


@dataclass(frozen=True)
class Satellite:
    """A token that is drawn beside a word it is near to.

    Parameters
    ----------
    owner : int
        The word's place in the map.
    text : str
        The token's piece.
    position : (float, float)
        On the plane.
    """

    owner: int
    text: str
    position: tuple[float, float]


@dataclass(frozen=True, eq=False)
class WordMap:
    """Words with their places.

    Parameters
    ----------
    layout : Layout
        How they were laid out.
    words : tuple of Word
        In the order typed, each once.
    positions : array of shape (N, 2)
        On the plane; the second coordinate grows upward.
    explained : (float, float) or None
        The share of the words' variance along each axis; None for UMAP, whose axes mean nothing.
    near : tuple of tuple of Near
        For each word the tokens nearest to it.
    satellites : tuple of Satellite
        Those that are drawn: the nearest that are neither words of the map nor spell one anew.
    vectors : array of shape (N, C)
        Of the words, as they stand in the table.
    """

    layout: Layout
    words: tuple[Word, ...]
    positions: Float64Array
    explained: tuple[float, float] | None
    near: tuple[tuple[Near, ...], ...]
    satellites: tuple[Satellite, ...]
    vectors: Float64Array

    @property
    def progress(self) -> Progress:
        """It is drawn at once."""
        return Progress(1, 1, f"{len(self.words)} words laid out")

    def to_json(self) -> dict[str, Any]:
        """Return each word with its place and the tokens near to it."""
        return {
            "explained_variance_ratio": self.explained,
            "words": [
                {**asdict(word), "position": place.tolist(), "near": [asdict(n) for n in near]}
                for word, place, near in zip(self.words, self.positions, self.near, strict=True)
            ],
            "around": [
                {"word": self.words[each.owner].typed, "text": each.text, "position": each.position}
                for each in self.satellites
            ],
        }


@dataclass(frozen=True)
class Pending:
    """Words that are being laid out.

    Parameters
    ----------
    words : int
        How many.
    layout : Layout
        How.
    """

    words: int
    layout: Layout

    @property
    def progress(self) -> Progress:
        """What takes so long."""
        slow = "; the first time it compiles itself, some seconds" * (self.layout is Layout.UMAP)
        return Progress(0, 1, f"Laying out {self.words} words by {self.layout}{slow}…")

    def to_json(self) -> dict[str, Any]:
        """Return nothing yet."""
        return {}


def run_map(model: LanguageModel, settings: MapSettings, run: Run) -> Iterator[WordMap | Pending]:
    """Lay the words out; see `draw_map`."""
    typed, layout = parse_words(settings.words), settings.layout
    words = _read_words(model.tokenizer, typed, layout)
    if layout is Layout.UMAP:
        yield Pending(len(words), layout)
    run.check()
    yield draw_map(model.engine, typed, layout, with_satellites=settings.around)


@dataclass(frozen=True, eq=False)
class _Found:
    """What the table says of the words: their vectors, who is near, and who stands around."""

    vectors: Float64Array
    hits: list[list[Hit]]
    owners: dict[int, int]  # of each token around, the word that it is drawn for
    around: Float64Array


def parse_words(text: str) -> tuple[str, ...]:
    r"""Split words at commas and line ends, each once.

    Examples
    --------
    >>> parse_words("king, queen\nking, New York")
    ('king', 'queen', 'New York')
    """
    parts = (part.strip() for part in re.split(r"[,\n]", text))
    return tuple(dict.fromkeys(part for part in parts if part))


def draw_map(
    engine: Engine, typed: Sequence[str], layout: Layout, *, with_satellites: bool = False
) -> WordMap:
    """Lay out words on a plane, by the directions of their vectors.

    Lengths play no part: all vectors are brought to length 1 first, so that distance stands for the
    angle, as it does in the list of neighbours.

    Parameters
    ----------
    engine : Engine
        Whose table gives the vectors.
    typed : sequence of str
        The words, see `playground.models.engines.vocabulary.read_word`.
    layout : Layout
        PCA takes its axes from the words alone; what is drawn around them has no say. UMAP lays
        out both together.
    with_satellites : bool
        Whether the nearest tokens are drawn too.

    Raises
    ------
    OptionError
        When there are too few or too many words, one cannot be read, they all have one vector, or
        UMAP is not installed.
    """
    words = _read_words(engine.tokenizer, typed, layout)
    found = compute(lambda: _look_up(engine, words, with_satellites))
    points, around = _unit(found.vectors), _unit(found.around)
    if np.allclose(points, points[0], rtol=0, atol=1e-9):
        raise OptionError("All these words have one vector; add words that differ from them.")
    positions, explained = (
        _by_pca(points, around) if layout is Layout.PCA else _by_umap(points, around)
    )
    piece = engine.tokenizer.piece
    return WordMap(
        layout=layout,
        words=words,
        positions=positions[: len(words)],
        explained=explained,
        near=tuple(tuple(Near(piece(hit.row), hit.cosine) for hit in hits) for hits in found.hits),
        satellites=tuple(
            Satellite(owner, piece(token_id), (float(place[0]), float(place[1])))
            for (token_id, owner), place in zip(
                found.owners.items(), positions[len(words) :], strict=True
            )
        ),
        vectors=found.vectors,
    )


def _read_words(tokenizer: Tokenizer, typed: Sequence[str], layout: Layout) -> tuple[Word, ...]:
    if len(typed) > MOST_WORDS:
        raise OptionError(f"A map takes up to {MOST_WORDS} words, got {len(typed):,}; leave some.")
    by_tokens = {word.token_ids: word for each in typed for word in [read_word(tokenizer, each)]}
    if len(by_tokens) < layout.least_words:
        raise OptionError(
            f"A map by {layout} needs at least {layout.least_words} different words, got "
            f"{len(by_tokens)}; write more, with commas between them."
        )
    return tuple(by_tokens.values())


def _look_up(engine: Engine, words: Sequence[Word], with_satellites: bool) -> _Found:
    table = token_table(engine)
    vectors = np.stack([vector_of(table, word) for word in words])
    own = [[] if word.token_id is None else [word.token_id] for word in words]
    rankings = [
        table.towards(vector, left_out) if vector.any() else None
        for vector, left_out in zip(vectors, own, strict=True)
    ]
    hits = [ranking.nearest(NEAREST) if ranking else [] for ranking in rankings]
    owners: dict[int, int] = {}
    if with_satellites:
        taken = tokens_of(engine.tokenizer, words, with_spellings=True)
        for owner, ranking in enumerate(rankings):
            near = ranking.nearest(AROUND + len(taken)) if ranking else []
            others = [hit.row for hit in near if hit.row not in taken]
            for row in others[:AROUND]:
                owners.setdefault(row, owner)
    around = table.vectors[list(owners)].astype(np.float64)
    return _Found(vectors, hits, owners, around)


def _unit(vectors: Float64Array) -> Float64Array:
    """Bring vectors of shape (N, C) to length 1; a zero vector stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Float64Array = vectors / np.where(lengths > 0, lengths, 1.0)
    return unit


def _by_pca(points: Float64Array, around: Float64Array) -> tuple[Float64Array, tuple[float, float]]:
    components = fit_pca(points, 2)
    first, second = components.explained_variance_ratio
    placed = components.project(np.concatenate([points, around]))
    return placed, (float(first), float(second))


def _by_umap(points: Float64Array, around: Float64Array) -> tuple[Float64Array, None]:
    """Lay out by UMAP (McInnes et al., 2018), always with the same seed."""
    try:
        with warnings.catch_warnings():
            # It says that one of its classes, not used here, lacks TensorFlow.
            warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
            from umap import UMAP
    except ImportError:
        raise OptionError(
            "UMAP needs the package umap-learn, which is not installed; install it with "
            "`pip install umap-learn`, or choose PCA."
        ) from None
    everything = np.concatenate([points, around])
    reducer = UMAP(
        n_neighbors=min(UMAP_NEIGHBOURS, len(everything) - 1),
        metric="cosine",
        random_state=UMAP_SEED,
        n_jobs=1,  # the seed allows no more
    )
    with _umap_turn:
        return np.asarray(reducer.fit_transform(everything), np.float64), None
