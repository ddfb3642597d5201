"""What Gradio holds of each page is bounded, whether the page says that it was closed or not."""

from __future__ import annotations

import gradio as gr
import pytest
from gradio.state_holder import StateHolder

from apps.ui.page_blocks import KEPT_CLOSED_PAGES, KEPT_PAGES, PageBlocks


@pytest.fixture
def blocks() -> PageBlocks:
    with PageBlocks(analytics_enabled=False) as blocks:
        gr.Textbox()
    # gradio gives this class no annotations
    holder = StateHolder()  # type: ignore[no-untyped-call]
    holder.set_blocks(blocks)
    return blocks


def test_the_longest_unused_page_gives_way(blocks: PageBlocks) -> None:
    held = blocks.state_holder
    for number in range(KEPT_PAGES + 50):
        held[f"page {number}"]
        held["a page in use"]
    assert len(held.session_data) == KEPT_PAGES
    assert len(held.time_last_used) == KEPT_PAGES
    assert "a page in use" in held
    assert "page 0" not in held


def test_only_the_latest_closed_pages_stay(blocks: PageBlocks) -> None:
    held = blocks.state_holder
    for number in range(30):
        held[f"page {number}"].is_closed = number < 20
    blocks._forget_closed_pages()
    assert len(held.session_data) == 10 + KEPT_CLOSED_PAGES
    assert "page 19" in held
    assert "page 0" not in held


def test_a_page_is_not_told_what_a_closed_api_takes_and_gives() -> None:
    with PageBlocks() as page:
        gr.DownloadButton("Export")
    told = page.get_config_file()["components"]
    assert {each["type"] for each in told} == {"downloadbutton"}
    assert not [name for each in told for name in each if name.startswith(("api_", "example_"))]
