"""The rail before a model: what is asked is checked, what is answered is watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from playground.errors import ContentRefused
from playground.models.text.tokenizer import Message
from playground.moderation.hiding import redact
from playground.moderation.rail import Rail
from playground.moderation.rails import Rails, house_rails
from playground.moderation.verdict import Action, Verdict
from playground.moderation.watching import Watching, check_after

_SWITCH_OFF = ", or switch off Content filter in the settings (in a terminal --moderation off)."


class RailGuard:
    """Ask the rail of every question, and of every reply while it is written.

    Parameters
    ----------
    rails : Rails
        Give the rail of the moment; a reply keeps the one it began with.
    fixed : bool
        Whether who asks cannot switch it off, so that nobody is told to.
    """

    def __init__(self, rails: Rails, fixed: bool = False) -> None:
        self._rails = rails
        self.fixed = fixed

    def verdict(self, messages: Sequence[Message]) -> Verdict:
        """Return what is to be done with a person's newest message, wherever it stands.

        A reply that is begun for the model may stand behind it. What it makes together with the
        person's messages before it counts.
        """
        asked = [each.content for each in messages if each.role == "user"]
        if not asked:
            return Verdict()
        return check_after(self._rails.now(), asked[-1], "\n".join(asked[:-1]))

    def watch(self, messages: Sequence[Message], as_ids: bool = False) -> Watching:
        """Return what watches the reply to these messages.

        Parameters
        ----------
        messages : sequence of Message
            What is asked.
        as_ids : bool
            Whether the model is given token ids, of which nothing is covered.

        Raises
        ------
        ContentRefused
            When the newest message is blocked.
        """
        verdict = self.verdict(messages)
        if verdict.action is Action.BLOCK:
            raise ContentRefused(explain_question(verdict.to_json(), self.fixed))
        said = [each.content for each in messages if each.role == "assistant"]
        hidden = [each.rule for each in verdict.matches if each.action is Action.REDACT]
        about: dict[str, object] = {"fixed": True} if self.fixed else {}
        if hidden and not as_ids:
            about["hidden_in_question"] = hidden
        return Watching(self._rails.now(), said[-1] if said else "", about)

    def covered(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages as a model may read them: what is to be hidden of a person's is."""
        rail = self._rails.now()
        return [
            Message(each.role, _covered(rail, each.content)) if each.role == "user" else each
            for each in messages
        ]


@lru_cache(maxsize=64)  # of a conversation the same messages are asked about at every turn
def _covered(rail: Rail, text: str) -> str:
    return redact(text, rail.check(text).matches)


def house_guard(folder: Path, fixed: bool = False) -> RailGuard:
    """Return the guard with the shipped policies and those of a folder."""
    return RailGuard(house_rails(folder), fixed)


def explain_question(found: Mapping[str, Any], fixed: bool = False) -> str:
    """Return why a question was not passed on, and what to do.

    Parameters
    ----------
    found : mapping
        A verdict's JSON.
    fixed : bool
        Whether who asks cannot switch the filter off.
    """
    return (
        f"The content filter stopped this message, and the model did not read it: "
        f"{_why(found)} Say it in another way{_or_else(fixed)}"
    )


def explain_reply(found: Mapping[str, Any]) -> str:
    """Return why a reply was ended, and what to do."""
    what_to_do = f"Ask in another way{_or_else(found.get('fixed') is True)}"
    return f"The content filter ended this reply: {_why(found)} {what_to_do}"


def _or_else(fixed: bool) -> str:
    return "; whoever started this page has the filter on for everybody." if fixed else _SWITCH_OFF


def explain_covered(found: Mapping[str, Any]) -> str:
    """Return what the model did not read of a question; empty where it read all."""
    hidden = found.get("hidden_in_question")
    if not isinstance(hidden, list) or not hidden:
        return ""
    rules = dict.fromkeys(map(str, hidden))
    return (
        "The model did not read all of your message: the content filter hid a part of it (rule "
        f"{', '.join(rules)})."
    )


def _why(found: Mapping[str, Any]) -> str:
    """Name rule, category and stage of the first match that blocks."""
    blocks = [each for each in found.get("matches", ()) if each["action"] == Action.BLOCK]
    if not blocks:
        return ""
    each = blocks[0]
    where = f"rule {each['rule']}, category {each['category']}, stage {each['stage']}"
    reason = str(each["reason"]).rstrip(".")
    return f"{reason} ({where})." if reason else f"{where}."
