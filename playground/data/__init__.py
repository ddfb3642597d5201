"""What ships with the playground, each with its source and licence."""

import json
import re
import tomllib
from importlib.resources import files
from typing import Any


def shipped_text() -> str:
    """Return the short story on which models are scored."""
    return files("playground.data").joinpath("prose.txt").read_text(encoding="utf-8")


def shipped_novel() -> str:
    """Return a novel, a paragraph a line, from which a tiny language model learns."""
    return files("playground.data").joinpath("alice.txt").read_text(encoding="utf-8")


def shipped_sentences() -> list[str]:
    """Return the sentences of that story, in order."""
    return re.split(r"(?<=[.!?])\s+", shipped_text().strip())


def shipped_analogies() -> str:
    """Return the analogies by which a table of vectors is tried; the file's head says how."""
    return files("playground.data").joinpath("analogies.txt").read_text(encoding="utf-8")


def shipped_probes(name: str) -> str:
    """Return the questions of a set for the hallucination lab, one a line as JSON."""
    folder = files("playground.data").joinpath("probes")
    return folder.joinpath(f"{name}.jsonl").read_text(encoding="utf-8")


def greetings() -> dict[str, dict[str, str]]:
    """Return texts by name: "greeting" holds one greeting in many languages, "other" the rest."""
    text = files("playground.data").joinpath("greetings.toml").read_text(encoding="utf-8")
    kinds = tomllib.loads(text)
    return {kind: {each["name"]: each["text"] for each in kinds[kind]} for kind in kinds}


def shipped_calibration() -> str:
    """Return how sure a model was of answers whose truth is known, for the hallucination lab."""
    folder = files("playground.data").joinpath("probes")
    return folder.joinpath("calibration.json").read_text(encoding="utf-8")


def shipped_labelled() -> str:
    """Return sentences and whether they ask for harm, one a line as JSON."""
    folder = files("playground.data").joinpath("moderation")
    return folder.joinpath("labelled.jsonl").read_text(encoding="utf-8")


def classifier_figures() -> dict[str, Any]:
    """Return what the classifier of banned content is worth on sentences that it never saw."""
    folder = files("playground.data").joinpath("moderation")
    text = folder.joinpath("classifier_figures.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def shipped_traps() -> str:
    """Return harmless sentences that a careless filter stops, one a line as JSON."""
    folder = files("playground.data").joinpath("moderation")
    return folder.joinpath("traps.jsonl").read_text(encoding="utf-8")
