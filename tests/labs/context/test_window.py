"""What the next prompt would hold: it adds up, and is what a reply would really be given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.drawing.context_bar import level, render_bar, render_outlook
from playground.errors import OptionError
from playground.generation.fitting.outlook import Outlook, foresee
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.fitting.transcript import spell_conversation
from playground.generation.fitting.window import ContextUsage
from playground.generation.language_model import LanguageModel
from playground.generation.settings import SamplingSettings
from playground.labs.context.example import EXAMPLE
from playground.labs.context.window import Window, WindowSettings, count_own, lay_out, look_ahead
from playground.labs.context.window_view import FIRST_ROWS, LAST_ROWS, draw
from playground.models.acquire.local import register_path
from playground.models.engines.core_model import load_core_engine
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_model import load_transformers_engine
from playground.models.engines.unloaded import read_unloaded
from playground.models.text.tokenizer import Message
from playground.settings import Settings
from tests.support.markup import seen
from tests.support.scripted_engine import ScriptedEngine

ENGINES: list[ScriptedEngine] = []


@pytest.fixture(scope="module", autouse=True)
def _engine(tiny_model_folder: Path) -> None:
    ENGINES[:] = [ScriptedEngine(tiny_model_folder, [5])]


def talk(*contents: str, system: str | None = None) -> list[Message]:
    roles = ("user", "assistant")
    head = [] if system is None else [Message("system", system)]
    return head + [Message(roles[place % 2], text) for place, text in enumerate(contents)]


def settings(policy: OverflowPolicy, window: int, reserved: int = 20) -> SamplingSettings:
    return SamplingSettings(
        temperature=0, overflow=policy, context_window=window, max_new_tokens=reserved
    )


def drawn(messages: Sequence[Message], asked: SamplingSettings) -> str:
    outlook = foresee(messages, ENGINES[0], asked)
    views = lay_out(messages, ENGINES[0].tokenizer, outlook)
    return str(draw(Window(WindowSettings(conversation="{}"), views, outlook)))


@given(
    st.lists(st.text(max_size=80), min_size=1, max_size=7),
    st.one_of(st.none(), st.text("ab ", max_size=30)),
    st.sampled_from(OverflowPolicy),
    st.integers(40, 512),
)
def test_rows_and_frame_add_up_to_the_prompt(
    contents: list[str], system: str | None, policy: OverflowPolicy, window: int
) -> None:
    messages, engine = talk(*contents, system=system), ENGINES[0]
    outlook = foresee(messages, engine, settings(policy, window))
    views = lay_out(messages, engine.tokenizer, outlook)
    assert [view.message for view in views] == messages
    assert sum(view.kept_tokens for view in views) + count_own(views, outlook) == outlook.usage.used
    assert (outlook.fit is None) == (outlook.refusal is not None)
    if outlook.fit:
        assert {place for place, view in enumerate(views) if view.dropped} == set(
            outlook.fit.dropped
        )
    else:
        assert outlook.usage.excess > 0 or policy is not OverflowPolicy.STOP
        assert not any(view.dropped or view.cut for view in views)


@pytest.mark.parametrize("policy", [p for p in OverflowPolicy if p is not OverflowPolicy.STOP])
def test_it_foresees_what_the_reply_is_given(policy: OverflowPolicy) -> None:
    messages, asked = [*EXAMPLE, Message("user", "And then?")], settings(policy, 400)
    foreseen = foresee(messages, ENGINES[0], asked)
    reply = LanguageModel(ENGINES[0]).generate(messages, **asked.as_dict())
    assert foreseen.fit == reply.prompt.fit
    assert foreseen.usage.used == len(reply.prompt.token_ids)
    assert foreseen.fit is not None
    assert foreseen.fit.forecast is not None


def test_a_refusal_is_foreseen_with_what_it_would_need() -> None:
    messages = [*EXAMPLE, Message("user", "And then?")]
    outlook = foresee(messages, ENGINES[0], settings(OverflowPolicy.STOP, 100))
    assert outlook.fit is None
    assert "does not fit" in str(outlook.refusal)
    assert outlook.usage.used == len(ENGINES[0].tokenizer.encode_chat(messages))
    assert outlook.usage.excess == outlook.usage.used + 20 - 100
    html = render_outlook(outlook)
    assert "does not fit" in html
    assert "<b style=" in html  # where the window ends


def test_a_window_beyond_the_models_is_refused() -> None:
    with pytest.raises(OptionError, match="from 32 to 512, the window of this model"):
        foresee(talk("hi"), ENGINES[0], settings(OverflowPolicy.OLDEST, 513))


@pytest.mark.parametrize(
    ("used", "said"), [(54, "calm"), (55, "amber"), (69, "amber"), (70, "red"), (90, "red")]
)
def test_amber_from_three_quarters_red_from_nine_tenths(used: int, said: str) -> None:
    usage = ContextUsage(100, 10, 20, used - 30, 20)
    assert level(usage) == said
    assert f'class="context-bar {said}"' in render_bar(usage)


def test_the_bar_says_its_numbers() -> None:
    html = render_outlook(Outlook(ContextUsage(8192, 25, 1200, 30, 256), None))
    assert (
        "Context window of 8,192 tokens: system 25, history 1,200, prompt 30, reserved 256" in html
    )
    assert "1,255 / 8,192" in html
    assert 'role="img"' in html
    assert "once a model is loaded" in render_outlook(None)


def test_what_falls_out_is_struck_through() -> None:
    messages = talk("old <b>words</b> " * 12, "old reply", "new", system="Be kind.")
    html = drawn(messages, settings(OverflowPolicy.OLDEST, 80))
    assert "<del>old &lt;b&gt;words" in html
    assert html.count("left out</small>") == 2
    assert "The window begins here" in html
    assert "<b>words" not in html


def test_half_a_message_is_struck_through_where_it_is_cut() -> None:
    messages = talk("first " * 10 + "LAST", "reply", "new")
    html = drawn(messages, settings(OverflowPolicy.SLIDING, 100))
    assert "<del>first" in html
    assert "LAST</td>" in html
    assert "cut</small>" in html


def test_rows_are_capped_and_the_cap_is_said() -> None:
    messages = talk(*(f"m{place}" for place in range(301)))
    html = drawn(messages, settings(OverflowPolicy.OLDEST, 512))
    assert html.count('<th scope="row">') == FIRST_ROWS + LAST_ROWS + 2
    assert "201 more are not drawn here" in html
    assert ">m9<" in html
    assert ">m10<" not in html
    assert ">m300<" in html


@given(st.text(st.sampled_from(list("<>\"'&` a\n\u202e\0")), max_size=400))
def test_no_text_becomes_a_tag(text: str) -> None:
    found = seen(drawn(talk(text, text, text), settings(OverflowPolicy.SLIDING, 200)))
    assert found.tags <= {
        "div",
        "h2",
        "span",
        "i",
        "b",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "small",
        "s",
        "del",
    }
    assert not found.attributes & {"onclick", "onload", "onerror", "src", "href"}


def test_the_example_stands_for_no_conversation_and_a_given_one_for_itself() -> None:
    html = str(draw(look_ahead(ENGINES[0], WindowSettings())))
    assert "An example conversation, because the chat is empty, and the message above" in html
    assert "keep bees on the roof" in html
    given = spell_conversation(talk("Hello <b>", "Hi"))
    found = look_ahead(ENGINES[0], WindowSettings(conversation=given, system="Be kind."))
    html = str(draw(found))
    assert "The conversation, 3 messages, and the message above" in html
    assert "Hello &lt;b&gt;" in html
    assert "bees on the roof" not in html
    assert [view.message.role for view in found.views] == ["system", "user", "assistant", "user"]


def test_json_says_what_fills_the_window_and_what_of_each_message_stays() -> None:
    told = look_ahead(ENGINES[0], WindowSettings(window=256, policy="oldest")).to_json()
    parts = ("system", "history", "prompt", "reserved", "free")
    assert sum(told["context"][part] for part in parts) == 256
    gone = [place for place, each in enumerate(told["messages"]) if not each["kept_tokens"]]
    assert told["context"]["dropped"] == gone != []
    refused = look_ahead(ENGINES[0], WindowSettings(window=64, policy="stop")).to_json()
    assert "the overflow policy is “stop”" in refused["refusal"]
    assert refused["context"]["excess"] > 0


def test_a_window_that_the_model_has_not_is_refused_by_the_name_of_the_setting() -> None:
    sentence = "`window` must be a whole number from 32 to 512, the window of this model, got 513"
    with pytest.raises(OptionError, match=sentence):
        look_ahead(ENGINES[0], WindowSettings(window=513))


def test_a_folder_counts_as_its_engines_do(tiny_model_folder: Path) -> None:
    unloaded = read_unloaded(tiny_model_folder)
    model = register_path(tiny_model_folder, Settings.from_env())
    for load in (load_core_engine, load_transformers_engine):
        engine = load(model, Precision.FP32)
        assert unloaded.context_length == engine.context_length
        assert unloaded.tokenizer.encode_chat(EXAMPLE) == engine.tokenizer.encode_chat(EXAMPLE)
