"""A lab, its experiment, its settings and its prompt in the page's address."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
LINK = "/?lab=context&experiment=needle&lengths=200%2C256&depths=0%2C100&needles=2"


def field(page: Page, name: str) -> object:
    return page.locator(f"#context-needle-{name} :is(input, textarea)").first.input_value()


def test_a_link_opens_the_same_lab_with_the_same_settings_and_survives_a_reload(
    visit: Visit,
) -> None:
    page = visit(path=LINK)
    draw = page.locator("#run-context-needle")
    expect(draw).to_be_visible()
    # Settings of its own have no picture yet: it says what to press.
    expect(page.locator("#view-context-needle")).to_contain_text("Press Draw the map. ")
    expect(page.locator("#view-context-needle .playground-lab")).to_have_count(0)
    expect(page.locator("#context-needle-lengths textarea")).to_have_value("200, 256")
    assert (field(page, "depths"), field(page, "needles")) == ("0, 100", "2")
    page.locator("#context-needle-depths textarea").fill("50")
    page.wait_for_url("**depths=50**")
    page.reload()
    expect(draw).to_be_visible()
    expect(page.locator("#context-needle-depths textarea")).to_have_value("50")
    assert field(page, "needles") == "2"


def test_a_page_that_opens_asks_nothing_for_labs_out_of_sight(visit: Visit) -> None:
    page = visit()
    # A newer Gradio that keeps its events elsewhere would open twice as slowly, without a word.
    assert page.evaluate("gradio_config.dependencies.length") > 100
    assert page.evaluate("Object.getPrototypeOf(gradio_config.dependencies) !== Array.prototype")
    page.get_by_role("button", name="Context", exact=True).click()
    expect(page.locator("#view-context-window tr.gone")).to_have_count(4)
    asked = page.evaluate(
        "performance.getEntriesByType('resource').map((each) => each.name)"
        ".filter((name) => /queue\\/join|run\\/predict/.test(name)).length"
    )
    # Who visits, what the chat shows, what its context window holds; then the one lab, which may be
    # drawn again where something beside it has just changed.
    assert asked <= 6

    page.get_by_role("button", name="Chat", exact=True).click()
    back_and_forward_move_between_labs_and_experiments(page)


def back_and_forward_move_between_labs_and_experiments(page: Page) -> None:
    page.get_by_role("button", name="Context", exact=True).click()
    page.wait_for_url("**lab=context**")
    page.get_by_role("tab", name="Needle").click()
    page.wait_for_url("**experiment=needle**")
    page.get_by_role("button", name="Tokens", exact=True).click()
    page.wait_for_url("**lab=tokens**")
    page.go_back()
    expect(page.locator("#run-context-needle")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("tab", name="Needle")).to_have_attribute("aria-selected", "false")
    page.go_back()
    expect(page.get_by_label("Message", exact=True)).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("tab", name="Needle")).to_be_visible()


def test_a_bad_link_is_told_at_the_head_and_loses_nothing(visit: Visit) -> None:
    page = visit(path="/?lab=context&experiment=needle&needles=9&lengths=300")
    notice = page.locator("#link-notice")
    expect(notice).to_contain_text("“Keys a cell” must be a whole number from 1 to 5, got 9.")
    assert field(page, "needles") == "1"
    assert page.locator("#context-needle-lengths textarea").input_value() == "300"
    page.wait_for_url(re.compile("^(?!.*needles).*lengths=300"))
    expect(notice).to_be_in_viewport()
    page.get_by_role("button", name="Tokens", exact=True).click()
    expect(notice).to_be_hidden()
    page.goto(f"{page.url.partition('?')[0]}?lab=tokens&experiment=cutting&nonsense=1")
    expect(page.locator("#view-tokens-cutting .chip").first).to_be_visible()
    # Though what is live was drawn.
    expect(notice).to_contain_text("no setting 'nonsense'; known are “Text”")
    a_text_too_long_for_the_address_is_told_above_the_button(page)


def a_text_too_long_for_the_address_is_told_above_the_button(page: Page) -> None:
    text = page.locator("#tokens-cutting-text textarea")
    text.fill("word " * 2000)
    left = page.locator("#left-tokens-cutting")
    expect(left).to_contain_text("Too long for the page's address: Text.")
    text.fill("word")
    expect(left).to_have_count(0)


def test_a_lab_that_is_not_there_opens_the_chat(visit: Visit) -> None:
    page = visit(path="/?lab=%3Cimg%3E&experiment=nothing")
    expect(page.get_by_label("Message", exact=True)).to_be_visible()
    expect(page.locator("#link-notice")).to_contain_text("There is no lab '<img>'; known are")
    page.goto(f"{page.url.partition('?')[0]}?lab=context&experiment=nope")
    expect(page.locator("#link-notice")).to_contain_text("no experiment 'nope'")
