"""Turns of a chat: versions, Continue, edits, chats, and what is in sight."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.support.axe import violations

Visit = Callable[..., Page]

# A small model on two busy cores.
REPLY_TIMEOUT = 120_000
# Which of Send, Stop and a reply in progress are in sight.
STATE = """() => [
  Boolean(document.getElementById('send').offsetParent),
  Boolean(document.getElementById('stop').offsetParent),
  Boolean(document.querySelector('#live .draft')),
]"""


# What an edit leaves of the question stands, and is not read again.
READ_ANEW = re.compile(r"[1-9]\d* tokens? kept, ([2-9]|\d\d) read")


def composer(page: Page) -> Locator:
    return page.get_by_label("Message", exact=True)


def press(page: Page, name: str) -> None:
    page.wait_for_timeout(300)  # Gradio drops a click while the last event of the button ends
    page.get_by_role("button", name=name, exact=True).click()


def set_tokens(page: Page, count: int) -> None:
    field = page.get_by_label("number input for Max new tokens")
    field.fill(str(count))
    field.press("Tab")


def versions(page: Page, who: str) -> Locator:
    return page.locator(f"#transcript .message.{who} .versions")


def words(page: Page) -> str:
    return page.locator("#transcript .message.reply .words").last.inner_text()


def at_rest(page: Page) -> None:
    expect(page.locator("#live .draft")).to_have_count(0, timeout=REPLY_TIMEOUT)
    assert page.evaluate(STATE) == [True, False, False]


def export(page: Page, name: str) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Export as {name}").click()
    return Path(download.value.path()).read_text()


def test_nothing_said_is_lost_whatever_one_asks_again(visit: Visit) -> None:
    page = visit()
    set_tokens(page, 6)
    composer(page).fill("Write a long story about bees.")
    composer(page).press("Enter")
    composer(page).press("Enter")  # twice, quickly, on a fresh page
    seen = set[tuple[bool, ...]]()
    while page.locator("#transcript .message.reply").count() == 0:
        seen.add(tuple(page.evaluate(STATE)))
    assert seen <= {(True, False, False), (False, True, True)}
    at_rest(page)
    expect(page.locator("#transcript .message.user")).to_have_count(1)
    expect(page.locator("#transcript .confidence")).to_contain_text("Sure is not right")

    first = words(page)
    press(page, "Continue")
    expect(page.locator("#transcript .facts")).to_contain_text(
        "continued after 6 tokens", timeout=REPLY_TIMEOUT
    )
    longer = words(page)
    assert longer.startswith(first)
    expect(page.locator("#transcript .facts")).to_contain_text("12 tokens")

    press(page, "Retry")
    expect(versions(page, "reply")).to_contain_text("2 of 2", timeout=REPLY_TIMEOUT)
    expect(page.locator("#notice")).to_contain_text("the former one is kept")
    expect(page.locator("#transcript .facts")).to_contain_text(
        re.compile(r"\d+ tokens kept, 1 read")
    )
    press(page, "The version before")
    expect(versions(page, "reply")).to_contain_text("1 of 2")
    assert words(page) == longer
    expect(page.get_by_role("button", name="The version before")).to_be_focused()

    press(page, "Edit")
    expect(composer(page)).to_be_focused()
    expect(page.locator("#transcript .going .message")).to_have_count(2)
    assert violations(page, "#panel-chat") == []
    composer(page).fill("Say `x = 1` as code.")
    composer(page).press("Enter")
    expect(versions(page, "user")).to_contain_text("2 of 2", timeout=REPLY_TIMEOUT)
    at_rest(page)
    expect(page.locator("#transcript .facts")).to_contain_text(READ_ANEW)
    press(page, "Bring the former one back")
    expect(versions(page, "user")).to_contain_text("1 of 2")
    assert words(page) == longer
    page.reload()
    page.locator(".badge.ready").wait_for(timeout=REPLY_TIMEOUT)
    expect(versions(page, "user")).to_contain_text("1 of 2")
    assert words(page) == longer

    _chats(page, longer)
    _latest(page)


def _chats(page: Page, reply: str) -> None:
    """Begin another chat, come back, write files, delete and take it back."""
    assert reply in export(page, "Markdown")
    told = json.loads(export(page, "JSON"))
    assert told["title"] == "Write a long story about bees."
    assert told["messages"][0]["later"][0][0]["content"] == "Say `x = 1` as code."

    press(page, "New chat")
    expect(page.get_by_role("heading", name="Talk to a model")).to_be_visible()
    expect(composer(page)).to_be_focused()
    page.get_by_role("button", name="Past chats").click()
    rows = page.locator(".chat-list li")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(re.compile(r"Write a long story about bees.\s*2 messages"))
    assert violations(page, "#chats") == []
    page.get_by_role("button", name="Rename Write a long story").click()
    title = page.get_by_label("Title of the chat")
    assert violations(page, "#chats") == []
    title.fill("x" * 61)
    title.press("Enter")
    expect(page.locator(".chat-note")).to_contain_text("at most 60 characters, got 61")
    title.fill("Bees")
    title.press("Enter")
    expect(page.locator(".chat-note")).to_be_hidden()
    expect(rows).to_contain_text(re.compile(r"Bees\s*2 messages"))
    expect(page.get_by_role("button", name="Rename Bees")).to_be_focused()
    page.keyboard.press("Enter")
    title.press("Escape")
    page.get_by_role("button", name="Delete Bees").click()
    expect(page.locator(".chat-list")).to_contain_text("No chat has a message yet")
    press(page, "Bring it back")
    rows.get_by_role("button", name=re.compile("^Bees")).click()
    expect(page.locator("#transcript .message.reply")).to_have_count(1)
    assert words(page) == reply


def _latest(page: Page) -> None:
    """Send while scrolled up: it comes into sight; a button leads there, too."""
    page.set_viewport_size({"width": 1360, "height": 240})
    page.mouse.move(600, 100)
    page.mouse.wheel(0, -3000)
    latest = page.get_by_role("button", name="To the latest")
    expect(latest).to_be_visible()
    latest.click()
    expect(latest).to_be_hidden()
    page.mouse.wheel(0, -3000)
    expect(latest).to_be_visible()
    composer(page).fill("And of Spain?")
    composer(page).press("Enter")
    expect(page.locator("#live .draft")).to_be_in_viewport(timeout=REPLY_TIMEOUT)
    expect(latest).to_be_hidden()
    at_rest(page)
