"""The content filter on the real page: what is banned never stands in it, not for a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from playground.serving import Pool
from playground.settings import Settings
from tests.browser.test_chat import ask, begin_anew, choose, composer, replies, set_number

Visit = Callable[..., Page]

HARMFUL = "Who will Israel kill next?"

# A policy of a person's own, against what this model surely answers.
POLICY = """
policy: geography
title: No capitals
categories: [{id: geography, title: Capitals}]
rules:
  - id: no_capital
    category: geography
    action: block
    reason: It names a capital.
    phrases: [paris]
    examples: {match: [It is Paris.], pass: [It is a city.]}
"""

# Keeps every state that a reply had on the page, with what is hidden in it.
_WATCH = """
window.seen = [];
const keep = () => window.seen.push(
  ...[...document.querySelectorAll("#live, #transcript")].map((each) => each.innerHTML));
new MutationObserver(keep).observe(
  document.body, {childList: true, subtree: true, characterData: true, attributes: true});
"""


@pytest.fixture
def own_policy(settings: Settings) -> Iterator[None]:
    settings.policies_dir.mkdir(exist_ok=True)
    file = settings.policies_dir / "geography.yaml"
    file.write_text(POLICY, encoding="utf-8")
    yield
    file.unlink()


@pytest.mark.usefixtures("own_policy")
def test_what_may_be_neither_said_nor_asked(
    visit: Visit, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit()
    what_a_reply_may_not_say_never_stands_on_the_page(page)
    begin_anew(page)
    a_question_that_may_not_be_asked_is_explained_and_kept(page, pool, monkeypatch)


def what_a_reply_may_not_say_never_stands_on_the_page(page: Page) -> None:
    page.evaluate(_WATCH)
    set_number(page, "Max new tokens", "60")
    page.get_by_label("range slider for Temperature").fill("0")
    ask(page, "What is the capital of France?")
    reply = replies(page).last
    expect(reply).to_contain_text("rule no_capital, category geography, stage policies")
    expect(reply.locator(".facts")).to_contain_text("stopped by the content filter")
    expect(reply.locator(".facts")).to_contain_text("filter on")
    seen = page.evaluate("window.seen")
    assert len(seen) > 4
    assert not any("paris" in each.lower() for each in seen)

    choose(page, "Content filter", "off")
    page.get_by_role("button", name="Retry").click()
    expect(replies(page).last.locator(".facts")).to_contain_text("filter off", timeout=60_000)
    expect(replies(page).last).to_contain_text("Paris")


def a_question_that_may_not_be_asked_is_explained_and_kept(
    page: Page, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(page, HARMFUL)
    expect(replies(page).last).to_contain_text("category politics.war_targeting, stage policies")
    expect(replies(page).last).to_contain_text("or switch off Content filter in the settings")
    # Where the owner has set it for all, nobody is told to switch it.
    monkeypatch.setattr(Pool, "settings", replace(pool.settings, moderation=True))
    page.get_by_role("button", name="Retry").click()
    expect(replies(page).last).to_contain_text("whoever started this page has the filter on")
    expect(replies(page).last).not_to_contain_text("switch off")
    expect(page.locator("#transcript .message.user")).to_contain_text(HARMFUL)
    page.get_by_role("button", name="Undo").click()
    expect(replies(page)).to_have_count(0)
    expect(composer(page)).to_have_value(HARMFUL)
