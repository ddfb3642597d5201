"""What a reply leaves for the next turn: whose it is, what it saves, and that no bit changes."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.errors import NotFinite
from playground.generation import kept_caches
from playground.generation.kept_caches import MOST_BYTES, KeptCaches
from playground.generation.language_model import LanguageModel
from playground.generation.reply import Reply
from playground.generation.row import Step
from playground.generation.scheduler import Scheduler
from playground.models.acquire.local import register_path
from playground.models.engines.choice import load_engine
from playground.models.engines.engine import PREFILL_CHUNK, Engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_cache import TransformersCache
from playground.models.text.tokenizer import Message
from playground.settings import Settings
from tests.support.scripted_engine import ScriptedCache, ScriptedEngine
from tests.support.waiting import wait_until

WINDOW = 200
KINDS = [
    (Precision.FP32, EngineName.CORE),
    (Precision.INT8, EngineName.CORE),
    (Precision.INT8_HEAD, EngineName.CORE),
    (Precision.BF16, EngineName.CORE),
    (Precision.FP32, EngineName.TRANSFORMERS),
    (Precision.INT8, EngineName.TRANSFORMERS),
]
_ENGINES: dict[tuple[Precision, EngineName], Engine] = {}


@pytest.fixture(scope="module", autouse=True)
def _short_ones_too() -> Iterator[None]:
    """Read behind replies to short prompts, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_caches, "BEHIND_FROM", 0)
        yield


