"""axe-core on every lab, in both themes, wide and narrow: no violation of any rank."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from playwright.sync_api import Page, expect

from playground.labs import labs
from tests.support.axe import violations

Visit = Callable[..., Page]


def test_no_lab_breaks_a_rule_in_any_theme_or_width(visit: Visit) -> None:
    page = visit()
    home = page.url.partition("?")[0]
    found: dict[str, list[str]] = {}
    now: tuple[int, bool] | None = None

    def turn(width: int, dark: bool) -> None:
        nonlocal now
        if now != (width, dark):
            page.set_viewport_size({"width": width, "height": 860})
            scheme: Literal["dark", "light"] = "dark" if dark else "light"
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.wait_for_function(
                "dark => document.body.classList.contains('dark') === dark", arg=dark
            )
        now = (width, dark)

    def look(name: str, where: str, width: int, dark: bool, colours: bool = False) -> None:
        turn(width, dark)
        if broken := violations(page, where, colours):
            found[f"{name}, {'dark' if dark else 'light'}, {width} px"] = broken

    def look_at_all(name: str, panel: str) -> None:
        # What stands around the panel has the colours that it had around the first.
        look(name, "body", 390, dark=True)
        look(name, panel, 390, dark=False, colours=True)
        look(name, "body", 1360, dark=False)
        look(name, panel, 1360, dark=True, colours=True)

    look_at_all("chat", "body")
    page.get_by_label("Precision", exact=True).click()
    expect(page.get_by_role("option").first).to_be_visible()
    look("choices", "#rail", 1360, dark=True)
    page.keyboard.press("Escape")
    turn(390, dark=True)
    for drawer, name in (("#rail", "Settings"), ("#labs", "Labs")):
        page.get_by_role("button", name=name).click()
        look(name, drawer, 390, dark=True)
        page.keyboard.press("Escape")
    for lab in labs().values():
        # On a page of its own: axe reads all that labs which were open before have left in one.
        page.goto(f"{home}?lab={lab.name}")
        page.locator(".badge.ready").wait_for()
        panel = page.locator(f"#panel-{lab.name}")
        expect(panel).to_be_visible()
        look_at_all(lab.name, f"#panel-{lab.name}, #rail-others")
        # Each width in one theme; the next tab begins as the last one ends, which lays out less.
        ways = [(1360, False), (390, True)]
        for tab in panel.get_by_role("tab").all()[1:]:
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            for width, dark in ways:
                look(f"{lab.name}/{tab.inner_text()}", f"#panel-{lab.name}", width, dark)
            ways.reverse()
    assert not found, "\n".join(f"{name}: {broken}" for name, broken in found.items())
