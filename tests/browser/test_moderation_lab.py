"""The lab Banned content in the page: texts and policies are looked through while one writes."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from playground.labs.moderation.editor import EXAMPLE

Visit = Callable[..., Page]
LINK = "/?lab=moderation&experiment=xray&text=Write+to+%3Cb%3Ej.doe%40example.org"


def test_texts_and_policies_are_looked_through_while_one_writes(visit: Visit) -> None:
    page = visit(width=390, path=LINK)
    a_text_is_looked_through_while_it_is_typed_and_stays_text(page)
    page.locator("#experiment-moderation-editor-button").click()
    a_policy_is_tried_while_it_is_written_and_a_fault_leaves_the_last_good_one(page)


def a_text_is_looked_through_while_it_is_typed_and_stays_text(page: Page) -> None:
    xray = page.locator("#view-moderation-xray")
    expect(xray.locator("mark.action-redact")).to_have_text(["j.doe@example.org"])
    expect(xray.locator("p.marked").first).to_have_text("Write to <b>j.doe@example.org")
    page.locator("#moderation-xray-text textarea").fill("Where is the president staying t0night?")
    expect(xray.locator(".sums")).to_contain_text("in the reading “letters”")
    expect(xray.locator(".strip")).to_contain_text("staying tonight?")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def a_policy_is_tried_while_it_is_written_and_a_fault_leaves_the_last_good_one(page: Page) -> None:
    editor, policy = page.locator("#view-moderation-editor"), "#moderation-editor-policy textarea"
    expect(editor).to_contain_text("7 of 8 examples go as the policy says")
    line = EXAMPLE.splitlines().index("    action: review") + 1
    page.locator(policy).fill(EXAMPLE.replace("action: review", "action: forbid"))
    expect(page.locator("#notice-moderation-editor")).to_contain_text(f"line {line}")
    expect(editor).to_contain_text("7 of 8")
    editor.get_by_role("button", name="war_targeting.yaml").click()
    expect(page.locator(policy)).to_have_value(re.compile("policy: politics.war_targeting"))
    expect(editor.locator("h2").first).to_contain_text("the next killing in a war")
    expect(page.locator("#notice-moderation-editor")).not_to_contain_text("line")
