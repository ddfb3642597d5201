"""For everyone: headings, keys, titles, narrow pages, paper, and ids that stand once."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.axe import violations

Visit = Callable[..., Page]

_TWICE = """() => {
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id).filter(Boolean);
    return [...new Set(ids.filter((each, place) => ids.indexOf(each) !== place))];
}"""
# Shows each lab in turn without asking the server to draw it, and returns what is wrong with it.
_LABS = """() => {
    const wrong = [], panels = [...document.querySelectorAll('.lab-panel')];
    const seen = (each) => each.checkVisibility();
    const name = (where) => where.id || where.innerText.slice(0, 60);
    const tell = (where, what) => wrong.push(`${name(where)}: ${what}`);
    const tops = (all, what) => all.map((each) => each.querySelector(what)).filter(Boolean)
        .map((each) => each.getBoundingClientRect().top);
    for (const panel of panels) {
        panels.forEach((each) => each.toggleAttribute('data-current', each === panel));
        const heads = [...panel.querySelectorAll('h1')].filter(seen);
        if (heads.length !== 1) tell(panel, 'heading');
        if ([...panel.querySelectorAll('.overflow-menu')].some(seen)) tell(panel, 'menu');
        for (const tab of panel.querySelectorAll('[role=tab]')) {
            const { left, right } = tab.getBoundingClientRect();
            if (!seen(tab) || right > innerWidth || left < 0) tell(tab, 'out of sight');
        }
        for (const form of panel.querySelectorAll('.lab-fields > .form')) {
            const rows = {};
            for (const field of [...form.children].filter(seen)) {
                (rows[Math.round(field.getBoundingClientRect().top)] ??= []).push(field);
            }
            for (const row of Object.values(rows)) {
                for (const what of ['[data-testid=block-info]', '.slider_input_container']) {
                    const found = tops(row, what);
                    if (Math.max(...found) - Math.min(...found) > 3) tell(form, `${what} ${found}`);
                }
            }
        }
    }
    panels.forEach((each) => each.toggleAttribute('data-current', each.id === 'panel-chat'));
    return wrong;
}"""
_FIRST = """() => [...document.querySelectorAll('a[href], button, input, textarea, [tabindex]')]
    .find((each) => each.tabIndex >= 0 && each.checkVisibility()).textContent"""


def test_keys_titles_skipping_every_width_and_paper(visit: Visit) -> None:
    page = visit(path="/?lab=context&experiment=needle")
    keys_titles_and_skipping(page)
    every_lab_at_every_width_and_the_chat_on_paper(page)


def keys_titles_and_skipping(page: Page) -> None:
    expect(page).to_have_title("Needle · Context · LLM Playground")
    assert page.evaluate(_FIRST) == "Skip to the work"
    page.locator(".skip").first.focus()
    expect(page.locator(".skip").first).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#work")).to_be_focused()
    page.keyboard.press("?")
    keys = page.locator("#keys-list")
    expect(keys).to_contain_text("to the message box")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("/")
    message = page.get_by_label("Message", exact=True)
    expect(message).to_be_focused()
    expect(page).to_have_title("Chat · LLM Playground")
    page.keyboard.type("a/b?")  # in a field they are letters
    expect(message).to_have_value("a/b?")
    page.locator(".skip").last.focus()
    page.keyboard.press("Enter")
    expect(message).to_be_focused()
    page.get_by_role("button", name="Keys").click()
    expect(keys).to_be_visible()
    assert violations(page, "#keys-list") == []
    keys.get_by_role("button", name="Close").click()
    expect(keys).to_be_hidden()
    assert page.evaluate(_TWICE) == []
    icon = page.evaluate("fetch('/favicon.ico').then((got) => got.text())")  # as a browser does
    assert "<svg" in icon
    assert "#0f766e" in icon
    _nowhere(page)


def _nowhere(page: Page) -> None:
    """Open a wrong address: it has a page of its own, which leads back."""
    elsewhere = page.context.new_page()
    answer = elsewhere.goto(f"{page.url.partition('?')[0]}nowhere")
    assert answer is not None
    assert answer.status == 404
    expect(elsewhere.get_by_role("heading")).to_have_text("There is nothing at this address.")
    back = elsewhere.get_by_role("link", name="Open the playground")
    assert back.evaluate("({ href }) => href") == page.url.partition("?")[0]
    elsewhere.close()


def every_lab_at_every_width_and_the_chat_on_paper(page: Page) -> None:
    page.locator("#max_new_tokens input[type=number]").fill("1")
    page.locator("#max_new_tokens input[type=number]").blur()
    message = page.get_by_label("Message", exact=True)
    message.fill("Hello")
    message.press("Enter")
    expect(page.locator("#transcript .reply .facts")).to_be_visible(timeout=60_000)
    for width in (1360, 1000, 768, 390):
        page.set_viewport_size({"width": width, "height": 860})
        assert page.evaluate(_LABS) == [], width
    page.emulate_media(media="print")
    for gone in ("#labs", "#rail", "#topbar", "#dock", "#chats", "#transcript button"):
        expect(page.locator(gone).first).to_be_hidden()
    expect(page.locator("#transcript .message.user")).to_be_visible()
    expect(page.locator("#transcript .reply .facts")).to_be_visible()
    assert page.evaluate(_TWICE) == []
