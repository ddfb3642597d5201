"""The ids of the page, without a browser: ``python -m tests.support.page_ids``."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from apps.chat.service import ChatService
from apps.chat.store import ConversationStore
from apps.ui.page import build_ui
from playground.models.acquire.catalog import load_catalog
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings


def page_ids() -> list[str]:
    """Return the id of every component that has one, in the order of the page."""
    with tempfile.TemporaryDirectory() as home:
        settings = replace(Settings.from_env(), conversations_dir=Path(home))
        service = ChatService(Pool(settings), ConversationStore(Path(home)))
        start = ModelChoice(load_catalog()[0].name, Precision.FP32)
        blocks = build_ui(service, start)
    ids = (block.elem_id for block in blocks.blocks.values())
    return [name for name in ids if name]


if __name__ == "__main__":
    print("\n".join(page_ids()))  # noqa: T201 - what this module is run for
