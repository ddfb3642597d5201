"""What is compiled, at once: tests that need it do not wait until it is made ready beside them."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from playground.models.engines.compiled import ready
from playground.settings import Settings


@cache
def compiled_kernels() -> ModuleType:
    """Return what is compiled, from this person's own cache; compiled first if it is not there."""
    folder = ready.cache_folder(Settings.from_env())
    if not ready.is_whole(folder):
        ready.compile_apart(folder)
    return ready.load_from(folder)
