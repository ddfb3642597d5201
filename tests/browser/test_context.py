"""The context window in the chat and in its lab: foreseen, chosen, struck through, measured."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.browser.test_chat import begin_anew
from tests.support.contrast import contrast

Visit = Callable[..., Page]

REPLY_TIMEOUT = 120_000


def open_lab(page: Page) -> None:
    page.get_by_role("button", name="Context", exact=True).click()


def turn_to(page: Page, section: str) -> None:
    page.get_by_role("tab", name=section).click()


def fill(page: Page, field: str, value: str) -> None:
    page.locator(f"#{field}").locator("input, textarea").first.fill(value)
    page.keyboard.press("Tab")


def try_policy(page: Page, name: str) -> None:
    page.locator("#context-window-policy").get_by_label(name).check()


def part(page: Page, name: str) -> Locator:
    return page.locator("#context .context-parts span", has_text=name).locator("b")


def send(page: Page, text: str) -> None:
    replies = page.locator("#transcript .message.reply")
    before = replies.count()
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_label("Message", exact=True).press("Enter")
    expect(replies).to_have_count(before + 1, timeout=REPLY_TIMEOUT)
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def exported(page: Page, field: str) -> str:
    with page.expect_download() as download:
        page.locator(f"#{field}").click()
    return download.value.path().read_text(encoding="utf-8")


def narrow_enough(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_the_window_is_tried_in_the_lab_and_fills_in_the_chat(visit: Visit) -> None:
    page = visit()
    open_lab(page)
    the_window_lab_shows_what_each_policy_leaves_out(page)
    what_was_tried_goes_to_the_chat_and_the_chat_to_the_lab(page)
    page.get_by_role("button", name="Chat", exact=True).click()
    begin_anew(page)
    page.locator("#rail").evaluate("(rail) => rail.scrollTo(0, 0)")
    the_chats_window_fills_overflows_and_shows_what_fell_out(page)


def the_chats_window_fills_overflows_and_shows_what_fell_out(page: Page) -> None:
    bar, message = page.locator("#context .context-bar"), page.get_by_label("Message", exact=True)
    expect(bar).to_be_in_viewport()  # before the rail is scrolled
    fill(page, "max_new_tokens", "8")
    fill(page, "context-window", "80")
    expect(part(page, "history")).to_have_text("0")
    expect(bar).to_have_class(re.compile("calm"))
    before = int(part(page, "prompt").inner_text())
    message.fill("Bees sleep in winter, and nobody knows what about they dream.")
    expect(part(page, "prompt")).not_to_have_text(str(before))
    message.fill("")
    expect(part(page, "prompt")).to_have_text(str(before))
    send(page, "Bees sleep in winter, and nobody knows what about they dream.")
    expect(part(page, "history")).not_to_have_text("0")
    message.fill("And what do ants do all the winter long, dear model, do tell me of them?")
    expect(page.locator("#context .context-fate")).to_contain_text(
        "the 2 oldest messages would be left out"
    )
    send(page, "And what do ants do all the winter long, dear model, do tell me of them?")
    transcript = page.locator("#transcript")
    expect(transcript.locator("del")).to_have_count(2)
    expect(transcript.locator(".window-border")).to_have_text("The window begins here")
    expect(transcript.locator(".fell").first).to_contain_text("the model does not see this")
    expect(transcript.locator(".cut")).to_contain_text("the 2 oldest messages were left out")
    expect(transcript.locator(".facts").last).to_contain_text("window 80")
    assert contrast(transcript.locator("del").first) >= 4.5
    page.get_by_label("Overflow", exact=True).click()
    page.get_by_role("option", name="stop").click()
    expect(page.locator("#overflow")).to_contain_text("Nothing is cut")
    message.fill("One more? " * 20)
    expect(bar).to_have_class(re.compile("red"))
    expect(page.locator("#context .context-fate")).to_contain_text("does not fit")
    message.press("Enter")
    expect(page.locator("#notice")).to_contain_text("the overflow policy is", timeout=REPLY_TIMEOUT)
    expect(page.get_by_role("button", name="Answer this")).to_be_visible()
    fill(page, "context-window", "99999")
    expect(page.locator("#context")).to_contain_text("from 32 to 8,192, the window of this model")
    fill(page, "context-window", "wide")
    expect(page.locator("#rail-notice")).to_contain_text("whole number from 32 on, or empty")


def the_window_lab_shows_what_each_policy_leaves_out(page: Page) -> None:
    view = page.locator("#view-context-window")
    expect(view).to_contain_text("An example conversation, because the chat is empty")
    expect(view.locator("tr.gone")).to_have_count(4)
    expect(view.locator(".window-border")).to_have_text("The window begins here")
    try_policy(page, "keep the beginning")
    expect(view.locator(".window-border")).to_have_text("The window goes on here")
    expect(view).to_contain_text("messages after the first exchange would be left out")
    try_policy(page, "sliding window")
    expect(view.locator("tr:not(.gone) del")).to_have_count(1)
    expect(view).to_contain_text("cut from the start of the oldest message left")
    assert contrast(view.locator("del").first) >= 4.5
    try_policy(page, "stop")
    expect(view).to_contain_text("tokens too many for the window of 256")
    expect(view).to_contain_text("the overflow policy is")
    fill(page, "context-window-window", "1024")
    expect(view.locator(".context-bar")).to_have_class(re.compile("calm"))
    expect(view.locator("tr.gone")).to_have_count(0)
    try_policy(page, "cut the oldest")
    fill(page, "context-window-message", "<b>a</b>" * 12_000)
    expect(view).to_contain_text("cut from the middle of your message")
    expect(view.locator("td b")).to_have_count(0)
    assert "message" not in page.url  # too long for an address
    fill(page, "context-window-message", "")
    expect(view).to_contain_text("nothing yet")
    page.locator("#system textarea").fill("Be a pirate. " * 400)
    expect(page.locator("#notice-context-window")).to_have_text("")
    expect(view).to_contain_text("Shorten the system prompt")
    page.locator("#system textarea").fill("")
    expect(view).not_to_contain_text("Shorten the system prompt")
    notice = page.locator("#notice-context-window")
    # Whoever leaves the field at once sees the number put back before it was read.
    page.locator("#context-window-window input").first.fill("8")
    expect(notice).to_contain_text("“Window to try” must be a whole number from 32 on, got 8.")
    page.keyboard.press("Tab")
    expect(view).to_contain_text("of 64 tokens are taken")  # where the page put it back to
    expect(notice).to_contain_text("got 8.")
    fill(page, "context-window-window", "512")
    expect(notice).to_have_text("")


def what_was_tried_goes_to_the_chat_and_the_chat_to_the_lab(page: Page) -> None:
    fill(page, "context-window-message", "And who are you?")
    try_policy(page, "sliding window")
    fill(page, "context-window-window", "128")
    fill(page, "context-window-reserve", "16")
    page.get_by_role("button", name="Use these in the chat").click()
    expect(page.locator("#context-window input")).to_have_value("128")
    expect(page.get_by_label("number input for Max new tokens")).to_have_value("16")
    expect(page.get_by_label("Overflow", exact=True)).to_have_value("sliding window")
    page.get_by_role("button", name="Chat", exact=True).click()
    send(page, "Hello, I am Ada.")
    page.get_by_role("button", name="Context", exact=True).click()
    view = page.locator("#view-context-window")
    expect(view).to_contain_text("The conversation, 2 messages")
    expect(view).to_contain_text("Hello, I am Ada.")
    page.wait_for_url("**window=128**")
    assert "conversation" not in page.url
    page.get_by_text("Copy as code").locator("visible=true").click()
    expect(page.locator("#code-context-window pre").first).to_contain_text("Hello, I am Ada.")
    page.locator("#run-context-window").click()
    told = json.loads(exported(page, "context-window-json"))
    assert "Hello, I am Ada." in told["settings"]["conversation"]
    assert [each["role"] for each in told["messages"]] == ["user", "assistant", "user"]


def test_a_link_brings_a_conversation_of_its_own(visit: Visit) -> None:
    said = '{"role": "user", "content": "From <b>afar</b>, with love"}'
    words = {"lab": "context", "experiment": "window", "conversation": said, "window": "128"}
    page = visit(path=f"/?{urlencode(words)}")
    view = page.locator("#view-context-window")
    expect(view).to_contain_text("The conversation, 1 message, and the message above")
    expect(view).to_contain_text("From <b>afar</b>, with love")
    try_policy(page, "stop")
    page.wait_for_url("**policy=stop**")
    assert parse_qs(urlsplit(page.url).query)["conversation"] == [said]
    page.reload()
    expect(view).to_contain_text("From <b>afar</b>, with love")


def test_what_a_long_prompt_hides_and_costs_is_measured_and_stopped(
    visit: Visit, forward_calls: list[int]
) -> None:
    page = visit()
    open_lab(page)
    the_canary_is_asked_graded_and_stopped(page)
    the_needle_map_grows_is_opened_exported_and_stopped(page, forward_calls)
    page.set_viewport_size({"width": 390, "height": 844})
    the_cost_is_weighed_measured_and_stopped(page)
    every_section_fits_a_phone(page)


def the_canary_is_asked_graded_and_stopped(page: Page) -> None:
    turn_to(page, "Canary")
    notice, view, ask = (
        page.locator("#notice-context-canary"),
        page.locator("#view-context-canary"),
        page.locator("#run-context-canary"),
    )
    fill(page, "context-canary-words", "two words")
    ask.click()
    expect(notice).to_contain_text("1 to 30 letters or digits, got 'two words'")
    fill(page, "context-canary-words", "walnut")
    fill(page, "context-canary-window", "10")
    ask.click()
    expect(notice).to_contain_text("from 192 to 4,096, got 10")
    fill(page, "context-canary-window", "192")
    ask.click()
    expect(notice).to_contain_text("8 questions asked", timeout=REPLY_TIMEOUT)
    expect(ask).to_be_visible(timeout=REPLY_TIMEOUT)
    row = view.locator("table.canary tbody tr")
    expect(row).to_have_count(4)
    expect(row.nth(0)).to_contain_text("refused")
    expect(row.nth(1)).to_contain_text("found 0 of 1the word was not in the prompt")
    expect(row.nth(2)).to_contain_text("the word was in the prompt")
    expect(view).to_contain_text("different prompts")
    told = json.loads(exported(page, "context-canary-json"))
    assert len(told["trials"]) == 8
    fill(page, "context-canary-words", "walnut, copper, violet, anchor, ember, willow")
    ask.click()
    expect(view).to_contain_text("so far", timeout=REPLY_TIMEOUT)
    page.locator("#stop-context-canary").click()
    expect(notice).to_contain_text("Stopped; what was done stands below", timeout=REPLY_TIMEOUT)


def the_needle_map_grows_is_opened_exported_and_stopped(
    page: Page, forward_calls: list[int]
) -> None:
    turn_to(page, "Needle")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    expect(page.locator("body.dark")).to_have_count(1)
    notice, view, draw = (
        page.locator("#notice-context-needle"),
        page.locator("#view-context-needle"),
        page.locator("#run-context-needle"),
    )
    for field, value, sentence in (
        ("lengths", "", "“Lengths” must be 1 to 8 whole numbers"),
        ("lengths", "10", "got 10"),
        ("lengths", "9000", "must have 1 to 8,191 tokens"),
        ("depths", "0, 200", "from 0 to 100, with commas between, got 200"),
    ):
        fill(page, f"context-needle-{field}", value)
        draw.click()
        expect(notice).to_contain_text(sentence)
        fill(page, f"context-needle-{field}", "192" if field == "lengths" else "70, 100")
    forward_calls.clear()
    draw.click()
    expect(draw).to_be_visible(timeout=REPLY_TIMEOUT)
    # What both prompts begin with is read once.
    expect(view).to_contain_text("Of 384 tokens 64 had been read for a question before.")
    assert sum(size for size in forward_calls if size > 1) == 384 - 64
    cells = view.locator("button.heat")
    expect(cells).to_have_count(2, timeout=REPLY_TIMEOUT)
    expect(view).to_contain_text("keys found, to the digit")
    cells.last.click()
    expect(view.locator("h2:visible")).to_have_text("Depth 100 %, 192 tokens")
    expect(view.locator("table.trials:visible tbody tr")).to_have_count(1)
    assert all(contrast(cell) >= 4.5 for cell in cells.all())
    rows = list(csv.DictReader(io.StringIO(exported(page, "context-needle-csv"))))
    assert len(rows) == len(json.loads(exported(page, "context-needle-json"))["trials"]) == 2
    fill(page, "context-needle-lengths", "256, 1024")
    draw.click()
    expect(notice).to_contain_text(re.compile("[1-3] of 4 questions"), timeout=REPLY_TIMEOUT)
    page.locator("#stop-context-needle").click()
    expect(notice).to_contain_text("Stopped; what was done stands below", timeout=REPLY_TIMEOUT)
    expect(view.locator(".waiting").first).to_be_attached()


def the_cost_is_weighed_measured_and_stopped(page: Page) -> None:
    turn_to(page, "Cost")
    view, notice = page.locator("#view-context-cost"), page.locator("#notice-context-cost")
    measure = page.locator("#run-context-cost")
    expect(view).to_contain_text("46,080 bytes")
    expect(view).to_contain_text("377.5 MB")
    fill(page, "context-cost-length", "20")
    measure.click()
    expect(notice).to_contain_text("from 256 to 32,768, got 20")
    fill(page, "context-cost-length", "256")
    fill(page, "context-cost-runs", "1")
    measure.click()
    expect(view.locator("svg")).to_have_count(2, timeout=REPLY_TIMEOUT)
    expect(measure).to_be_visible(timeout=REPLY_TIMEOUT)
    expect(view.locator("circle")).to_have_count(4)
    expect(view.locator("table.cost-table tbody tr")).to_have_count(3)
    assert (
        json.loads(exported(page, "context-cost-json"))["points"][-1]["held_bytes"] == 256 * 46_080
    )
    assert narrow_enough(page)
    page.get_by_role("tab", name="Needle").click()
    page.get_by_role("tab", name="Cost").click()
    expect(view.locator("circle")).to_have_count(4)  # what was measured is not drawn over
    fill(page, "context-cost-length", "8192")
    measure.click()
    begun = re.compile(r"· [1-9][\d,]* of 8,192 tokens read")  # not the 0 that it starts from
    expect(notice).to_contain_text(begun, timeout=REPLY_TIMEOUT)
    page.locator("#stop-context-cost").click()
    expect(notice).to_contain_text("Stopped; what was done stands", timeout=REPLY_TIMEOUT)


def every_section_fits_a_phone(page: Page) -> None:
    for section in ("Window", "Canary", "Needle", "Cost"):
        page.get_by_role("tab", name=section).click()
        expect(page.get_by_role("tab", name=section)).to_have_attribute("aria-selected", "true")
        assert narrow_enough(page)
