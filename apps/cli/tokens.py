"""``playground tokens``: a text as tokens, as a table or as JSON."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from apps.cli.terminal import console, plain, tell, write_json
from apps.cli.terminal_reply import fetch_in_sight
from playground.errors import OptionError
from playground.labs.tokens.cutting import Tokenized, tokenize
from playground.models.text.tokenizer import load_tokenizer
from playground.settings import Settings


def show_tokens(reference: str, text: str, as_json: bool) -> None:
    """Print the tokens of a text as a model's tokenizer cuts it; the model itself is not loaded.

    Raises
    ------
    OptionError
        When the text is empty, too long or holds half a character.
    PlaygroundError
        When the model cannot be had.
    """
    if not text:
        raise OptionError("The text is empty; give at least one character.")
    model = fetch_in_sight(reference, Settings.from_env())
    tokenized = tokenize(load_tokenizer(model.path), text)
    if as_json:
        write_json(record(model.name, tokenized))
        return
    screen = console()
    screen.print(_table(tokenized), width=None if screen.is_terminal else 120)
    counts = tokenized.counts
    tell(
        f"{counts.tokens:,} tokens, {counts.characters:,} characters, {counts.bytes:,} bytes, "
        f"{counts.words:,} words"
    )


def record(model: str, tokenized: Tokenized) -> dict[str, Any]:
    """Return the tokens as values that JSON can hold.

    `text` is the token's own text, or its bytes as ``<0xF0 0x9F>`` where it is only part of a
    character; `start` and `end` are characters of the text.
    """
    tokenizer = tokenized.tokenizer
    return {
        "model": model,
        "count": len(tokenized.spans),
        "characters": tokenized.counts.characters,
        "bytes": tokenized.counts.bytes,
        "words": tokenized.counts.words,
        "tokens": [
            {
                "id": token.token_id,
                "text": tokenizer.piece(token.token_id),
                "bytes": list(token.data),
                "start": token.start,
                "end": token.end,
            }
            for group in tokenized.groups()
            for token in group
        ],
    }


def _table(tokenized: Tokenized) -> Table:
    table = Table(box=None, header_style="bold")
    for name in ("place", "id", "text", "bytes", "characters"):
        table.add_column(name, justify="left" if name in ("text", "bytes") else "right")
    for group in tokenized.groups():
        for token in group:
            text = repr(tokenized.tokenizer.piece(token.token_id))[1:-1]
            data = token.data.hex(" ").upper()
            span = f"{token.start:,} to {token.end:,}"
            table.add_row(str(token.place), str(token.token_id), plain(text), data, span)
    return table
