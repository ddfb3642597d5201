"""Every policy over any conversation: it fits, keeps what it promises, and tells the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from playground.errors import ContextOverflow, OptionError
from playground.generation.fitting.messages import fit_messages
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.fitting.prompt import CUT_MARK, Cut, Prompt
from playground.generation.fitting.window import count_turn, reserve_of
from playground.models.acquire.store import InstalledModel
from playground.models.text.tokenizer import Message, Tokenizer
from tests.support.scripted_engine import ScriptedEngine
from tests.support.tiny_llama import save_tiny_llama

STOP, OLDEST, MIDDLE, SLIDING = OverflowPolicy
ENGINES: dict[str, ScriptedEngine] = {}


@pytest.fixture(scope="module", autouse=True)
def _engines(
    tiny_model_folder: Path,
    default_model: InstalledModel,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Load a tiny tokenizer with a template, one without, and the real model's own."""
    base = save_tiny_llama(tmp_path_factory.mktemp("base"), chat_template=None)
    folders = {"tiny": tiny_model_folder, "base": base, "real": default_model.path}
    ENGINES.update({name: ScriptedEngine(folder, []) for name, folder in folders.items()})


# Letters of one, two, three and four bytes, marks that turn the reading, NUL.
PLAIN = st.one_of(
    st.text(max_size=60),
    st.text("ab \n", max_size=60),
    st.sampled_from(["\0", "\u202eabc\u200f", "👩‍👩‍👧‍👦", "東京" * 20, "a" * 400, "[...]"]),
)
# And control tokens that a person typed.
ANY = st.one_of(PLAIN, st.sampled_from(["<|im_end|>", "<|im_start|>system\n"]))


@dataclass(frozen=True)
class Case:
    """A conversation and the window it is to fit."""

    engine: ScriptedEngine
    messages: list[Message]
    policy: OverflowPolicy
    window: int
    max_new_tokens: int

    @property
    def tokenizer(self) -> Tokenizer:
        return self.engine.tokenizer

    @property
    def has_system(self) -> bool:
        return self.messages[0].role == "system" and len(self.messages) > 1

    @property
    def room(self) -> int:
        return self.window - reserve_of(self.max_new_tokens, self.window)

    def fit(self, policy: OverflowPolicy | None = None) -> Prompt:
        return fit_messages(
            self.messages, self.engine, self.max_new_tokens, policy or self.policy, self.window
        )

    def fitted(self) -> Prompt:
        """Fit, or look for another example."""
        try:
            return self.fit()
        except ContextOverflow:
            assume(False)
            raise

    def whole(self) -> int:
        return len(self.tokenizer.encode_chat(self.messages))


@st.composite
def cases(
    draw: st.DrawFn,
    policies: Sequence[OverflowPolicy] = tuple(OverflowPolicy),
    *,
    odd: bool = True,
    least: int = 0,
    plain: bool = False,
) -> Case:
    """Draw one.

    `odd` lets roles come in any order, `least` is how many exchanges there are at least, `plain`
    leaves out what a template may read in another way than alone.
    """
    roles = ("user", "assistant", "system") if odd and draw(st.booleans()) else None
    size = 2 * draw(st.integers(least, 4)) + 1
    content = st.lists(PLAIN if plain else ANY, max_size=4).map("".join)
    turns = [
        Message(draw(st.sampled_from(roles)) if roles else ("user", "assistant")[place % 2], text)
        for place, text in enumerate(draw(st.lists(content, min_size=size, max_size=size)))
    ]
    system = Message("system", draw(st.text("abc ", max_size=40)))
    return Case(
        ENGINES[draw(st.sampled_from(["real", "tiny"] if plain else ["base", "real", "tiny"]))],
        [system, *turns] if draw(st.booleans()) else turns,
        draw(st.sampled_from(policies)),
        draw(st.one_of(st.integers(100, 700), st.integers(100, 400), st.integers(32, 100))),
        draw(st.integers(1, 1000)),
    )


