"""A person chats: the real page, the real model, a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from playwright.sync_api import Locator, Page, expect

from playground.generation.presets import CHAT_START
from playground.generation.settings import SamplingSettings
from tests.support.contrast import contrast

Visit = Callable[..., Page]

# A small model on two busy cores.
REPLY_TIMEOUT = 120_000


def composer(page: Page) -> Locator:
    return page.get_by_label("Message", exact=True)


def replies(page: Page) -> Locator:
    return page.locator("#transcript .message.reply")


def setting(page: Page, label: str) -> Locator:
    return page.get_by_label(f"number input for {label}")


def set_number(page: Page, label: str, value: str) -> None:
    field = setting(page, label)
    field.fill(value)
    field.press("Tab")


def start(page: Page, text: str) -> None:
    composer(page).fill(text)
    composer(page).press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_visible(timeout=REPLY_TIMEOUT)


def ask(page: Page, text: str) -> str:
    """Send a message, wait for the whole reply and return its words."""
    before = replies(page).count()
    composer(page).fill(text)
    composer(page).press("Enter")
    expect(replies(page)).to_have_count(before + 1, timeout=REPLY_TIMEOUT)
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    return replies(page).last.locator(".words").inner_text()


def begin_anew(page: Page) -> None:
    """Begin another chat with the settings of the first: a fresh page without its load."""
    page.locator("#chats [data-do=new]").click()
    expect(page.get_by_role("heading", name="Talk to a model")).to_be_visible()
    page.locator("#reset-all").click()
    expect(setting(page, "Max new tokens")).to_have_value(f"{SamplingSettings().max_new_tokens}")
    composer(page).fill("")


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option).first.click()  # INT8 before INT8+head


def test_stream_stop_switch_and_greedy_twice(visit: Visit) -> None:
    page = visit()
    escape_stops_the_reply(page)
    begin_anew(page)
    the_engine_can_be_chosen_and_a_refusal_goes_back(page)
    begin_anew(page)
    a_reply_streams_and_stops(page)
    precision_and_engine_switch_and_greedy_is_the_same_twice(page)


def escape_stops_the_reply(page: Page) -> None:
    set_number(page, "Max new tokens", "400")
    start(page, "Write a long story about a lighthouse keeper.")
    expect(page.locator("#live .draft .words:not(.muted)")).to_have_text(
        re.compile(r"\w{3}"), timeout=REPLY_TIMEOUT
    )
    page.keyboard.press("Escape")
    expect(replies(page).first).to_contain_text("stopped by you")


def the_engine_can_be_chosen_and_a_refusal_goes_back(page: Page) -> None:
    set_number(page, "Max new tokens", "12")
    set_number(page, "Temperature", "0")
    choose(page, "Engine", "transformers")
    expect(page.locator("#got")).to_contain_text("211 Linear", timeout=REPLY_TIMEOUT)
    theirs = ask(page, "What is the capital of France?")
    choose(page, "Engine", "core")
    expect(page.locator("#got")).to_contain_text("121 FullLinear", timeout=REPLY_TIMEOUT)
    expect(page.locator(".badge")).to_contain_text("core engine")
    page.get_by_role("button", name="Undo").click()
    expect(replies(page)).to_have_count(0)
    assert ask(page, "What is the capital of France?") == theirs

    choose(page, "Precision", "NF4")
    expect(page.locator("#rail-notice")).to_contain_text(
        "The core engine cannot run SmolLM2 135M Instruct at NF4", timeout=REPLY_TIMEOUT
    )
    expect(page.get_by_label("Precision", exact=True)).to_have_value(re.compile("FP32"))
    expect(replies(page)).to_have_count(1)


def a_reply_streams_and_stops(page: Page) -> None:
    set_number(page, "Max new tokens", "400")
    start(page, "Write a long story about a lighthouse keeper.")
    draft = page.locator("#live .draft .words:not(.muted)")
    expect(draft).to_have_text(re.compile(r"\w{3}"), timeout=REPLY_TIMEOUT)
    early = draft.inner_text()
    expect(draft).to_have_text(re.compile(rf".{{{len(early) + 10},}}", re.DOTALL))
    page.get_by_role("button", name="Stop").click()
    expect(replies(page)).to_have_count(1)
    expect(replies(page).first).to_contain_text("stopped by you")
    assert replies(page).first.locator(".words").inner_text().startswith(early)


def precision_and_engine_switch_and_greedy_is_the_same_twice(page: Page) -> None:
    choose(page, "Precision", "INT8")
    # Four fused layers in each of 30 blocks; which of the two depends on the processor.
    ours = re.compile("120 (Split)?Int8Linear")
    expect(page.locator("#got")).to_contain_text(ours, timeout=REPLY_TIMEOUT)
    expect(page.locator(".badge")).to_contain_text("INT8 · core engine")
    choose(page, "Engine", "transformers")
    expect(page.locator("#got")).to_contain_text("210 Linear8bitLt", timeout=REPLY_TIMEOUT)
    expect(page.locator(".badge")).to_contain_text("INT8 · transformers engine")
    expect(replies(page)).to_have_count(1)  # the conversation stays

    # Only the core promises the same bits each time; bitsandbytes' kernels promise nothing.
    choose(page, "Engine", "core")
    expect(page.locator("#got")).to_contain_text(ours, timeout=REPLY_TIMEOUT)
    expect(page.locator(".badge")).to_contain_text("INT8 · core engine")
    set_number(page, "Max new tokens", "40")
    page.get_by_label("range slider for Temperature").fill("0")
    expect(setting(page, "Temperature")).to_have_value("0")
    ask(page, "Write a long story about bees.")
    footer = replies(page).last.locator(".facts")
    expect(footer).to_contain_text("INT8")
    expect(footer).to_contain_text("no seed: T 0 is greedy")
    first = replies(page).last.locator(".words").inner_text()
    page.get_by_role("button", name="Retry").click()
    expect(replies(page).last.locator(".versions")).to_contain_text("2 of 2", timeout=REPLY_TIMEOUT)
    expect(footer).to_contain_text("no seed: T 0 is greedy")
    expect(page.locator(".badge")).to_contain_text("INT8 · core engine")
    assert replies(page).last.locator(".words").inner_text() == first


def test_what_is_said_is_shown_copied_edited_and_never_lost(visit: Visit) -> None:
    page = visit()
    bad_input_gets_one_sentence_and_loses_nothing(page)
    begin_anew(page)
    the_same_seed_gives_the_same_reply_and_the_footer_tells_all(page)
    begin_anew(page)
    what_people_write_is_shown_as_text(page)
    copy_gives_the_text_of_a_message(page)
    begin_anew(page)
    edit_undo_clear_and_bring_back(page)
    words_stand_out_from_their_ground(page)
    begin_anew(page)
    a_hundred_thousand_characters_say_what_was_cut(page)
    begin_anew(page)
    a_phone_can_chat_and_reach_every_setting(page)


def bad_input_gets_one_sentence_and_loses_nothing(page: Page) -> None:
    notice = page.locator("#notice")
    composer(page).press("Enter")
    expect(notice).to_have_text("The message is empty; write something first.")

    # The page itself puts a typed number back into its range, and says so.
    composer(page).fill("My long thought")
    set_number(page, "Temperature", "3")
    beside = page.locator("#rail-notice")
    expect(beside).to_contain_text("“Temperature” must be a number from 0 to 2, got 3")
    expect(setting(page, "Temperature")).to_have_value("2")
    set_number(page, "Temperature", "-1")
    expect(beside).to_contain_text("“Temperature” must be a number from 0 to 2, got -1")
    expect(setting(page, "Temperature")).to_have_value("0")
    expect(composer(page)).to_have_value("My long thought")

    page.locator("#seed input").fill("lucky")
    page.get_by_role("button", name="Send").click()
    expect(notice).to_contain_text("“Seed” must be a whole number")
    expect(composer(page)).to_have_value("My long thought")
    expect(page.locator("#transcript .message")).to_have_count(0)


def the_same_seed_gives_the_same_reply_and_the_footer_tells_all(page: Page) -> None:
    set_number(page, "Max new tokens", "12")
    set_number(page, "Top-k", "40")
    page.locator("#seed input").fill("7")
    page.get_by_label("Stop strings").fill("zzz")
    first = ask(page, "Tell me a joke.")
    footer = replies(page).last.locator(".facts")
    for words in (
        "seed 7",
        f"T {CHAT_START.values['temperature']:g}",
        "top-k 40",
        f"frequency {CHAT_START.values['frequency_penalty']:g}",
        "max 12",
        "stop zzz",
        "tok/s",
        "first",
    ):
        expect(footer).to_contain_text(words)
    page.get_by_role("button", name="Undo").click()
    expect(replies(page)).to_have_count(0)
    expect(composer(page)).to_have_value("Tell me a joke.")
    assert ask(page, "Tell me a joke.") == first
    expect(footer).to_contain_text(re.compile(r"\d+ tokens kept, 1 read"))


def what_people_write_is_shown_as_text(page: Page) -> None:
    set_number(page, "Max new tokens", "2")
    tricks = (
        "<script>window.hacked = 1</script> <img src=x onerror='window.hacked = 1'> "
        "${window.hacked = 1} {{value}} **bold** [a](javascript:alert(1)) ![b](http://example.com/c)"
    )
    ask(page, tricks)
    expect(page.locator("#transcript .message.user .words")).to_have_text(tricks)
    assert page.evaluate("window.hacked") is None
    assert (
        page.locator("#transcript .message.user .words :is(img, a, b, strong, script)").count() == 0
    )


def copy_gives_the_text_of_a_message(page: Page) -> None:
    set_number(page, "Max new tokens", "1")
    ask(page, "a <b> & 'quoted' \"text\"")
    page.locator("#transcript .message.user").last.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "a <b> & 'quoted' \"text\""


def edit_undo_clear_and_bring_back(page: Page) -> None:
    set_number(page, "Max new tokens", "4")
    ask(page, "First question")
    ask(page, "Second question")
    questions = page.locator("#transcript .message.user .words")

    page.get_by_role("button", name="Edit").first.click()
    expect(composer(page)).to_have_value("First question")
    page.get_by_role("button", name="Leave it as it was").click()
    expect(composer(page)).to_have_value("")
    expect(questions).to_have_count(2)

    page.get_by_role("button", name="Edit").first.click()
    expect(composer(page)).to_have_value("First question")
    composer(page).fill("Better question")
    composer(page).press("Enter")
    expect(questions).to_have_count(1)
    expect(questions.first).to_have_text("Better question")
    expect(replies(page)).to_have_count(1, timeout=REPLY_TIMEOUT)
    expect(page.get_by_role("button", name="Send")).to_be_visible()

    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("heading", name="Talk to a model")).to_be_visible()
    page.get_by_role("button", name="Bring it back").click()
    expect(questions.first).to_have_text("Better question")


def words_stand_out_from_their_ground(page: Page) -> None:
    """Text and ground differ by 4.5 to 1 at least (WCAG 2.2, 1.4.3)."""
    selectors = (
        ".message.user .words",
        ".message.reply .words",
        ".facts span",
        ".facts b",
        ".badge b",
        ".badge",
        "#labs .group",
        "#rail .info-text",
        ".actions button",
        "#below .hint",
        "#got p",
        "#send",
    )
    schemes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # nothing is half faded
        expect(page.locator("body.dark")).to_have_count(int(scheme == "dark"))
        poor = {s: ratio for s in selectors if (ratio := contrast(page.locator(s).first)) < 4.5}
        assert not poor, scheme


def a_hundred_thousand_characters_say_what_was_cut(page: Page) -> None:
    set_number(page, "Max new tokens", "1")
    page.locator("#context-window input").fill("1024")  # the whole window takes a minute
    composer(page).fill("all work and no play " * 4762)  # 100,002 characters
    composer(page).press("Enter")
    reading = re.compile(r"Reading [\d,]+ of [\d,]+")  # how far it has come, while it is read
    expect(page.locator("#live")).to_contain_text(reading, timeout=REPLY_TIMEOUT)
    expect(replies(page)).to_have_count(1, timeout=REPLY_TIMEOUT)
    expect(replies(page).last.locator(".cut")).to_contain_text(
        re.compile(r"[\d,]{4,} tokens were cut from the middle of your message")
    )


def a_phone_can_chat_and_reach_every_setting(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body.dark")).to_have_count(1)
    expect(page.get_by_role("button", name="Send")).to_be_in_viewport()
    expect(page.get_by_label("Temperature").first).not_to_be_visible()
    page.get_by_role("button", name="Settings").click()
    expect(setting(page, "Temperature")).to_be_in_viewport()
    set_number(page, "Max new tokens", "4")
    page.keyboard.press("Escape")
    expect(setting(page, "Temperature")).not_to_be_visible()
    ask(page, "Hello there, this is a rather long message that has to wrap on a narrow screen.")
    page.get_by_role("button", name="Labs").click()
    page.get_by_role("button", name="Models").click()
    table = page.locator("#view-models-catalog")
    expect(table.get_by_role("rowheader", name=re.compile("SmolLM2 135M"))).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    page.emulate_media(color_scheme="light")
    expect(page.locator("body.dark")).to_have_count(0)
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_two_tabs_go_on_together_and_two_people_never_see_each_other(visit: Visit) -> None:
    page = visit()
    history_and_settings_are_there_in_a_second_tab_which_no_question_goes_past(page)
    begin_anew(page)
    a_new_chat_is_begun_where_another_tab_has_taken_the_empty_one(page)
    begin_anew(page)
    two_people_never_see_each_other(page, visit())


def history_and_settings_are_there_in_a_second_tab_which_no_question_goes_past(page: Page) -> None:
    set_number(page, "Max new tokens", "8")
    page.get_by_label("System prompt").fill("Answer in one word.")
    words = ask(page, "Name a colour.")
    tab = page.context.new_page()
    tab.goto(page.url)
    expect(tab.locator("#transcript .message.user .words")).to_have_text("Name a colour.")
    assert replies(tab).first.locator(".words").inner_text() == words
    expect(setting(tab, "Max new tokens")).to_have_value("8")
    expect(tab.get_by_label("System prompt")).to_have_value("Answer in one word.")
    tab.locator(".badge.ready").wait_for()

    ask(tab, "Name a fruit.")
    expect(replies(page)).to_have_count(1)  # nobody has come back to it since
    composer(page).fill("Which of the two?")
    composer(page).press("Enter")
    expect(page.locator("#notice")).to_contain_text("went on in another tab")
    expect(page.locator("#transcript .message.user .words").last).to_have_text("Name a fruit.")
    expect(composer(page)).to_have_value("Which of the two?")
    composer(page).press("Enter")
    expect(replies(page)).to_have_count(3, timeout=REPLY_TIMEOUT)
    composer(tab).fill("And then?")
    tab.evaluate("dispatchEvent(new Event('focus'))")  # a person comes back to it
    expect(replies(tab)).to_have_count(3)
    expect(composer(tab)).to_have_value("And then?")
    tab.close()


def a_new_chat_is_begun_where_another_tab_has_taken_the_empty_one(page: Page) -> None:
    tab = page.context.new_page()
    tab.goto(page.url)
    expect(tab.locator("#transcript .empty")).to_be_visible()
    tab.locator(".badge.ready").wait_for()
    ask(page, "Name a tree.")
    expect(tab.locator("#transcript .empty")).to_be_visible()
    tab.get_by_role("button", name="New chat").click()
    tab.wait_for_function("key => playgroundKey() !== key", arg=page.evaluate("playgroundKey()"))
    ask(tab, "Name a river.")
    expect(tab.locator("#transcript .message.user .words")).to_have_text("Name a river.")
    expect(page.locator("#transcript .message.user .words")).to_have_text("Name a tree.")
    tab.close()


def two_people_never_see_each_other(anna: Page, ben: Page) -> None:
    for page in (anna, ben):
        set_number(page, "Max new tokens", "24")
    start(anna, "Anna's secret is a violet umbrella.")
    start(ben, "Ben's secret is a copper kettle.")
    for page in (anna, ben):
        expect(replies(page)).to_have_count(1, timeout=REPLY_TIMEOUT)
    for page, own, other in ((anna, "umbrella", "kettle"), (ben, "kettle", "umbrella")):
        page.reload()
        expect(page.locator("#transcript .message.user")).to_have_count(1)
        expect(page.locator("#transcript .message.user")).to_contain_text(own)
        assert other not in page.content()
