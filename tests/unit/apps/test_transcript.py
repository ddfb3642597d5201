"""What reaches the page is text; only harmless Markdown of replies is drawn."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.chat.conversations import Branch, Conversation, ReplyFacts, Turn
from apps.chat.welcome import example as example_text
from apps.ui.transcript import (
    render_conversation,
    render_draft,
    render_facts,
    render_place,
    render_reading,
)
from playground.drawing.marks import mark
from playground.errors import OptionError
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.fitting.prompt import Fit
from playground.generation.fitting.window import ContextUsage
from playground.generation.reading import NOT_READ, Reading
from playground.generation.settings import SamplingSettings
from tests.support.markup import seen

ALLOWED_TAGS = {
    "article",
    "div",
    "span",
    "footer",
    "button",
    "b",
    "p",
    "section",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "strong",
    "em",
    "code",
    "pre",
    "blockquote",
    "hr",
    "br",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
ALLOWED_ATTRIBUTES = {
    "data-state",
    "hidden",
    "class",
    "type",
    "data-action",
    "data-index",
    "data-copy",
    "aria-label",
    "aria-hidden",
    "start",
    "style",
    "data-turn",
    "data-view",
    "data-alternative",
    "data-way",
    "aria-disabled",
    "aria-pressed",
    "role",
}

nasty = st.text(st.sampled_from(list("<>\"'&`*_#[]()!|-=/ \n:a1${}\\")), max_size=80)


@given(nasty, nasty)
def test_no_text_becomes_a_tag_or_attribute_of_its_own(question: str, answer: str) -> None:
    html = render_conversation(Conversation((Turn("user", question), Turn("assistant", answer))))
    found = seen(html)
    assert found.tags <= ALLOWED_TAGS
    assert found.attributes <= ALLOWED_ATTRIBUTES
    # The one style that Markdown tables bring.
    assert all(re.fullmatch(r"text-align:(left|right|center)", style) for style in found.styles)


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "![x](https://example.com/pixel.png)",
        "<https://example.com>",
        "[a]: https://example.com\n\n[a]",
        "`` ` <b onclick=x> ``",
        "&lt;script&gt;",
        '"><svg onload=alert(1)>',
    ],
)
def test_attacks_in_a_reply_stay_text(attack: str) -> None:
    found = seen(render_draft(attack))
    assert not found.tags & {"script", "img", "a", "svg"}
    assert not found.attributes & {"src", "href", "onerror", "onclick", "onload"}


def test_a_message_is_shown_as_it_was_written() -> None:
    html = render_conversation(Conversation((Turn("user", "**a** <b>\n  ${x}"),)))
    assert '<div class="words">**a** &lt;b&gt;\n  ${x}</div>' in html


def test_markdown_of_a_reply_is_drawn() -> None:
    html = render_draft("# Title\n\n- **one**\n- `two`\n\n```python\nx = 1 < 2\n```")
    for part in (
        "<h1>Title</h1>",
        "<li><strong>one</strong></li>",
        "<code>two</code>",
        '= <span class="code-n">1</span> &lt; <span class="code-n">2</span>',
    ):
        assert part in html


def test_an_empty_conversation_says_what_to_do() -> None:
    assert "Ask something" in render_conversation(Conversation())


def test_an_empty_reply_is_no_empty_bubble() -> None:
    html = render_conversation(Conversation((Turn("user", "hi"), Turn("assistant", ""))))
    assert "without a word" in html


def test_a_question_without_reply_can_be_answered_but_not_while_one_is_written() -> None:
    waiting = Conversation((Turn("user", "hi"),))
    assert "Answer this" in render_conversation(waiting)
    assert "Answer this" not in render_conversation(waiting, answering=True)


def test_a_reply_with_tokens_can_be_shown_as_tokens_and_one_without_cannot() -> None:
    for recording in (None, "tokens-1.json"):
        reply = Turn("assistant", "ho", recording=recording)
        html = render_conversation(Conversation((Turn("user", "hi"), reply)))
        assert ('data-view="tokens"' in html) == bool(recording)
        assert 'data-turn="1"' in html


@given(nasty, nasty)
@example("<a>", "b")
@example("b", "<a>")
def test_the_footer_of_a_branch_names_its_tokens_as_text(before: str, after: str) -> None:
    facts = replace(facts_of(SamplingSettings()), branch=Branch(11, before, after))
    drawn = seen(render_facts(facts))
    assert drawn.tags == {"footer", "span", "b"}
    assert drawn.attributes == {"class"}
    assert f"branched at token 12: “{mark(before)}” → “{mark(after)}”" in drawn.text


def facts_of(settings: SamplingSettings) -> ReplyFacts:
    return ReplyFacts(
        tokens=1,
        prompt_tokens=9,
        context_length=8192,
        first_token_seconds=0.1,
        tokens_per_second=None,
        finish_reason="end_of_turn",
        model="<M>",
        precision="FP32",
        engine="transformers",
        settings=settings.as_dict(),
    )


def test_the_footer_names_the_settings_that_played_a_part() -> None:
    drawn = render_facts(facts_of(SamplingSettings(temperature=0.7, top_p=0.9, top_k=0, seed=5)))
    assert "seed <b>5</b>" in drawn
    assert "T <b>0.7</b> top-p <b>0.9</b> max <b>256</b>" in drawn
    assert "top-k" not in drawn
    assert "&lt;M&gt;" in drawn


@pytest.mark.parametrize(("drafted", "said"), [(None, 0), (0, 0), (1234, 1)])
def test_the_footer_says_how_many_tokens_were_looked_up(drafted: int | None, said: int) -> None:
    facts = replace(facts_of(SamplingSettings()), drafted=drafted)
    assert render_facts(facts).count("looked up in the text") == said
    assert render_facts(facts).count("<b>1,234</b> looked up in the text") == said


def test_the_footer_of_a_greedy_reply_names_no_dice() -> None:
    greedy = render_facts(facts_of(SamplingSettings(temperature=0, top_p=0.9, top_k=40)))
    assert "T 0 is greedy" in greedy
    assert "top-p" not in greedy
    assert "top-k" not in greedy


def test_the_footer_names_every_setting_that_played_a_part() -> None:
    settings = SamplingSettings(
        presence_penalty=0.5,
        frequency_penalty=0.25,
        logit_bias={7: -5},
        banned=[[1, 2]],
        stop=["<b>"],
        stop_on_loop=False,
        overflow=OverflowPolicy.SLIDING,
        context_window=64,
    )
    drawn = seen(render_facts(facts_of(settings))).text
    for words in (
        "presence 0.5",
        "frequency 0.25",
        "logit bias {'7': -5.0}",
        "banned [[1, 2]]",
        "stop <b>",
        "stop on loop False",
        "overflow sliding",
        "window 64",
    ):
        assert words in drawn


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | nasty,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(nasty, inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from([*SamplingSettings().as_dict(), "warmth"]) | nasty


@given(st.dictionaries(names, anything, max_size=6), nasty, nasty)
def test_whatever_another_version_wrote_is_shown_as_text(
    settings: dict[str, object], reason: str, role: str
) -> None:
    facts = replace(facts_of(SamplingSettings()), settings=settings, finish_reason=reason)
    turns = (Turn("user", "hi"), Turn(role, "<i>"), Turn("assistant", "ho", facts))
    found = seen(render_conversation(Conversation(turns)))
    assert found.tags <= ALLOWED_TAGS
    assert found.attributes <= ALLOWED_ATTRIBUTES
    assert reason in found.text


def test_a_role_that_is_not_known_is_shown_and_moves_no_border() -> None:
    fit = Fit(OverflowPolicy.OLDEST, ContextUsage(160, 25, 60, 20, 40), (0, 1), None, 0, 2)
    facts = replace(facts_of(SamplingSettings()), fit=fit)
    turns = (
        Turn("user", "one"),
        Turn("tool", "forty-two"),
        Turn("assistant", "two"),
        Turn("user", "three"),
        Turn("assistant", "four", facts),
    )
    html = render_conversation(Conversation(turns))
    assert re.findall(r"<del>(?:<p>)?(\w+)", html) == ["one", "two"]
    assert "Of the role “tool”" in html
    assert "forty-two" in html


def test_there_is_an_example_for_every_button_and_a_sentence_for_no_button() -> None:
    assert [example_text(place) for place in range(3)]
    for place in (-1, 3, 99):
        with pytest.raises(OptionError, match="There is no such example"):
            example_text(place)


def test_a_reply_in_line_says_its_number_and_then_reads_the_prompt() -> None:
    assert "number 3 in line" in render_place(3)
    assert "Reading the prompt" in render_place(0)


def test_a_prompt_that_is_read_says_how_far_and_the_footer_what_was_kept() -> None:
    assert "Reading the prompt" in render_reading(NOT_READ)
    assert "Reading 300 of 525 tokens<" in render_reading(Reading(0, 300, 525))
    assert "Reading 12 of 18 tokens; 502 are kept from before" in render_reading(
        Reading(502, 514, 520)
    )
    facts = facts_of(SamplingSettings())
    footer = render_facts(replace(facts, kept_tokens=1502, read_tokens=18))
    assert "<span><b>1,502</b> tokens kept, <b>18</b> read</span>" in footer
    for other in (facts, replace(facts, kept_tokens=0, read_tokens=18)):
        assert "kept" not in render_facts(other)


def test_a_reply_that_was_written_beside_other_work_says_so() -> None:
    facts = facts_of(SamplingSettings())
    assert "machine busy" not in render_facts(facts)
    drawn = render_facts(replace(facts, others=1.27))
    assert "machine busy: other programs took <b>1.3</b> of " in drawn
