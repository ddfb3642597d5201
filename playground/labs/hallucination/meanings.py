"""What each score means and when it misleads, in the words of the register."""

from __future__ import annotations

from markupsafe import Markup

from playground.drawing.markup import tag
from playground.labs.hallucination.scores import CAUTION, SCORES


def meanings() -> Markup:
    """Return every score with two sentences on its meaning and two on when it misleads."""
    parts = (
        tag(
            "div",
            tag("dt", score.label),
            tag("dd", score.meaning),
            tag("dd", tag("b", "Misleads: "), score.misleads, class_="misleads"),
        )
        for score in SCORES
    )
    return tag(
        "details",
        tag("summary", "What each score means, and when it misleads"),
        tag("p", CAUTION, class_="lesson"),
        tag("dl", *parts, class_="meanings"),
        class_="card",
    )
