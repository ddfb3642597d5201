"""What is compiled, at once: tests that need it do not wait until it is made ready beside them."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from playground.models.engines.compiled import kept
from playground.settings import Settings


@cache
def compiled_kernels() -> ModuleType:
    """Return what is compiled, from this person's own cache; compiled first if it is not there."""
    folder = kept.cache_folder(Settings.from_env())
    if not kept.is_whole(folder):
        kept.compile_apart(folder)
    return kept.load_from(folder)
