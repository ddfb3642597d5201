"""The confusion matrix of a filter, and what follows from it."""

from __future__ import annotations

from markupsafe import Markup

from playground.drawing.markup import join, table, tag
from playground.labs.moderation.labelled import Counts


def confusion(counts: Counts) -> Markup:
    """Return the four counts as a table, and precision, recall and F1 in a line."""
    rows = (
        ["should be stopped", f"{counts.caught:,}", f"{counts.missed:,}"],
        ["should pass", f"{counts.stopped:,}", f"{counts.passed:,}"],
    )
    return join(
        (
            table(("sentences that", "stopped", "passed"), rows, class_="plain matrix"),
            tag("p", shares(counts), class_="hint"),
        )
    )


def shares(counts: Counts) -> str:
    """Return precision, recall and F1 in a line."""
    parts = (("precision", counts.precision), ("recall", counts.recall), ("F1", counts.f1))
    return " · ".join(f"{name} {share(value)}" for name, value in parts)


def share(value: float | None) -> str:
    """Return a share with two digits, or what stands for one that cannot be said."""
    return "\N{EN DASH}" if value is None else f"{value:.2f}"
