"""A reply as tokens: look at one, pick another, and the reply goes on from there."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Literal

from playwright.sync_api import Locator, Page, expect

from apps.chat.conversations import Conversation, ReplyFacts, Turn
from apps.chat.store import ConversationStore
from playground.generation.choosing import StageRecord
from playground.generation.recording import AlternativeRecord, TokenRecord
from playground.settings import Settings
from tests.browser.test_chat import begin_anew
from tests.support.axe import violations
from tests.support.contrast import contrast

Visit = Callable[..., Page]

# A small model on two busy cores.
REPLY_TIMEOUT = 120_000
FACTS = ReplyFacts(
    tokens=5,
    prompt_tokens=9,
    context_length=8192,
    first_token_seconds=0.1,
    tokens_per_second=20.0,
    finish_reason="end_of_turn",
    model="M",
    precision="FP32",
    engine="core",
    settings={"temperature": 0.7, "top_p": 0.9},
)


def set_number(page: Page, label: str, value: str) -> None:
    field = page.get_by_label(f"number input for {label}")
    field.fill(value)
    field.press("Tab")


def reply(page: Page) -> Locator:
    return page.locator("#transcript .message.reply").last


def words(page: Page) -> str:
    return reply(page).locator(".words").text_content() or ""


def await_reply(page: Page) -> None:
    expect(page.locator("#transcript .message.reply")).to_have_count(1, timeout=REPLY_TIMEOUT)
    expect(page.get_by_role("button", name="Send")).to_be_visible(timeout=REPLY_TIMEOUT)


def ask(page: Page, question: str = "What is the capital of France?", tokens: str = "16") -> None:
    set_number(page, "Max new tokens", tokens)
    set_number(page, "Temperature", "0")
    composer = page.get_by_label("Message", exact=True)
    composer.fill(question)
    composer.press("Enter")
    await_reply(page)


def show_tokens(page: Page) -> Locator:
    page.get_by_role("button", name="Tokens", exact=True).last.click()
    chips = reply(page).locator(".chip")
    expect(chips.first).to_be_visible()
    return chips


def texts(chips: Locator) -> str:
    return "".join(chips.all_text_contents())


def token(text: str, probability: float = 0.5) -> TokenRecord:
    return TokenRecord(
        5,
        text,
        text,
        math.log(probability),
        1,
        1.0,
        0.5,
        0.4,
        0.6,
        (StageRecord("top_p", 1.0, 12),),
        (AlternativeRecord(6, text, math.log(0.3)),),
    )


def bring(page: Page, settings: Settings, *tokens: TokenRecord) -> None:
    """Put a reply that no model would write into the browser's conversation."""
    text = "".join(record.shown for record in tokens)
    store, key = ConversationStore(settings.conversations_dir), page.evaluate("playgroundKey()")
    reply = Turn("assistant", text, FACTS, recording=store.keep_recording(key, tokens))
    store.update(key, lambda _: Conversation((Turn("user", "Hi"), reply)))
    page.evaluate("dispatchEvent(new Event('focus'))")  # who comes back to the page sees it
    expect(page.locator("#transcript .message.reply")).to_have_count(1)


def test_tokens_are_looked_at_and_picked_by_mouse_keyboard_and_finger(visit: Visit) -> None:
    page = visit()
    click_a_chip_pick_another_token_get_a_branch(page)
    begin_anew(page)
    the_end_of_the_turn_can_be_picked_and_tokens_survive_a_reload(page)
    begin_anew(page)
    the_keyboard_alone_reaches_every_token_and_branches(page)
    begin_anew(page)
    a_phone_can_open_a_token_and_branch(page)


