"""How far a prompt has been read, and how much of it needed no reading."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """How far a prompt has been read.

    Parameters
    ----------
    kept : int
        Tokens that an earlier reply had read already; see `playground.generation.kept_caches`.
    done : int
        Tokens that are read by now, those that were kept among them.
    total : int
        Tokens of the prompt, and of what the reply begins with.
    """

    kept: int = 0
    done: int = 0
    total: int = 0

    @property
    def anew(self) -> int:
        """Tokens that were, or will be, read for this reply."""
        return self.total - self.kept

    @property
    def so_far(self) -> str:
        """Say how far it is, while it is read.

        Examples
        --------
        >>> Reading(502, 514, 520).so_far
        'Reading 12 of 18 tokens; 502 are kept from before'
        >>> NOT_READ.so_far
        'Reading the prompt…'
        """
        if not self.total:
            return "Reading the prompt…"
        kept = f"; {self.kept:,} are kept from before" if self.kept else ""
        return f"Reading {self.done - self.kept:,} of {self.anew:,} tokens{kept}"

    @property
    def words(self) -> str | None:
        """Say what was kept, once all is read: "502 tokens kept, 18 read"; None where nothing was.

        Examples
        --------
        >>> Reading(502, 520, 520).words
        '502 tokens kept, 18 read'
        """
        if not self.kept:
            return None
        return f"{self.kept:,} {'token' if self.kept == 1 else 'tokens'} kept, {self.anew:,} read"


NOT_READ = Reading()
