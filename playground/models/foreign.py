"""The wall around strangers' files: what a library raises over them becomes our sentence.

transformers, tokenizers, safetensors and torch each raise their own kinds of errors for a file that
is broken or hostile, from ``TypeError`` up to a panic of Rust code, which is no `Exception`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from playground.errors import BrokenCache, PlaygroundError

P = ParamSpec("P")
T = TypeVar("T")

REASON_LETTERS = 200


@contextmanager
def reading(what: str, path: Path) -> Iterator[None]:
    """Read a stranger's file inside of this.

    Parameters
    ----------
    what : str
        What is read, such as "the tokenizer".
    path : Path
        The model's folder.

    Raises
    ------
    BrokenCache
        In place of what a library raises.
    """
    try:
        yield
    except PlaygroundError:
        raise
    except BaseException as error:
        if not is_of_a_library(error):
            raise
        raise BrokenCache(
            f"{what[0].upper()}{what[1:]} in {path} cannot be read: {reason_of(error)}. Copy the "
            "folder again, or choose another model."
        ) from error


def walled(
    what: str,
) -> Callable[[Callable[Concatenate[Path, P], T]], Callable[Concatenate[Path, P], T]]:
    """Decorate a function that reads a model's folder, its first argument: see `reading`."""

    def decorate(
        read: Callable[Concatenate[Path, P], T],
    ) -> Callable[Concatenate[Path, P], T]:
        @wraps(read)
        def guarded(folder: Path, /, *rest: P.args, **named: P.kwargs) -> T:
            with reading(what, folder):
                return read(folder, *rest, **named)

        return guarded

    return decorate


def is_of_a_library(error: BaseException) -> bool:
    """Tell an error from a wish to end the program; a panic of Rust code is an error."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def reason_of(error: BaseException) -> str:
    """Return what a library says, as a part of a sentence."""
    said = " ".join(str(error).split()).rstrip(".")
    short = said if len(said) <= REASON_LETTERS else f"{said[:REASON_LETTERS]}..."
    return f"{type(error).__name__}: {short}" if short else type(error).__name__