def click_a_chip_pick_another_token_get_a_branch(page: Page) -> None:
    ask(page)
    former = words(page)
    chips = show_tokens(page)
    expect(chips).to_have_count(8)  # "The capital of France is Paris." and the end of the turn
    assert texts(chips).replace("·", " ") == former.strip() + "<|im_end|>"
    expect(reply(page).locator(".words")).to_be_hidden()

    chips.nth(1).click()
    panel = page.get_by_role("region", name="token 2 of 8")
    expect(panel).to_be_focused()
    for word in ("probability", "rank", "logprob", "surprisal", "entropy", "temperature 0"):
        expect(panel).to_contain_text(word)
    rows = panel.locator("tbody tr")
    expect(rows).to_have_count(10)
    expect(rows.first).to_contain_text("in the reply")
    other = rows.nth(1).locator(".token").inner_text()
    rows.nth(1).get_by_role("button").click()

    expect(reply(page).locator(".facts")).to_contain_text(
        f"branched at token 2: “·capital” → “{other}”", timeout=REPLY_TIMEOUT
    )
    await_reply(page)
    expect(reply(page).locator(".facts")).to_contain_text(re.compile(r"tokens kept, \d read"))
    expect(chips.nth(1)).to_be_focused()  # the view stays, and so does the place
    assert texts(chips).startswith("The" + other)
    assert chips.count() > 2
    put = chips.nth(1)
    expect(put).to_have_accessible_name(f"{other}, {put.get_attribute('title')}")
    assert "rank 2, put here by you" in str(put.get_attribute("title"))
    page.get_by_role("button", name="Text", exact=True).click()
    assert words(page).startswith("The" + other.replace("·", " "))

    page.get_by_role("button", name="Bring the former one back").click()
    expect(reply(page).locator(".words")).to_have_text(former.strip())


def the_end_of_the_turn_can_be_picked_and_tokens_survive_a_reload(page: Page) -> None:
    ask(page, tokens="6")
    chips = show_tokens(page)
    before = texts(chips)
    chips.last.click()
    page.get_by_role("region").get_by_role("button", name="continue from here").first.click()
    expect(page.locator("#notice")).to_contain_text("“Max new tokens” must be above 6")
    expect(chips).to_have_count(6)  # a refusal loses nothing
    assert texts(chips) == before
    page.reload()
    page.locator(".badge.ready").wait_for()
    expect(reply(page).locator(".words")).to_be_visible()
    expect(show_tokens(page)).to_have_count(6)
    assert texts(chips) == before


