"""The rail before a model: what is asked is checked, what is answered is watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from playground.errors import ContentRefused
from playground.models.text.tokenizer import Message
from playground.moderation.rails import Rails, house_rails
from playground.moderation.verdict import Action, Verdict
from playground.moderation.watching import Watching, check_after


class RailGuard:
    """Ask the rail of every question, and of every reply while it is written.

    Parameters
    ----------
    rails : Rails
        Give the rail of the moment; a reply keeps the one it began with.
    """

    def __init__(self, rails: Rails) -> None:
        self._rails = rails

    def verdict(self, messages: Sequence[Message]) -> Verdict:
        """Return what is to be done with a person's newest message, wherever it stands.

        A reply that is begun for the model may stand behind it. What it makes together with the
        person's messages before it counts.
        """
        asked = [each.content for each in messages if each.role == "user"]
        if not asked:
            return Verdict()
        return check_after(self._rails.now(), asked[-1], "\n".join(asked[:-1]))

    def watch(self, messages: Sequence[Message]) -> Watching:
        """Return what watches the reply to these messages.

        Raises
        ------
        ContentRefused
            When the newest message is blocked.
        """
        verdict = self.verdict(messages)
        if verdict.action is Action.BLOCK:
            raise ContentRefused(explain_question(verdict.to_json()))
        said = [each.content for each in messages if each.role == "assistant"]
        return Watching(self._rails.now(), said[-1] if said else "")


def house_guard(folder: Path) -> RailGuard:
    """Return the guard with the shipped policies and those of a folder."""
    return RailGuard(house_rails(folder))


def explain_question(found: Mapping[str, Any]) -> str:
    """Return why a question was not passed on, and what to do; `found` is a verdict's JSON."""
    return (
        f"The content filter stopped this message, and the model did not read it: "
        f"{_why(found)} Say it in another way, or switch the filter off."
    )


def explain_reply(found: Mapping[str, Any]) -> str:
    """Return why a reply was ended, and what to do."""
    return (
        f"The content filter ended this reply: {_why(found)} Ask in another way, or switch the "
        "filter off."
    )


def _why(found: Mapping[str, Any]) -> str:
    """Name rule, category and stage of the first match that blocks."""
    blocks = [each for each in found.get("matches", ()) if each["action"] == Action.BLOCK]
    if not blocks:
        return ""
    each = blocks[0]
    where = f"rule {each['rule']}, category {each['category']}, stage {each['stage']}"
    return f"{each['reason']} ({where}.)" if each["reason"] else f"{where}."
