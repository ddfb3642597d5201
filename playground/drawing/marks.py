"""Texts and probabilities as a person can read them: nothing invisible, nothing rounded away."""

from __future__ import annotations

from playground.sentences import code_point


def visible(piece: str) -> str:
    r"""Return a token's text with its spaces and line ends to be seen.

    Examples
    --------
    >>> visible(" Paris"), visible("\n")
    ('·Paris', '↵')
    """
    return piece.replace(" ", "·").replace("\n", "↵").replace("\t", "⇥")


def mark(text: str) -> str:
    r"""Return a token's text with all that cannot be seen made visible.

    Examples
    --------
    >>> mark(" Paris"), mark("\n"), mark("\u202e"), mark("")
    ('·Paris', '↵', '⟨U+202E⟩', '∅')
    """
    seen = "".join(c if c.isprintable() else code_point(c) for c in visible(text))
    return seen or "∅"


def legible(text: str) -> str:
    r"""Return a text with what cannot be seen, or turns the page around, shown by its code.

    What joins emoji to families stays.

    Examples
    --------
    >>> legible("a\x00b\u202ec d\n")
    'a⟨U+0000⟩b⟨U+202E⟩c d\n'
    """
    kept = "\n\N{ZERO WIDTH JOINER}\N{VARIATION SELECTOR-16}"
    return "".join(c if c.isprintable() or c in kept or c == "\t" else code_point(c) for c in text)


def percent(probability: float) -> str:
    """Return a probability in words that are never rounded to none or all.

    Examples
    --------
    >>> percent(0.3104), percent(1e-9), percent(0.9999), percent(1.0)
    ('31.0 %', '< 0.1 %', '> 99.9 %', '100 %')
    """
    if probability < 0.001:
        return "< 0.1 %"
    if 0.999 < probability < 1:
        return "> 99.9 %"
    return "100 %" if probability >= 1 else f"{100 * probability:.1f} %"
