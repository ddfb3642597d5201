"""Conversations on the disk: one file each, named by a key that only its browser knows.

The key is the sole way in, so two people never see each other's text. A file is replaced whole,
never written in place; a broken one is set aside, not thrown away.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from playground.errors import OptionError
from playground.generation.fitting.prompt import Fit
from playground.generation.recording import TokenRecord
from playground.generation.row import FinishReason

_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Branch:
    """Where a reply left an earlier one.

    Parameters
    ----------
    token : int
        Place of the token that was exchanged, from 0.
    before, after : str
        The token that stood there, and the one that a person put in its place.
    """

    token: int
    before: str
    after: str


@dataclass(frozen=True)
class ReplyFacts:
    """What stands under a reply.

    Parameters
    ----------
    tokens : int
        Tokens generated.
    prompt_tokens : int
        Tokens the model received.
    context_length : int
        Tokens the model can hold.
    first_token_seconds, tokens_per_second : float or None
        Measured; None where there were too few tokens.
    finish_reason : str
        Why it ended.
    model, precision, engine : str
        What ran.
    settings : dict
        The sampling settings that were really used.
    branch : Branch or None
        Where it left the reply before it, if it did; the tokens up to there are that reply's.
    fit : Fit or None
        What of the conversation the model received; None for replies from before it was kept.
    """

    tokens: int
    prompt_tokens: int
    context_length: int
    first_token_seconds: float | None
    tokens_per_second: float | None
    finish_reason: FinishReason
    model: str
    precision: str
    engine: str
    settings: dict[str, Any]
    branch: Branch | None = None
    fit: Fit | None = None


@dataclass(frozen=True)
class Turn:
    """One message; `facts`, `notice` and `tokens` belong to replies."""

    role: Literal["user", "assistant"]
    content: str
    facts: ReplyFacts | None = None
    notice: str | None = None
    tokens: tuple[TokenRecord, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """What one browser is talking about.

    Parameters
    ----------
    turns : tuple of Turn
        The messages, oldest first.
    previous : tuple of Turn
        The messages before the last step that took some away, so that it can be taken back.
    rail : dict
        The run settings as the person left them.
    """

    # A score may be infinite or no number at all; written as null, it could not be read again.
    __pydantic_config__ = ConfigDict(ser_json_inf_nan="constants")

    turns: tuple[Turn, ...] = ()
    previous: tuple[Turn, ...] = ()
    rail: dict[str, Any] = field(default_factory=dict)

    def with_turn(self, turn: Turn) -> Conversation:
        """Append a message."""
        return replace(self, turns=(*self.turns, turn))

    def cut_to(self, count: int) -> Conversation:
        """Keep the first messages; the others can be brought back."""
        if count >= len(self.turns):
            return self
        return replace(self, turns=self.turns[:count], previous=self.turns)

    def restored(self) -> Conversation:
        """Bring back what the last cut took."""
        return replace(self, turns=self.previous, previous=()) if self.previous else self


_FORMAT: TypeAdapter[Conversation] = TypeAdapter(Conversation)


class ConversationStore:
    """Keeps conversations in a folder.

    Parameters
    ----------
    folder : Path
        Made when the first conversation is saved; readable by its owner alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writing = threading.Lock()
        self._unsaved: dict[str, Conversation] = {}
        self.problem: str | None = None  # why the last save failed

    def load(self, key: str) -> Conversation:
        """Return a conversation; a new key has an empty one.

        Raises
        ------
        OptionError
            When the key has not the form that a browser is given.
        """
        path = self._path(key)
        if key in self._unsaved:
            return self._unsaved[key]
        try:
            return _FORMAT.validate_json(path.read_bytes())
        except FileNotFoundError:
            return Conversation()
        except ValidationError:
            path.replace(path.with_suffix(".broken"))
            return Conversation()

    def update(self, key: str, change: Callable[[Conversation], Conversation]) -> Conversation:
        """Change a conversation; two changes at once wait for each other, so neither is lost.

        Parameters
        ----------
        key : str
            The conversation.
        change : callable
            Takes it as it is and returns it as it is to be.

        Returns
        -------
        Conversation
            What was saved.
        """
        with self._writing:
            before = self.load(key)
            after = change(before)
            if after != before or key in self._unsaved:
                self._keep(key, after)
        return after

    def _keep(self, key: str, conversation: Conversation) -> None:
        """Save, or hold in memory while the disk takes nothing."""
        try:
            self._save(self._path(key), conversation)
        except OSError as error:
            self._unsaved[key] = conversation
            self.problem = (
                f"The conversation cannot be saved in {self._folder} ({error.strerror}); it is "
                f"kept until the server stops. Free some space, or move PLAYGROUND_HOME."
            )
        else:
            self._unsaved.pop(key, None)
            self.problem = None

    def _save(self, path: Path, conversation: Conversation) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_bytes(_FORMAT.dump_json(conversation))
        part.replace(path)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise OptionError(f"A conversation's key has 32 hexadecimal digits, got {key[:40]!r}.")
        return self._folder / f"{key}.json"
