"""What a person may write: how long a text may be, and that it is text."""

from __future__ import annotations

from playground.errors import OptionError
from playground.sentences import code_point

# Some five times what fits the largest window here: more is a slip of the clipboard, and would
# be read to its end before any of it is cut.
MAX_CHARACTERS = 200_000


def require_text(what: str, text: str) -> str:
    """Return a text that a model can be given.

    Parameters
    ----------
    what : str
        Begins the sentence if it cannot: "The message".
    text : str
        As it was written.

    Raises
    ------
    OptionError
        When it is too long, or holds half a character.

    Examples
    --------
    >>> require_text("The message", "a" * 200_001)
    Traceback (most recent call last):
    playground.errors.OptionError: The message may have at most 200,000 characters, got 200,001; \
shorten it.
    """
    if len(text) > MAX_CHARACTERS:
        raise OptionError(
            f"{what} may have at most {MAX_CHARACTERS:,} characters, got {len(text):,}; shorten it."
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = code_point(text[error.start])
        raise OptionError(
            f"{what} must be made of whole characters, got half of one ({half}) at "
            f"place {error.start + 1:,}; take it out."
        ) from None
    return text


def require_message(text: str) -> str:
    """Return a message that can be sent.

    Raises
    ------
    OptionError
        When it is empty, too long, or holds half a character.
    """
    if not text.strip():
        raise OptionError("The message is empty; write something first.")
    return require_text("The message", text)
