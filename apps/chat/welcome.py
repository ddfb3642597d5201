"""What stands before the first message: examples that work, and what the model is and is not."""

from __future__ import annotations

from pathlib import Path

from playground.errors import OptionError
from playground.models.acquire.catalog import CatalogEntry, load_catalog
from playground.sizes import in_millions

# Each was asked many times at the settings that a chat starts at; `benchmarks/plain_questions.py`
# counts how often the reply is as it should be.
EXAMPLES = (
    "In which city is the Eiffel Tower?",
    "What is the longest river in Africa?",
    "Give me three tips for sleeping well.",
)


def example(index: int) -> str:
    """Return the text of an example by its place.

    Raises
    ------
    OptionError
        When there is none.
    """
    if not 0 <= index < len(EXAMPLES):
        raise OptionError("There is no such example; choose one of those shown, or write your own.")
    return EXAMPLES[index]


def about_model(reference: str) -> str:
    """Say in a line what a model is, and what to expect of it.

    Parameters
    ----------
    reference : str
        A name of the catalog, or the path of a person's own model, of which nothing is known.

    Examples
    --------
    >>> about_model("/models/own.gguf")
    'own.gguf is a model of your own: what it is good for is known where it comes from.'
    """
    for entry in load_catalog():
        if entry.name == reference:
            return _about_entry(entry)
    name = Path(reference).name
    return f"{name} is a model of your own: what it is good for is known where it comes from."


def _about_entry(entry: CatalogEntry) -> str:
    size = f"{in_millions(entry.parameters)} million weights"
    return f"{entry.title}: {size}, trained on {entry.languages}. {entry.expect}"
