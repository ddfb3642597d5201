"""The hallucination lab: a question is asked, a set is graded and overruled, a link is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]

REPLY_TIMEOUT = 120_000


def open_experiment(visit: Visit, name: str, width: int = 1360, **said: str) -> Page:
    words = {"lab": "hallucination", "experiment": name, **said}
    page = visit(path=f"/?{urlencode(words)}", width=width)
    expect(page.locator(f"#run-hallucination-{name}")).to_be_visible()
    return page


def test_a_question_is_asked_once_with_one_sample(visit: Visit, forward_calls: list[int]) -> None:
    page = open_experiment(visit, "ask", samples="1", max_new_tokens="6")
    view = page.locator("#view-hallucination-ask")
    forward_calls.clear()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(view.locator(".chip").first).to_be_visible(timeout=REPLY_TIMEOUT)
    prompt = forward_calls[0]
    assert prompt > 20
    assert forward_calls.count(prompt) == 1  # the answer and its sample read it together
    expect(view.locator(".reply")).to_contain_text("Canberra")  # in plain words
    chip = view.locator(".chip").first
    chip.click()  # what its tooltip says, a finger can have too
    said = chip.evaluate("(each) => getComputedStyle(each, '::after').content")
    assert "Likeliest: " in said
    expect(page.locator("#hallucination-ask-json")).to_be_visible()
    expect(page.locator("#precision")).to_be_visible()
    for name in ("system", "temperature", "seed", "context"):
        expect(page.locator(f"#rail #{name}")).to_be_hidden()  # they have no part in it
    question, begins = (
        page.locator(f"#hallucination-ask-{name} :is(input, textarea)").first
        for name in ("prompt", "begins")
    )
    question.fill("Who wrote Faust?")
    expect(begins).to_have_value("")  # it began the answer to the example
    expect(view.locator(".since")).to_be_visible()
    begins.fill("It was")
    question.fill("Who wrote Emma?")
    question.press("Tab")
    expect(begins).to_have_value("It was")
    page.get_by_role("button", name="Chat", exact=True).click()
    expect(page.locator("#rail #context")).to_be_visible()


def test_a_grade_is_overruled_the_figures_follow_and_all_has_room_on_a_phone(visit: Visit) -> None:
    page = open_experiment(visit, "set", items="4", samples="0", max_new_tokens="4")
    view = page.locator("#view-hallucination-set")
    page.get_by_role("button", name="Ask them all").click()
    rows = view.locator("table.answers tbody tr")
    expect(rows).to_have_count(4, timeout=REPLY_TIMEOUT)
    head = view.locator("b", has_text=re.compile(r"^\d of 4$")).first
    expect(head).to_be_visible(timeout=REPLY_TIMEOUT)
    right = int(head.inner_text()[0])
    button = rows.get_by_role("button", name=re.compile("call it wrong$")).first
    button.click()
    expect(head).to_have_text(f"{right - 1} of 4", timeout=REPLY_TIMEOUT)
    expect(view).to_contain_text("Overruled by you.")
    page.wait_for_url("**overruled=**")
    page.set_viewport_size({"width": 390, "height": 860})
    for button in rows.get_by_role("button").all():
        button.scroll_into_view_if_needed()
        assert button.evaluate("(each) => each.getBoundingClientRect().right") <= 390
    assert rows.first.evaluate("(row) => row.closest('.scroll').scrollWidth") <= 390


def test_a_bad_value_in_a_link_gets_a_sentence_and_the_rest_stands(visit: Visit) -> None:
    page = open_experiment(visit, "ask", width=390, samples="99", way="banana", seed="7")
    notice = page.locator("#link-notice")
    expect(notice).to_contain_text("“Samples” must be a whole number from 0 to 15, got 99.")
    expect(notice).to_contain_text("“Read it as” must be one of auto, text, chat, got 'banana'.")
    page.wait_for_url(re.compile("^(?!.*(99|banana)).*seed=7"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
