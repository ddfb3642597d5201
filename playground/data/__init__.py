"""What ships with the playground, each with its source and licence."""

import re
import tomllib
from importlib.resources import files


def shipped_text() -> str:
    """Return the short story on which models are scored."""
    return files("playground.data").joinpath("prose.txt").read_text(encoding="utf-8")


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


def shipped_traps() -> str:
    """Return harmless sentences that a careless filter stops, one a line as JSON."""
    folder = files("playground.data").joinpath("moderation")
    return folder.joinpath("traps.jsonl").read_text(encoding="utf-8")
