"""What Gradio holds of each page is bounded, and what an event leaves alone is not made anew."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

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


def test_what_an_event_leaves_as_it_is_is_neither_sent_nor_made_anew() -> None:
    with PageBlocks() as page:
        words, view, button = gr.Textbox(), gr.HTML(), gr.Button("Run")
        kept = gr.State(3)
        button.click(lambda: None, None, [words, view, button, kept])
        button.click(lambda: None, None, words)
    several, one = page.fns.values()
    holder = StateHolder()  # type: ignore[no-untyped-call] # gradio gives this class no annotations
    holder.set_blocks(page)
    state = holder["a page"]

    def sent(event: Any, returned: Any) -> list[Any]:
        # In a thread: a browser's test before this one leaves a loop that runs in its own.
        with ThreadPoolExecutor(1) as elsewhere:
            given = page.postprocess_data(event, returned, state)
            return elsewhere.submit(asyncio.run, given).result()

    left = gr.skip()
    assert sent(several, {view: "<b>1</b>", words: gr.skip()}) == [left, "<b>1</b>", left, left]
    assert state[words._id] is words
    shown = sent(several, {view: "<b>2</b>", button: gr.update(interactive=False), kept: 4})
    assert shown[:2] == [left, "<b>2</b>"]
    assert shown[2]["interactive"] is False
    assert state[kept._id] == 4
    assert sent(several, {words: gr.skip()}) == [left] * 4
    assert sent(one, "said") == ["said"]
    assert sent(one, gr.update(value="told"))[0]["value"] == "told"
    with pytest.raises(ValueError, match="not specified as output"):
        sent(one, {view: "elsewhere"})
