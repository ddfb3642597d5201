"""The one place where errors become a line, a JSON document and an exit code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import typer

from apps.cli.terminal import discard_stdout, tell, write_error
from playground.errors import FetchCancelled, OptionError, PlaygroundError
from playground.sentences import renamed

FAILED = 1
WRONG_USAGE = 2
LONGEST_SENTENCE = 1_000
NO_OPTIONS: Mapping[str, str] = MappingProxyType({})
INTERRUPTED = 130  # what a shell reports of a program that Ctrl-C ended


def fail(error: Exception, as_json: bool, options: Mapping[str, str] = NO_OPTIONS) -> int:
    """Say an error in one line, as a JSON document too if one was asked for; return the code.

    Parameters
    ----------
    error : Exception
        What was raised.
    as_json : bool
        Whether a JSON document was asked for.
    options : mapping of str to str
        The options of the command that failed, by the names of their settings.
    """
    sentence, code = _told(error)
    sentence = renamed(sentence, options)
    if sentence:  # empty where the help was the answer
        tell(f"Error: {sentence}", style="red")
    if sentence and as_json:
        write_error(sentence, type(error).__name__)
    if isinstance(error, OSError):
        discard_stdout()  # Python would try to write the rest once more at the end
    return code


def _told(error: Exception) -> tuple[str, int]:
    """Return an error's sentence, cut to what one reads, and its exit code."""
    if isinstance(error, typer.TyperException):
        sentence = error.format_message().rstrip(".")
        sentence += "" if sentence.endswith("?") else "."
        told = f"{sentence} `playground --help` shows what there is." if sentence != "." else ""
        code = error.exit_code
    elif isinstance(error, PlaygroundError):
        told, code = str(error), _code_of(error)
    elif isinstance(error, OSError):
        told, code = f"The system refused: {error}.", FAILED
    else:
        told, code = f"The playground itself failed ({type(error).__name__}: {error}).", FAILED
    return _shortened(" ".join(told.split())), code


def _code_of(error: PlaygroundError) -> int:
    if isinstance(error, OptionError):
        return WRONG_USAGE
    return INTERRUPTED if isinstance(error, FetchCancelled) else FAILED


def _shortened(sentence: str) -> str:
    if len(sentence) <= LONGEST_SENTENCE:
        return sentence
    half = LONGEST_SENTENCE // 2
    return f"{sentence[:half]} ... {sentence[-half:]}"