def the_keyboard_alone_reaches_every_token_and_branches(page: Page) -> None:
    ask(page, "Write a list of three fruits.")
    switch = page.get_by_role("button", name="Tokens", exact=True).last
    switch.focus()
    page.keyboard.press("Enter")
    chips = reply(page).locator(".chip")
    expect(chips.first).to_be_visible()
    expect(switch).to_have_attribute("aria-pressed", "true")
    # One stop for Tab, behind those of the shades; arrows from there.
    page.get_by_role("button", name="surprisal").focus()
    page.keyboard.press("Tab")
    expect(chips.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(chips.nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(chips.last).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Home")
    expect(chips.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    panel = page.locator(".token-panel")
    expect(panel).to_be_focused()
    expect(chips.nth(1)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(chips.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel).to_be_focused()
    for _ in range(4):  # Close, then the third of the ten
        page.keyboard.press("Tab")
    focused = page.locator("button:focus")
    expect(focused).to_have_accessible_name(r"continue from here with " + _third(panel))
    page.keyboard.press("Enter")
    expect(reply(page).locator(".facts")).to_contain_text(
        "branched at token 2", timeout=REPLY_TIMEOUT
    )


def _third(panel: Locator) -> str:
    return panel.locator("tbody tr").nth(2).locator(".token").inner_text()


def a_phone_can_open_a_token_and_branch(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Settings").click()
    set_number(page, "Max new tokens", "8")
    page.keyboard.press("Escape")
    composer = page.get_by_label("Message", exact=True)
    composer.fill("Name a colour.")
    composer.press("Enter")
    await_reply(page)
    chips = show_tokens(page)
    chips.nth(2).click()
    row = page.locator(".alternatives tbody tr").nth(1)
    expect(row.get_by_role("button")).to_be_in_viewport(ratio=1)
    expect(chips.nth(2)).to_be_in_viewport()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    row.get_by_role("button").click()
    expect(reply(page).locator(".facts")).to_contain_text(
        "branched at token 3", timeout=REPLY_TIMEOUT
    )


def test_replies_that_no_model_would_write_are_drawn(visit: Visit, settings: Settings) -> None:
    page = visit()
    what_a_model_writes_is_shown_as_text(page, settings)
    begin_anew(page)
    a_long_reply_is_drawn_piece_by_piece(page, settings)
    begin_anew(page)
    every_shade_lets_its_text_stand_out_and_is_more_than_a_colour(page, settings)
    begin_anew(page)
    another_models_tokens_are_refused_in_one_sentence(page, settings)


def what_a_model_writes_is_shown_as_text(page: Page, settings: Settings) -> None:
    attack = "<img src=x onerror='window.hacked = 1'><script>window.hacked = 1</script>${7}{{x}}\""
    code = "\n\n```python\ndef f(): return 1\n```\n"
    bring(page, settings, token(attack), token("\n"), token("\u202eb"), token(code))
    expect(reply(page).locator(".code .code-k")).to_have_text(["def", "return"])
    reply(page).locator(".code-head button").click()
    page.wait_for_function("navigator.clipboard.readText().then(t => t === 'def f(): return 1')")
    chips = show_tokens(page)
    assert chips.all_text_contents()[:3] == [attack.replace(" ", "·"), "↵", "⟨U+202E⟩b"]
    chips.first.click()
    panel = page.locator(".token-panel")
    expect(panel.locator("header .token")).to_have_text(attack.replace(" ", "·"))
    assert page.evaluate("window.hacked") is None
    assert page.locator(".tokens :is(img, script)").count() == 0


def a_long_reply_is_drawn_piece_by_piece(page: Page, settings: Settings) -> None:
    bring(page, settings, *[token(" word")] * 1_500)
    chips = show_tokens(page)
    expect(chips).to_have_count(1_000)
    expect(reply(page)).to_contain_text("The first 1,000 of 1,500 tokens are drawn.")
    page.get_by_role("button", name="Draw the next 500").click()
    expect(chips).to_have_count(1_500)
    expect(chips.nth(1_000)).to_be_focused()
    chips.nth(1_499).click()
    expect(page.get_by_role("region", name="token 1,500 of 1,500")).to_be_in_viewport()
    for place in (600, 640):  # the second closes the first, above it, and stays where it is
        chips.nth(place).click()
        expect(page.get_by_role("region", name=f"token {place + 1:,} of 1,500")).to_be_in_viewport()
        expect(chips.nth(place)).to_be_in_viewport()
    # The ten best of one token are there, and those of no other.
    expect(page.locator(".alternatives")).to_have_count(1)


def every_shade_lets_its_text_stand_out_and_is_more_than_a_colour(
    page: Page, settings: Settings
) -> None:
    bring(page, settings, *[token(f" {p}", p) for p in (0.01, 0.1, 0.3, 0.6, 0.95)])
    chips = show_tokens(page)
    selectors = (
        ".token-panel header .muted",
        ".token-panel dt",
        ".token-panel dd",
        ".token-panel .draw",
        ".token-panel .steps li",
        ".token-panel .tag",
        ".token-panel button",
        ".token-panel p.muted",
        ".alternatives thead th",
        ".alternatives td",
        ".legend .muted",
        ".switch [aria-pressed=true]",
        ".switch [aria-pressed=false]",
    )
    schemes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # nothing is half faded
        expect(page.locator("body.dark")).to_have_count(int(scheme == "dark"))
        for shade in ("probability", "surprisal"):
            page.get_by_role("button", name=shade).click()
            looks = chips.evaluate_all(
                "(all) => all.map((chip) => { const s = getComputedStyle(chip);"
                " return [s.backgroundColor, s.borderBottomStyle, s.borderBottomColor].join(' ');"
                "})"
            )
            assert len(set(looks)) >= 4
            lines = {look.split(")")[1].strip().split(" ")[0] for look in looks}
            assert {"solid", "dashed", "dotted"} <= lines
            poor = {i: r for i in range(5) if (r := contrast(chips.nth(i))) < 4.5}
            assert not poor
            keys = page.locator(f".of-{shade} .key")
            poor = {i: r for i in range(5) if (r := contrast(keys.nth(i))) < 4.5}
            assert not poor
        if scheme == "dark":
            chips.first.click()
        poor_words = {s: r for s in selectors if (r := contrast(page.locator(s).first)) < 4.5}
        assert not poor_words
        assert violations(page, "#panel-chat", colours=scheme == "light") == []


def another_models_tokens_are_refused_in_one_sentence(page: Page, settings: Settings) -> None:
    bring(page, settings, token("a"))
    show_tokens(page).first.click()
    page.get_by_role("region").get_by_role("button", name="continue from here").click()
    expect(page.locator("#notice")).to_contain_text("only by the model that wrote it, M,")
    expect(reply(page).locator(".tokens")).to_be_visible()
