"""The line above a picture: whose prompt and settings it shows, and what ran."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from playground.experiments.kinds import Flag, Text
from playground.experiments.settings import Setting, Settings

if TYPE_CHECKING:
    from playground.experiments.result import Subject

MOST_CHARACTERS, MOST_SETTINGS = 60, 4


def heading(settings: Settings, subject: Subject) -> str:
    """Return one short line built from what a result was made of.

    Parameters
    ----------
    settings : Settings
        What was asked: the text that was read, then whatever is not as usual.
    subject : Subject
        What ran.
    """
    read = _text_read(settings)
    said = [f"{label} {_cut(text)}" for label, text in _unusual(settings, read)]
    more = [f"{len(said) - MOST_SETTINGS} more settings"] if len(said) > MOST_SETTINGS + 1 else []
    kept = said[:MOST_SETTINGS] if more else said
    quoted = [f"“{_cut(getattr(settings, read.name))}”"] if read else []
    return " · ".join(filter(None, (*quoted, *kept, *more, subject.words)))


def _text_read(settings: Settings) -> Setting | None:
    """Return the setting with the text that is read: the one that travels, else the first."""
    texts = [
        each
        for name, each in settings.declared().items()
        if isinstance(each.kind, Text)
        and not (each.look.hidden or each.look.shared)
        and getattr(settings, name).strip()
    ]
    return next((each for each in texts if each.look.travels), texts[0] if texts else None)


def _unusual(settings: Settings, read: Setting | None) -> Iterator[tuple[str, str]]:
    """Yield label and text of what is not at its default; hidden ones are places in a picture."""
    declared = settings.declared()
    for name, text in settings.spelled().items():
        each = declared[name]
        emptied = isinstance(each.kind, Text) and not text.strip()
        if not (each is read or each.look.hidden or emptied):
            yield each.label, _in_words(each, text)


def _in_words(setting: Setting, text: str) -> str:
    if isinstance(setting.kind, Flag):
        return "yes" if text == "true" else "no"
    return setting.words.get(text, text) or "none"


def _cut(text: str) -> str:
    """Return a text as one short line."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 1].rstrip()}…"
