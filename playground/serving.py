"""The one way to a model: lease it by name, always in the batch that it shares with others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from playground.generation.language_model import LanguageModel
from playground.generation.scheduler import SharedBatches
from playground.models.engines.manager import ModelChoice, ModelManager
from playground.settings import Settings


class Pool:
    """Models that are loaded, shared and freed, each with its batch."""

    def __init__(self, manager: ModelManager) -> None:
        self.manager = manager
        self.settings = manager.settings
        self._batches = SharedBatches()

    @contextmanager
    def lease(
        self, choice: ModelChoice, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[LanguageModel]:
        """Hold a loaded model; fetch and load it first where need be."""
        with self.manager.lease(choice, cancelled) as engine, self._batches.of(engine) as batch:
            yield LanguageModel(engine, batch)

    def close(self) -> None:
        """Free every model that nobody holds."""
        self.manager.close()


@cache
def shared_pool() -> Pool:
    """Return this process's pool, for the command line and for Python."""
    return Pool(ModelManager(Settings.from_env()))
