"""Where the playground keeps its files, and what the environment says; read once."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from playground.errors import OptionError
from playground.sentences import quoted

_TRUE = {"1", "true", "yes", "on"}


@dataclass(frozen=True)
class Settings:
    """Folders and network rules of this process.

    Parameters
    ----------
    models_dir : Path
        One folder a model, as transformers loads it.
    conversations_dir : Path
        One folder a conversation.
    hub_cache : Path
        The hub's own cache of downloads (``HF_HOME`` is honoured).
    hub_endpoint : str or None
        Address of another model hub (``HF_ENDPOINT``); None is the library's own.
    offline : bool
        True forbids the network (``HF_HUB_OFFLINE``).
    idle_minutes : float
        After so long without use a model is freed (``PLAYGROUND_IDLE_MINUTES``); 0 is never.
    moderation : bool or None
        Whether the content filter stands before every chat (``playground ui --moderation``); None
        leaves it to each page.
    kept_bytes : int
        What conversations may keep of what was read for their next turn
        (``PLAYGROUND_KEPT_MB``); 0 keeps nothing.
    """

    models_dir: Path
    conversations_dir: Path
    hub_cache: Path
    hub_endpoint: str | None
    offline: bool
    idle_minutes: float = 30.0
    moderation: bool | None = None
    kept_bytes: int = 1_000_000_000

    @property
    def own_models_file(self) -> Path:
        """Where the list of a person's own models lies."""
        return self.conversations_dir.with_name("own-models.json")

    @property
    def policies_dir(self) -> Path:
        """Where a person's own policies of banned content lie, if there are any."""
        return self.conversations_dir.with_name("policies")

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read the environment.

        ``PLAYGROUND_HOME`` moves everything; without it the platform's user folders serve.

        Parameters
        ----------
        env : mapping of str to str, optional
            The environment; ``os.environ`` by default.
        """
        env = os.environ if env is None else env
        if home := env.get("PLAYGROUND_HOME"):
            cache = data = Path(home).expanduser()
        else:
            cache = Path(platformdirs.user_cache_dir("llm-playground"))
            data = Path(platformdirs.user_data_dir("llm-playground"))
        return cls(
            models_dir=cache / "models",
            conversations_dir=data / "conversations",
            hub_cache=_hub_cache(env, default=cache / "hub"),
            hub_endpoint=env.get("HF_ENDPOINT", "").rstrip("/") or None,
            offline=env.get("HF_HUB_OFFLINE", "").lower() in _TRUE,
            idle_minutes=_number(env, "PLAYGROUND_IDLE_MINUTES", 30, "minutes, 0 for never"),
            kept_bytes=int(
                _number(env, "PLAYGROUND_KEPT_MB", 1000, "megabytes, 0 to keep nothing") * 1e6
            ),
        )


def _hub_cache(env: Mapping[str, str], default: Path) -> Path:
    """Keep to the folder that the user's other tools share, where they name one."""
    if folder := env.get("HF_HUB_CACHE"):
        return Path(folder).expanduser()
    if folder := env.get("HF_HOME"):
        return Path(folder).expanduser() / "hub"
    return default


def _number(env: Mapping[str, str], name: str, default: float, unit: str) -> float:
    text = env.get(name, str(default))
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise OptionError(f"{name} must be a number of {unit}, got {quoted(text)}.")
    return number
