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

    def look(name: str, where: str, width: int, dark: bool, colours: bool = False) -> None:
        page.set_viewport_size({"width": width, "height": 860})
        scheme: Literal["dark", "light"] = "dark" if dark else "light"
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.wait_for_function(
            "dark => document.body.classList.contains('dark') === dark", arg=dark
        )
        if broken := violations(page, where, colours):
            found[f"{name}, {scheme}, {width} px"] = broken

    def look_at_all(name: str) -> None:
        for width in (390, 1360):
            look(name, "body", width, dark=True)
            look(name, "body", width, dark=False, colours=True)

    look_at_all("chat")
    page.get_by_label("Precision", exact=True).click()
    expect(page.get_by_role("option").first).to_be_visible()
    look("choices", "#rail", 1360, dark=True)
    page.keyboard.press("Escape")
    for drawer, name in (("#rail", "Settings"), ("#labs", "Labs")):
        page.set_viewport_size({"width": 390, "height": 860})
        page.get_by_role("button", name=name).click()
        look(name, drawer, 390, dark=True)
        page.keyboard.press("Escape")
    for lab in labs().values():
        # On a page of its own: axe reads all that labs which were open before have left in one.
        page.goto(f"{home}?lab={lab.name}")
        page.locator(".badge.ready").wait_for()
        panel = page.locator(f"#panel-{lab.name}")
        expect(panel).to_be_visible()
        look_at_all(lab.name)
        for tab in panel.get_by_role("tab").all()[1:]:
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            name = f"{lab.name}/{tab.inner_text()}"
            look(name, f"#panel-{lab.name}", 390, dark=True)
            look(name, f"#panel-{lab.name}", 1360, dark=False)
    assert not found, "\n".join(f"{name}: {broken}" for name, broken in found.items())