@pytest.fixture(scope="module", autouse=True)
def _engines(tiny_model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Load the tiny model once; hypothesis takes no fixtures of wider scope."""
    home = Settings.from_env({"PLAYGROUND_HOME": str(tmp_path_factory.mktemp("home"))})
    model = register_path(tiny_model_folder, home)
    _ENGINES.update({kind: load_engine(model, *kind) for kind in KINDS})


@dataclass
class Talk:
    """A conversation whose every reply is written twice: with what was kept, and from the start."""

    engine: Engine

    def __post_init__(self) -> None:
        batch = Scheduler(self.engine)
        self.keeping = LanguageModel(self.engine, batch, owner="talk")
        self.fresh = LanguageModel(self.engine)
        self.messages: list[Message] = []
        self.ids: list[int] = []
        self.seed = 0

    def do(self, what: str, words: str) -> None:
        """Do what a person does in a chat."""
        if what in ("edit", "retry") and self.messages:
            del self.messages[-2 if what == "retry" else len(self.messages) // 4 * 2 :]
        prefix = self.ids[: len(self.ids) // 2] if what == "branch" else []
        if prefix:
            self.messages.pop()
        else:
            self.messages.append(Message("user", words))
        replies = 2 if what == "both" else 1
        most = 4 if what == "stop" else 100
        reply = self.write(prefix, replies, most)
        self.ids = [*prefix, *reply.token_ids]
        self.messages.append(Message("assistant", reply.text or "…"))

    def write(self, prefix: list[int], replies: int, most: int) -> Reply:
        """Let both write, compare what they choose, and return the last reply."""
        self.seed += replies
        asked: dict[str, Any] = {"prefix": prefix, "max_new_tokens": 16, "context_window": WINDOW}
        streams = [
            self.keeping.stream(self.messages, seed=self.seed + number, **asked)
            for number in range(replies)
        ]
        for _ in zip(range(most), *streams, strict=False):
            pass
        for number, stream in enumerate(streams):
            stream.close()
            again = self.fresh.stream(self.messages, seed=self.seed + number, **asked)
            self.compare(stream.reply, [step for _, step in zip(range(most), again, strict=False)])
        return streams[-1].reply

    def compare(self, reply: Reply, steps: Sequence[Step]) -> None:
        """Hold a reply against the same one whose prompt was read from its start."""
        pairs = list(zip(reply.steps, steps, strict=False))
        assert pairs
        if self.engine.precision is Precision.FP32:
            assert [a.token_id for a, _ in pairs] == [b.token_id for _, b in pairs]
        else:  # a choice holds the logprobs of the ten best to the last bit
            assert [a.choice for a, _ in pairs] == [b.choice for _, b in pairs]


def words(count: int) -> str:
    return " ".join(["quick", "fox", "lazy", "dog", "reads"][at % 5] for at in range(count))


@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=2)
@given(
    done=st.lists(
        st.tuples(
            st.sampled_from(["say", "edit", "retry", "branch", "stop", "both"]),
            st.integers(1, 40),
        ),
        min_size=4,
        max_size=5,
    )
)
def test_a_reply_is_the_same_as_one_whose_prompt_was_read_from_its_start(
    kind: tuple[Precision, EngineName], done: list[tuple[str, int]]
) -> None:
    talk = Talk(_ENGINES[kind])
    for what, count in done:  # the long ones pass the window, whose oldest exchanges are cut
        talk.do(what, words(count))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_next_turn_reads_only_what_is_new(kind: tuple[Precision, EngineName]) -> None:
    engine, full = _ENGINES[kind], kind[0] is Precision.FP32
    talk, batch = Talk(engine), Scheduler(engine)
    model = LanguageModel(engine, batch, owner="talk")
    endless = dict.fromkeys(engine.tokenizer.end_token_ids, -100)
    asked: dict[str, Any] = {"temperature": 0, "stop_on_loop": False, "logit_bias": endless}
    prompt = list(range(10, 110))
    first = model.generate(prompt, max_new_tokens=30, **asked)
    assert (first.reading.kept, first.reading.anew) == (0, 100)
    wait_until(lambda: batch.idle)  # what was written is read ahead
    longer = [*prompt, *first.token_ids, 10, 11]
    second = model.generate(longer, max_new_tokens=4, **asked)
    assert (second.reading.total, second.reading.done) == (132, 132)
    assert second.reading.kept == (129 if full else 128)  # the 130th was chosen, and never run
    talk.compare(second, talk.fresh.generate(longer, max_new_tokens=4, **asked).steps)
    again = model.generate(longer, max_new_tokens=4, **asked)
    assert again.reading.kept == (131 if full else 128)  # the last is always read


class Watched(KeptCaches):
    """Counts the pieces that are read ahead."""

    ahead = 0

    def read_ahead(self, engine: Engine) -> bool:
        read = super().read_ahead(engine)
        self.ahead += read
        return read


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind[0] is not Precision.FP32], ids=str)
def test_a_reply_is_read_behind_with_the_bits_that_it_has_in_company(
    kind: tuple[Precision, EngineName],
) -> None:
    engine, caches = _ENGINES[kind], Watched()
    batch, fresh = Scheduler(engine, kept=caches), LanguageModel(engine)
    one, two = (LanguageModel(engine, batch, owner=owner) for owner in ("one", "two"))
    endless = dict.fromkeys(engine.tokenizer.end_token_ids, -100)
    asked: dict[str, Any] = {"stop_on_loop": False, "logit_bias": endless, "seed": 5}
    asked["max_new_tokens"] = 72
    prompt = list(range(10, 70))
    alone = one.generate(prompt, **asked)
    wait_until(lambda: batch.idle)
    assert caches.ahead == 0  # 128 of 132 were read behind it
    streams = [each.stream(prompt, **asked) for each in (one, two)]
    company = [list(steps) for steps in zip(*streams, strict=True)]
    expected = fresh.generate(prompt, **asked)
    for steps in (alone.steps, *zip(*company, strict=True)):
        assert [step.choice for step in steps] == [step.choice for step in expected.steps]
    wait_until(lambda: batch.idle)
    longer = [*prompt, *alone.token_ids, 10]
    asked["max_new_tokens"] = 4
    again = fresh.generate(longer, **asked)
    for model in (one, two):  # "one" finds what was read behind, and ahead
        reply = model.generate(longer, **asked)
        assert reply.reading.kept == 128
        assert [step.choice for step in reply.steps] == [step.choice for step in again.steps]


ENDLESS: dict[str, Any] = {"temperature": 0, "max_new_tokens": 300, "stop_on_loop": False}


def no_room_at_first() -> Callable[[int], int]:
    """Return a budget that has no room until the second time it is asked."""
    first = iter([0])
    return lambda _held: next(first, MOST_BYTES)


@pytest.mark.parametrize("give_up", [KeptCaches.leave, lambda each, of: each.forget(of, "talk")])
@pytest.mark.parametrize("ahead", [False, True])
def test_no_more_is_read_of_a_reply_once_nobody_may_find_it(
    tiny_model_folder: Path, give_up: Callable[[KeptCaches, Engine], None], ahead: bool
) -> None:
    # Four pieces are to be read: behind the reply, or else ahead of the next.
    at = 300 if ahead else 63
    engine = ScriptedEngine(tiny_model_folder, [5] * 300, precision=Precision.INT8, hold_at=at)
    caches = KeptCaches(no_room_at_first()) if ahead else KeptCaches()
    batch = Scheduler(engine, kept=caches)
    stream = LanguageModel(engine, batch, owner="talk").stream([1, 2, 3], **ENDLESS)
    written = [step.token_id for step in islice(stream, 300 if ahead else 40)]
    assert engine.holding.wait(10)  # before the first of them
    give_up(caches, engine)
    engine.released.set()
    assert written + [step.token_id for step in stream] == [5] * 300
    wait_until(lambda: batch.idle)
    assert engine.calls == 301
    assert caches.size_bytes() == 0


def test_a_reply_goes_on_when_reading_behind_it_fails(
    tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ScriptedEngine(tiny_model_folder, [5] * 300, precision=Precision.INT8)
    caches = KeptCaches()
    batch = Scheduler(engine, kept=caches)
    forward, pieces = ScriptedEngine.forward, []

    def fail(own: ScriptedEngine, token_ids: Any, caches: Any) -> Any:
        if token_ids.size == PREFILL_CHUNK:
            pieces.append(caches[0].length)
            raise MemoryError
        return forward(own, token_ids, caches)

    monkeypatch.setattr(ScriptedEngine, "forward", fail)
    reply = LanguageModel(engine, batch, owner="talk").generate([1, 2, 3], **ENDLESS)
    assert reply.token_ids == (5,) * 300
    wait_until(lambda: batch.idle)
    assert (pieces, caches.size_bytes()) == ([0], 0)


@pytest.mark.parametrize(("prompt", "ahead"), [(128, 0), (127, 2)])
def test_a_reply_to_a_short_prompt_is_read_once_it_has_ended(
    tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch, prompt: int, ahead: int
) -> None:
    monkeypatch.setattr(kept_caches, "BEHIND_FROM", 128)
    engine, caches = (
        ScriptedEngine(tiny_model_folder, [5] * 66, precision=Precision.INT8),
        Watched(),
    )
    batch = Scheduler(engine, kept=caches)
    LanguageModel(engine, batch, owner="talk").generate([1] * prompt, **ENDLESS)
    wait_until(lambda: batch.idle)
    assert caches.ahead == ahead


def test_nothing_is_read_behind_a_reply_in_company(tiny_model_folder: Path) -> None:
    engine = ScriptedEngine(tiny_model_folder, [5] * 60, precision=Precision.INT8, hold_at=2)
    caches = Watched()
    batch = Scheduler(engine, kept=caches)
    models = [LanguageModel(engine, batch, owner=owner) for owner in ("one", "two")]
    first = models[0].stream([1] * 40, temperature=0, stop_on_loop=False)
    assert engine.holding.wait(10)
    second = models[1].stream([1] * 40, temperature=0, stop_on_loop=False)
    engine.released.set()
    assert len(list(first)) == len(list(second)) == 61
    wait_until(lambda: batch.idle)
    assert caches.ahead == 1  # of the first; the second was alone at its end


@pytest.fixture
def engine(tiny_model_folder: Path) -> ScriptedEngine:
    return ScriptedEngine(tiny_model_folder, [5, 6, 7])


def keep(caches: KeptCaches, engine: Engine, owner: str, ids: Sequence[int]) -> int:
    """Read a prompt and leave it; return how much of it was there."""
    kept = caches.begin(engine, owner, ids, exact=False)
    cast(ScriptedCache, kept.cache).length = len(ids)
    caches.end(engine, kept, ids)
    return kept.taken


def test_nobody_finds_what_another_owner_had_read(engine: ScriptedEngine) -> None:
    caches = KeptCaches()
    assert keep(caches, engine, "one", range(100)) == 0
    assert keep(caches, engine, "two", range(100)) == 0
    assert keep(caches, engine, "", range(100)) == 0
    assert keep(caches, engine, "", range(100)) == 0
    assert keep(caches, engine, "one", range(100)) == 99
    assert caches.size_bytes(engine) == caches.size_bytes() == 200
    other = ScriptedEngine(engine.folder, [])
    assert keep(caches, other, "one", range(100)) == 0
    caches.forget(engine, "one")
    assert keep(caches, engine, "one", range(100)) == 0
    assert keep(caches, engine, "two", range(100)) == 99


def test_the_least_recently_used_goes_first_and_the_budget_holds(engine: ScriptedEngine) -> None:
    caches = KeptCaches(lambda _held: 250)
    for owner in ("one", "two"):
        keep(caches, engine, owner, range(100))
    assert keep(caches, engine, "one", range(100)) == 99  # now the most recently used
    keep(caches, engine, "three", range(100))
    assert caches.size_bytes() == 200
    assert keep(caches, engine, "two", range(100)) == 0
    caches.free()
    assert caches.size_bytes() == 0


@pytest.mark.parametrize(
    ("budget", "left", "read"), [(200, 100, 128), (199, 0, 128), (99, 100, 100)]
)
def test_what_is_read_behind_stays_within_the_budget(
    engine: ScriptedEngine, budget: int, left: int, read: int
) -> None:
    most = [MOST_BYTES]
    caches = KeptCaches(lambda _held: most[0])
    keep(caches, engine, "two", range(100))
    busy = caches.begin(engine, "one", range(100))
    cast(ScriptedCache, busy.cache).length = 100
    most[0] = budget
    caches.read_behind(engine, busy, range(130))  # in a copy of 100 bytes
    assert (caches.size_bytes(), busy.cache.length) == (left, read)


def test_what_is_in_use_is_copied_and_stays_its_own(engine: ScriptedEngine) -> None:
    caches = KeptCaches()
    first = caches.begin(engine, "one", range(100))
    cast(ScriptedCache, first.cache).length = 90  # of its prompt, so far
    second = caches.begin(engine, "one", [*range(80), 1, 2, 3])
    assert (second.taken, second.cache.length, first.cache.length) == (64, 64, 90)
    assert second.cache is not first.cache
    caches.read_behind(engine, first, range(130))  # its reply goes on in the cache that it has
    third = caches.begin(engine, "one", range(200))
    assert (third.taken, third.cache.length, first.cache.length) == (128, 128, 128)
    assert third.cache is not first.cache
    caches.free()  # what is in use stays
    caches.forget(engine, "one")  # while all are in use: none is kept
    caches.end(engine, third, range(200))
    caches.end(engine, first, range(100))
    caches.end(engine, second, range(80))
    assert caches.size_bytes() == 0


def test_caches_go_with_their_engine(engine: ScriptedEngine) -> None:
    caches, gone = KeptCaches(), ScriptedEngine(engine.folder, [])
    keep(caches, gone, "one", range(100))
    watched = weakref.ref(gone)
    del gone
    gc.collect()
    assert watched() is None
    assert caches.size_bytes() == 0


def test_a_cache_that_cannot_be_cut_is_not_kept(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedCache, "can_cut", False)
    caches = KeptCaches()
    busy = caches.begin(engine, "one", range(100))
    cast(ScriptedCache, busy.cache).length = 100
    assert keep(caches, engine, "one", range(100)) == 0
    assert caches.size_bytes() == 0


def test_states_and_windows_of_transformers_cannot_be_cut() -> None:
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

    store = DynamicCache()
    store.layers.append(DynamicLayer())  # type: ignore[no-untyped-call] # transformers has no types
    assert TransformersCache(store).can_cut
    store.layers.append(DynamicSlidingWindowLayer(sliding_window=4))
    assert not TransformersCache(store).can_cut


def test_what_went_wrong_is_not_kept(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    caches = KeptCaches()
    scheduler = Scheduler(engine, kept=caches)
    model = LanguageModel(engine, scheduler, owner="one")
    forward = ScriptedEngine.forward
    with monkeypatch.context() as patch:
        patch.setattr(ScriptedEngine, "forward", lambda *given: forward(*given) * np.nan)
        with pytest.raises(NotFinite):
            model.generate([1, 2, 3], max_new_tokens=4)
    wait_until(lambda: scheduler.idle)
    assert caches.size_bytes() == 0
    assert model.generate([1, 2, 3], temperature=0).token_ids == (5, 6, 7, 0)
    wait_until(lambda: scheduler.idle)
    assert caches.size_bytes() == 6  # three of the prompt, three of the reply


def test_a_prompt_that_was_stopped_half_way_is_kept_as_far_as_it_was_read(
    tiny_model_folder: Path,
) -> None:
    engine = ScriptedEngine(tiny_model_folder, [5], hold_at=2)
    scheduler = Scheduler(engine)
    model = LanguageModel(engine, scheduler, owner="one")
    stream = model.stream([1] * 400, temperature=0)
    assert engine.holding.wait(10)
    assert (stream.reading.done, stream.reading.total) == (2 * PREFILL_CHUNK, 400)
    stream.close()
    engine.released.set()
    wait_until(lambda: scheduler.idle)
    assert model.generate([1] * 400, temperature=0).reading.kept == 3 * PREFILL_CHUNK
