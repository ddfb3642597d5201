"""``playground tokens``: a text as tokens, as a table or as JSON."""

from __future__ import annotations

from rich.table import Table

from apps.cli.terminal import console, plain, tell, write_json
from apps.cli.terminal_reply import fetch_in_sight
from playground.errors import OptionError
from playground.labs.tokens.cutting import Cutting, Tokenized, tokenize
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
        write_json({"model": model.name, **Cutting(tokenized).to_json()})
        return
    screen = console()
    screen.print(_table(tokenized), width=None if screen.is_terminal else 120)
    counts = tokenized.counts
    tell(
        f"{counts.tokens:,} tokens, {counts.characters:,} characters, {counts.bytes:,} bytes, "
        f"{counts.words:,} words"
    )


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
