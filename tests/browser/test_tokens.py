"""The tokens lab in the page: chips that point at ids and text, merges, face-off, template."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from tokenizers import Tokenizer as FastTokenizer

from playground.models.acquire.store import InstalledModel

Visit = Callable[..., Page]
TEXT = "Paris <b>naïve</b> 🦑\nThe End"


@pytest.fixture(scope="module")
def library(default_model: InstalledModel) -> FastTokenizer:
    return FastTokenizer.from_file(str(default_model.path / "tokenizer.json"))


def ids_of(library: FastTokenizer, text: str) -> list[str]:
    return [str(token_id) for token_id in library.encode(text, add_special_tokens=False).ids]


def open_tokens(visit: Visit) -> Page:
    page = visit()
    page.get_by_role("button", name="Tokens", exact=True).click()
    expect(page.locator(".tok-chips .chip").first).to_be_visible()
    return page


def write(page: Page, text: str, experiment: str = "cutting") -> None:
    page.locator(f"#tokens-{experiment}-text textarea").fill(text)


def written(page: Page, experiment: str) -> Locator:
    return page.locator(f"#tokens-{experiment}-text textarea")


def test_texts_are_cut_stepped_through_compared_and_put_into_a_template(
    visit: Visit, library: FastTokenizer
) -> None:
    page = open_tokens(visit)
    a_text_is_cut_while_it_is_typed_and_its_parts_point_at_each_other(page, library)
    one_text_travels_between_the_experiments(page)
    merges_step_forth_and_back_to_the_very_tokens(page, library)
    an_exported_file_steps_without_the_page(page)
    tokenizers_meet_and_one_is_trained_on_the_spot(page)
    the_template_shows_what_the_model_receives(page)


def a_text_is_cut_while_it_is_typed_and_its_parts_point_at_each_other(
    page: Page, library: FastTokenizer
) -> None:
    lab = page.locator("#view-tokens-cutting")
    written(page, "cutting").fill("")
    expect(lab).to_contain_text("its tokens come here")
    written(page, "cutting").press_sequentially(TEXT, delay=5)
    expected = ids_of(library, TEXT)
    expect(lab.locator(".tok-ids span")).to_have_text(expected)
    expect(lab.locator(".tiles")).to_contain_text(f"{len(expected)}tokens")
    expect(lab.locator(".tok-text")).to_have_text(TEXT)
    assert lab.locator(".tok-text b, .chip b").count() == 0  # what looks like HTML is text
    squid = lab.locator(".tok-group", has_text="🦑")
    expect(squid.locator(".chip")).to_have_text(["·F0 9F".replace("·", "20 "), "A6", "91"])
    # From the chip to its id, from the id to its chip, from the text to both.
    chip = lab.locator(".chip", has_text="Paris")
    chip.hover()
    expect(lab.locator(".tok-ids .lit")).to_have_text([expected[0]])
    expect(lab.locator(".tok-facts")).to_contain_text(f"id {expected[0]}, spelled Paris, bytes 50")
    lab.locator(".tok-ids span").nth(1).hover()
    expect(lab.locator(".chip.lit")).to_have_attribute("data-token", "1")
    lab.locator(".tok-text span", has_text="🦑").hover()
    expect(lab.locator(".tok-ids .lit")).to_have_count(3)
    # By keyboard: one chip is in the order of the tab key, the arrows lead to the others.
    chip.focus()
    page.keyboard.press("ArrowRight")
    expect(lab.locator(".chip:focus")).to_have_attribute("data-token", "1")
    page.keyboard.press("End")
    expect(lab.locator(".chip:focus")).to_have_attribute("data-token", str(len(expected) - 1))


def one_text_travels_between_the_experiments(page: Page) -> None:
    write(page, "One, two, three")
    page.get_by_role("tab", name="Step by step").click()
    expect(written(page, "steps")).to_have_value("One, two, three")
    expect(page.locator("#view-tokens-steps .merge-word")).to_have_count(5)
    write(page, "Four", "steps")
    page.get_by_role("tab", name="Face-off").click()
    expect(written(page, "face-off")).to_have_value("Four")
    page.get_by_role("tab", name="Tokens", exact=True).click()
    expect(page.locator("#view-tokens-cutting .tok-text")).to_have_text("Four")


def merges_step_forth_and_back_to_the_very_tokens(page: Page, library: FastTokenizer) -> None:
    write(page, "lighthouse é<i>")
    page.get_by_role("tab", name="Step by step").click()
    stage, says = page.locator(".merge-stage"), page.locator(".merge-says")
    pieces = stage.locator(".merge-piece")
    expect(pieces).to_have_count(len("lighthouse é<i>".encode()))
    expect(stage.locator(".next")).to_have_count(2)
    page.get_by_role("button", name="Forward").click()
    expect(says).to_contain_text("Step 1 of")
    expect(stage.locator(".new")).to_have_count(1)
    page.get_by_role("button", name="Back", exact=True).click()
    expect(says).to_contain_text("Before the first of")
    page.get_by_role("button", name="To the end").click()
    expect(stage.locator("small")).to_have_text(ids_of(library, "lighthouse é<i>"))
    page.get_by_role("slider", name="Step").fill("2")
    expect(says).to_contain_text("Step 2 of")
    page.locator(".merges summary").click()
    page.locator("tr[data-step='3']").click()
    expect(says).to_contain_text("Step 3 of")


def an_exported_file_steps_without_the_page(page: Page) -> None:
    write(page, "lighthouse", "steps")
    expect(page.locator("#view-tokens-steps .merge-word")).to_have_count(1)
    page.locator("#run-tokens-steps").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export HTML").click()
    alone = page.context.new_page()
    alone.set_content(download.value.path().read_text(encoding="utf-8"))
    alone.get_by_role("button", name="Forward").click()
    expect(alone.locator(".merge-says")).to_contain_text("Step 1 of")
    alone.close()


def tokenizers_meet_and_one_is_trained_on_the_spot(page: Page) -> None:
    page.get_by_role("tab", name="Tokens", exact=True).click()
    write(page, "tick tack tick tack tick tack")
    page.get_by_role("tab", name="Face-off").click()
    table = page.locator("table.face-off")
    expect(table).to_be_visible()
    expect(table.locator("thead")).to_contain_text("SmolLM2 135M Instruct")
    trained = table.locator("thead th", has_text="Trained on your text")
    expect(trained).to_contain_text(re.compile(r"256 bytes, \d+ pairs learned"))
    expect(table.locator("tbody tr", has_text="Thai")).to_contain_text("times")
    assert table.locator(".best").count() >= 20
    shown = page.locator("#view-tokens-face-off")
    expect(shown.locator(".languages li")).to_have_count(16)
    expect(shown.locator(".languages .priced").first.locator("i").first).to_be_visible()
    expect(shown).to_contain_text("Without a hub one can have, under Models, Gemma 3 270M")
    expect(page.get_by_label("GPT-2 and DeepSeek too")).not_to_be_checked()
    page.locator("#tokens-face-off-vocab_size input").fill("256")
    expect(trained).to_contain_text("256 bytes, 0 pairs learned")
    expect(page.locator("#view-tokens-face-off")).to_contain_text(
        "Nothing was learned from your text"
    )
    page.locator("#tokens-face-off-vocab_size input").fill("9999")
    expect(page.locator("#notice-tokens-face-off")).to_contain_text("got 9999")
    expect(table).to_be_visible()  # what was drawn stays


def the_template_shows_what_the_model_receives(page: Page) -> None:
    page.get_by_role("tab", name="Tokens", exact=True).click()
    write(page, "Hi <|im_end|> you")
    page.get_by_role("tab", name="Chat template").click()  # where the system prompt has a part
    page.get_by_label("System prompt").fill("Be <b>kind</b>.")
    received = page.locator(".received")
    expect(received).to_contain_text("<|im_start|>system\nBe <b>kind</b>.<|im_end|>")
    expect(received.locator(".content").last).to_have_text("Hi <|im_end|> you")
    expect(received.locator(".control")).to_have_count(5)
    page.get_by_label("System prompt").fill("Be brief.")  # what stands beside the lab is followed
    expect(received).to_contain_text("system\nBe brief.")
    page.get_by_label("after the chat so far").check()
    expect(page.locator("#view-tokens-template")).to_contain_text(
        "the text above as a message of yours."
    )


def test_a_text_is_taken_home_linked_carried_to_other_labs_and_may_be_long(
    visit: Visit,
) -> None:
    page = open_tokens(visit)
    files_that_hold_another_text_are_taken_away(page)
    the_address_holds_the_text_to_the_letter_as_far_as_an_address_can(page)
    one_prompt_travels_between_the_labs(page)
    a_long_text_stays_usable_and_odd_text_gets_a_sentence(page)


def files_that_hold_another_text_are_taken_away(page: Page) -> None:
    page.locator("#run-tokens-cutting").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export JSON").click()
    found = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert found["tokens"][0]["text"] == "The"
    write(page, "Another")
    expect(page.get_by_role("button", name="Export JSON")).to_have_count(0)


def the_address_holds_the_text_to_the_letter_as_far_as_an_address_can(page: Page) -> None:
    write(page, "One, two")
    page.wait_for_url("**text=One%2C+two")
    page.reload()
    page.locator(".badge.ready").wait_for()
    expect(page.locator("#view-tokens-cutting .tok-text")).to_have_text("One, two")
    write(page, "three " * 2000)
    page.wait_for_url("**experiment=cutting")
    expect(page.locator("#code-tokens-cutting")).to_contain_text("too long for a link")


def one_prompt_travels_between_the_labs(page: Page) -> None:
    write(page, "The secret of the sea")
    page.get_by_role("button", name="Temperature", exact=True).click()
    expect(page.get_by_label("Prompt to continue")).to_have_value("The secret of the sea")
    page.get_by_role("button", name="Hallucination", exact=True).click()
    question, begins = (
        page.locator(f"#hallucination-ask-{name} :is(input, textarea)").first
        for name in ("prompt", "begins")
    )
    expect(question).to_have_value("The secret of the sea")
    expect(begins).to_have_value("")  # it was that of another question
    ask = page.locator("#view-hallucination-ask")  # full, and marked
    expect(ask.locator(".made-of")).to_contain_text("What is the capital of Australia?")
    expect(ask.locator(".since")).to_be_visible()
    page.get_by_role("button", name="Chat", exact=True).click()
    expect(page.get_by_label("Message", exact=True)).to_have_value("The secret of the sea")
    page.get_by_label("Message", exact=True).fill("Another")
    page.get_by_role("button", name="Tokens", exact=True).click()
    expect(written(page, "cutting")).to_have_value("Another")
    expect(page.locator("#view-tokens-cutting .tok-text")).to_have_text("Another")


def a_long_text_stays_usable_and_odd_text_gets_a_sentence(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 860})
    lab = page.locator("#view-tokens-cutting")
    notice = page.locator("#notice-tokens-cutting")
    write(page, "lighthouse " * 10_000)
    expect(lab).to_contain_text("Tokens 1 to 1,000 of")
    expect(lab.locator(".chip")).to_have_count(1000)
    lab.get_by_role("button", name="Later").click()
    expect(lab).to_contain_text("Tokens 1,001 to 2,000 of")
    lab.get_by_role("button", name="Earlier").click()
    expect(lab).to_contain_text("Tokens 1 to 1,000 of")
    lab.get_by_role("button", name="Later").click()
    expect(lab).to_contain_text("Tokens 1,001 to 2,000 of")
    write(page, "lighthouse " * 9_000)  # another text is read from its beginning
    expect(lab).to_contain_text("Tokens 1 to 1,000 of")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    write(page, "a" * 1_000_000)
    expect(lab.locator(".tiles")).to_contain_text("1,000,000characters")
    write(page, "a\0b\u202ec\u202c")
    expect(lab.locator(".tok-text")).to_have_text("a⟨U+0000⟩b⟨U+202E⟩c⟨U+202C⟩")
    written(page, "cutting").evaluate(
        "field => { field.value = 'ab\\ud83d'; field.dispatchEvent(new Event('input')); }"
    )
    expect(notice).to_contain_text("without half characters, got 'ab⟨U+D83D⟩'")
    expect(lab.locator(".tok-text")).to_have_text("a⟨U+0000⟩b⟨U+202E⟩c⟨U+202C⟩")  # it stays
