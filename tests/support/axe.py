"""What axe-core finds on a page."""

from __future__ import annotations

from importlib.resources import files

from playwright.sync_api import Page

# With the rules that are no standard but good practice; what it cannot decide alone is left out.
# Half faded in nothing has its colour yet; what turns for ever never has another.
_RUN = """async ([where, only]) => {
    if (!window.axe) return null;
    const fading = document.getAnimations()
        .filter(({ effect }) => effect.getComputedTiming().endTime < Infinity);
    await Promise.allSettled(fading.map(({ finished }) => finished));
    const { violations } = await axe.run(where, { resultTypes: ['violations'], ...only });
    return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ` + nodes.slice(0, 5)
        .map((each) => `${each.target.join(' ')} ${each.failureSummary}`).join(' | '));
}"""


# What another theme can break in a page whose every other rule was looked at.
_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}


def violations(page: Page, where: str = "body", colours: bool = False) -> list[str]:
    """Return every rule of any rank that a part of the page breaks, with its first places.

    Parameters
    ----------
    page : Page
        As it stands.
    where : str
        Selector of the part.
    colours : bool
        Whether only rules of colours are asked, as of a page that was looked at in another theme.
    """
    asked = [where, _COLOURS if colours else {}]
    found: list[str] | None = page.evaluate(_RUN, asked)
    if found is None:
        page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
        found = page.evaluate(_RUN, asked)
    assert found is not None
    return found