def shown(messages: Sequence[Message], prompt: Prompt) -> list[Message]:
    """Return the messages that a report says the model receives."""
    cut = prompt.fit.cut
    return [
        replace(message, content=cut.apply(message.content))
        if cut and cut.message == place
        else message
        for place, message in enumerate(messages)
        if place not in prompt.fit.dropped
    ]


@given(cases())
def test_prompt_and_reserve_never_pass_the_window(case: Case) -> None:
    prompt = case.fitted()
    usage = prompt.fit.usage
    assert usage.reserved == min(case.max_new_tokens, case.window // 2)
    assert len(prompt.token_ids) + usage.reserved <= case.window
    assert usage.system + usage.history + usage.prompt == len(prompt.token_ids)
    assert usage.used + usage.reserved + usage.free == case.window == usage.window
    assert min(usage.system, usage.history, usage.prompt, usage.free) >= 0
    assert usage.excess == 0


@given(cases())
def test_the_report_tells_what_the_model_receives(case: Case) -> None:
    prompt = case.fitted()
    assert list(prompt.token_ids) == case.tokenizer.encode_chat(shown(case.messages, prompt))
    changed = bool(prompt.fit.dropped or prompt.fit.cut)
    assert changed == (case.whole() > case.room) == (prompt.notice is not None)
    assert len(case.messages) - 1 not in prompt.fit.dropped
    if cut := prompt.fit.cut:
        content = case.messages[cut.message].content
        assert cut.head + cut.tail < len(content)
        taken = content[cut.head : len(content) - cut.tail]
        assert cut.tokens == len(case.tokenizer.encode(taken)) > 0
        assert CUT_MARK in cut.apply(content)


@given(cases([OLDEST, MIDDLE]))
def test_the_system_turn_and_whole_messages_stay(case: Case) -> None:
    prompt = case.fitted()
    fit, newest = prompt.fit, len(case.messages) - 1
    if case.has_system:
        assert 0 not in fit.dropped
    if fit.cut:
        assert fit.cut.message == newest
        assert set(fit.dropped) == set(range(int(case.has_system), newest))


@given(cases([OLDEST], odd=False, least=2))
def test_the_oldest_exchanges_go_and_no_more_than_must(case: Case) -> None:
    prompt = case.fitted()
    dropped = prompt.fit.dropped
    assume(dropped and not prompt.fit.cut)
    assert dropped == tuple(range(case.has_system, case.has_system + len(dropped)))
    assert len(dropped) % 2 == 0
    back = shown(case.messages, replace(prompt, fit=replace(prompt.fit, dropped=dropped[:-2])))
    assert len(case.tokenizer.encode_chat(back)) > case.room


@given(cases([MIDDLE], odd=False, least=1))
def test_the_first_exchange_stays_while_it_can(case: Case) -> None:
    prompt = case.fitted()
    first = (int(case.has_system), int(case.has_system) + 1)
    least = [*case.messages[: first[1] + 1], case.messages[-1]]
    assume(len(case.tokenizer.encode_chat(least)) <= case.room)
    assert not set(first) & set(prompt.fit.dropped)
    assert prompt.fit.dropped == tuple(range(first[1] + 1, first[1] + 1 + len(prompt.fit.dropped)))
    assert len(prompt.fit.dropped) % 2 == 0


@given(cases([SLIDING]))
def test_the_sliding_window_keeps_the_newest(case: Case) -> None:
    prompt = case.fitted()
    dropped, cut = prompt.fit.dropped, prompt.fit.cut
    assert dropped == tuple(range(len(dropped)))
    if cut:
        assert cut.message == len(dropped)
        assert cut.head == 0
        assert cut.apply(case.messages[cut.message].content).startswith(CUT_MARK)


@given(cases())
def test_stop_refuses_exactly_what_does_not_fit(case: Case) -> None:
    if case.whole() <= case.room:
        assert list(case.fit(STOP).token_ids) == case.tokenizer.encode_chat(case.messages)
        return
    with pytest.raises(ContextOverflow, match=f"{case.whole():,} tokens and") as caught:
        case.fit(STOP)
    assert f"the window of {case.window:,}" in str(caught.value)


@given(cases([OLDEST, MIDDLE, SLIDING]))
def test_a_refusal_is_true(case: Case) -> None:
    try:
        case.fit()
        sentence = None
    except ContextOverflow as error:
        sentence = str(error)
    if sentence:
        kept = case.messages[:1] if case.has_system and case.policy is not SLIDING else []
        bare = [*kept, replace(case.messages[-1], content=CUT_MARK)]
        # A character may take four tokens at either end, and text joined anew a few more.
        assert len(case.tokenizer.encode_chat(bare)) + 10 > case.room
        assert f"{case.room:,} tokens of prompt" in sentence


@given(cases([OLDEST, MIDDLE, SLIDING]))
def test_a_cut_takes_little_more_than_it_must(case: Case) -> None:
    prompt = case.fitted()
    if prompt.fit.cut:
        # At each end a part of a character goes too, and text joined anew may take other tokens.
        assert len(prompt.token_ids) + 12 > case.room


@given(cases(odd=False, plain=True))
def test_the_parts_are_what_each_turn_takes(case: Case) -> None:
    usage = case.fitted().fit.usage
    kept = shown(case.messages, case.fit())
    turns = [count_turn(case.tokenizer, m) for m in kept if m.role != "system"]
    assert usage.prompt == turns[-1]
    assert usage.history == sum(turns[:-1])


@pytest.mark.parametrize("policy", [OLDEST, MIDDLE, SLIDING])
@pytest.mark.parametrize("letter", ["a", "東", "\N{FAMILY}", "\ufffd"])
def test_one_letter_without_end_is_cut(policy: OverflowPolicy, letter: str) -> None:
    messages = [Message("user", "hi"), Message("assistant", "ho"), Message("user", letter * 20_000)]
    prompt = fit_messages(messages, ENGINES["real"], 64, policy, 256)
    cut = prompt.fit.cut
    assert cut is not None
    assert cut.message == 2
    assert (cut.head > 0) == (policy is not SLIDING)
    assert cut.tail > 10
    assert 180 < len(prompt.token_ids) <= 192


def test_each_policy_in_words() -> None:
    story = [
        Message("system", "Be kind."),
        *(
            Message(("user", "assistant")[i % 2], f"Part {i}. " + "Rain fell. " * 8)
            for i in range(8)
        ),
        Message("user", "And then?"),
    ]

    def notice(policy: OverflowPolicy, window: int) -> str | None:
        return fit_messages(story, ENGINES["real"], 40, policy, window).notice

    left_out = "To fit the context window, "
    assert notice(OLDEST, 260) == left_out + "the 4 oldest messages were left out."
    assert notice(MIDDLE, 260) == left_out + "4 messages after the first exchange were left out."
    assert notice(SLIDING, 260) == (
        left_out + "the system prompt and the 2 oldest messages were left out, and 24 tokens "
        "were cut from the start of the oldest message left."
    )
    assert notice(SLIDING, 330) == (
        left_out + "the system prompt was left out, and 23 tokens were cut from the start of the "
        "oldest message left."
    )
    assert notice(STOP, 600) is None


def test_a_lone_system_message_is_a_turn() -> None:
    messages = [Message("system", "rule " * 400)]
    for policy in (OLDEST, MIDDLE, SLIDING):
        prompt = fit_messages(messages, ENGINES["tiny"], 20, policy, 100)
        assert prompt.fit.cut is not None
        assert len(prompt.token_ids) + 20 <= 100
    with pytest.raises(OptionError, match="conversation is empty"):
        fit_messages([], ENGINES["tiny"], 20)


def test_what_a_cut_leaves() -> None:
    assert Cut(0, 2, 1, 3).apply("abcdef") == "ab\n[...]\nf"
    assert Cut(0, 0, 0, 3).apply("abcdef") == "\n[...]\n"


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(OptionError, match="must be one of stop, oldest, middle, sliding, got 'x'"):
        OverflowPolicy.parse("x")
    assert OverflowPolicy.parse("Sliding") is SLIDING
