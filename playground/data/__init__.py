"""What ships with the playground, each with its source and licence."""

from importlib.resources import files


def shipped_text() -> str:
    """Return the short story on which models are scored."""
    return files("playground.data").joinpath("prose.txt").read_text(encoding="utf-8")


def shipped_analogies() -> str:
    """Return the analogies by which a table of vectors is tried; the file's head says how."""
    return files("playground.data").joinpath("analogies.txt").read_text(encoding="utf-8")
