"""The shared batch: who comes first, who leaves when, and that nothing is left behind."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from playground.errors import Busy, ContextOverflow, NotFinite, OptionError
from playground.generation.language_model import LanguageModel
from playground.generation.scheduler import Scheduler
from playground.generation.settings import SamplingSettings
from playground.generation.ticket import MAX_AHEAD, Ticket
from playground.models.engines.engine import PREFILL_CHUNK, KVCache
from playground.models.engines.precision import Precision
from tests.support.scripted_engine import ScriptedCache, ScriptedEngine
from tests.support.tiny_llama import save_tiny_llama
from tests.support.waiting import wait_until

SHORT = SamplingSettings(temperature=0)
SHORT_LOOP = SamplingSettings(temperature=0, max_new_tokens=8, stop_on_loop=False)
MARK = 9
LONG = SamplingSettings(temperature=0, max_new_tokens=400, stop_on_loop=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def engine(folder: Path) -> ScriptedEngine:
    return ScriptedEngine(folder, [5, 6, 7, 8])


def submit(
    scheduler: Scheduler,
    settings: SamplingSettings = SHORT,
    prompt: Sequence[int] = (1, 2),
    cancelled: Callable[[], bool] = lambda: False,
) -> Ticket:
    return scheduler.submit(prompt, settings, np.random.default_rng(0), (), cancelled)


def token_ids(ticket: Ticket) -> list[int]:
    return [step.token_id for step in ticket.steps()]


def test_every_reply_gets_its_own_steps(engine: ScriptedEngine) -> None:
    scheduler = Scheduler(engine)
    tickets = [submit(scheduler) for _ in range(20)]
    assert [token_ids(ticket) for ticket in tickets] == [[5, 6, 7, 8, 0]] * 20
    wait_until(lambda: scheduler.idle)


def test_the_queue_is_first_come_first_served_and_shows_the_place(engine: ScriptedEngine) -> None:
    engine.hold_at = 0
    scheduler = Scheduler(engine, max_rows=2, max_waiting=3)
    inside = [submit(scheduler)]
    assert engine.holding.wait(10)
    inside.append(submit(scheduler))  # waits for the turn that is being held, and no longer
    waiting = [submit(scheduler) for _ in range(2)]
    assert [scheduler.place_of(ticket) for ticket in (*inside, *waiting)] == [0, 1, 2, 3]
    with pytest.raises(Busy, match="2 replies are being written and 3 wait"):
        submit(scheduler)
    inside[1].close()
    assert [scheduler.place_of(ticket) for ticket in waiting] == [1, 2]
    last = submit(scheduler)  # the place that was given up
    engine.released.set()
    assert token_ids(inside[1]) == []
    assert [token_ids(ticket) for ticket in (inside[0], *waiting, last)] == [[5, 6, 7, 8, 0]] * 4


def test_a_closed_or_cancelled_reply_leaves_within_one_step(folder: Path) -> None:
    engine = ScriptedEngine(folder, [5] * 300, hold_at=4)
    scheduler = Scheduler(engine)
    gone = threading.Event()
    closed, cancelled = submit(scheduler, LONG), submit(scheduler, LONG, cancelled=gone.is_set)
    assert engine.holding.wait(10)
    closed.close()
    gone.set()
    engine.released.set()
    wait_until(lambda: scheduler.idle)
    assert engine.calls == 5  # the one that was running, and none after it
    assert list(cancelled.steps()) == []


def test_a_long_prompt_does_not_freeze_the_others(folder: Path) -> None:
    shapes: list[tuple[int, ...]] = []

    class Watched(ScriptedEngine):
        def forward(
            self, token_ids: NDArray[np.int64], caches: Sequence[KVCache]
        ) -> NDArray[np.float32]:
            shapes.append(token_ids.shape)
            return super().forward(token_ids, caches)

    engine = Watched(folder, [5] * 300, hold_at=2, precision=Precision.INT8, reads_alike=True)
    engine.model = replace(engine.model, parameters=1)  # alone it would read all pieces together
    scheduler = Scheduler(engine)
    first = submit(scheduler, LONG)
    assert engine.holding.wait(10)
    second = submit(scheduler, LONG, prompt=[1] * (3 * PREFILL_CHUNK + 5))
    engine.released.set()
    wait_until(lambda: (2, 1) in shapes)
    first.close()
    second.close()
    start = shapes.index((1, PREFILL_CHUNK))
    piece, token = (1, PREFILL_CHUNK), (1, 1)
    assert shapes[start : start + 8] == [piece, token, piece, token, piece, token, (1, 5), (2, 1)]


@pytest.mark.parametrize("alike", [True, False])
def test_pieces_of_two_prompts_are_read_side_by_side_where_no_bit_hangs_on_it(
    folder: Path, alike: bool
) -> None:
    turns: list[list[int]] = []

    class Watched(ScriptedEngine):
        def forward_each(
            self, pieces: Sequence[NDArray[np.int64]], caches: Sequence[KVCache]
        ) -> list[NDArray[np.float32]]:
            turns.append([len(ids) for ids in pieces])
            return super().forward_each(pieces, caches)

    engine = Watched(folder, [5, 6], hold_at=0, precision=Precision.INT8, reads_alike=alike)
    scheduler = Scheduler(engine)
    tickets = [submit(scheduler, prompt=[1])]
    assert engine.holding.wait(10)
    tickets += [submit(scheduler, prompt=[1] * length) for length in (30, 70, 10)]
    engine.released.set()
    # A script goes on with each call, and the longest prompt takes two.
    assert [token_ids(ticket) for ticket in tickets] == [[5, 6, 0], [5, 6, 0], [6, 0], [5, 6, 0]]
    assert turns == ([[30, PREFILL_CHUNK], [6, 10]] if alike else [])


@pytest.mark.parametrize("at", ["trying", "reading"])
def test_who_is_read_side_by_side_hears_what_goes_wrong(folder: Path, at: str) -> None:
    class Broken(ScriptedEngine):
        broken = True

        def __getattribute__(self, name: str) -> Any:
            if name == {"trying": "reads_alike", "reading": "forward_each"}[at] and Broken.broken:
                Broken.broken = False
                raise MemoryError(at)
            return super().__getattribute__(name)

    engine = Broken(folder, [5, 6], hold_at=0, precision=Precision.INT8, reads_alike=True)
    scheduler = Scheduler(engine)
    first = submit(scheduler, prompt=[1])
    assert engine.holding.wait(10)
    others = [submit(scheduler, prompt=[1] * length) for length in (30, 40, 10)]
    engine.released.set()
    failing = 1 if at == "trying" else 2
    for ticket in others[:failing]:
        with pytest.raises(MemoryError, match=at):
            token_ids(ticket)
    for ticket in (first, *others[failing:]):
        assert token_ids(ticket) == [5, 6, 0]


def test_a_prompt_that_fails_beside_another_fails_alone(folder: Path) -> None:
    class Broken(ScriptedEngine):
        def forward(
            self, token_ids: NDArray[np.int64], caches: Sequence[KVCache]
        ) -> NDArray[np.float32]:
            if token_ids.shape[1] == 30:
                raise MemoryError("this one alone")
            return super().forward(token_ids, caches)

    engine = Broken(folder, [5, 6], hold_at=0, precision=Precision.INT8, reads_alike=True)
    scheduler = Scheduler(engine)
    first = submit(scheduler, prompt=[1])
    assert engine.holding.wait(10)
    failing, beside = (submit(scheduler, prompt=[1] * length) for length in (30, 40))
    engine.released.set()
    with pytest.raises(MemoryError, match="this one alone"):
        token_ids(failing)
    assert token_ids(first) == token_ids(beside) == [5, 6, 0]


def test_what_goes_wrong_reaches_whom_it_concerns(engine: ScriptedEngine) -> None:
    scheduler = Scheduler(engine)
    vocab = engine.tokenizer.vocab_size
    everything = SamplingSettings(banned=tuple((token_id,) for token_id in range(vocab)))
    refused, fine = submit(scheduler, everything), submit(scheduler)
    with pytest.raises(OptionError, match="must leave at least one token possible"):
        token_ids(refused)
    assert token_ids(fine) == [5, 6, 7, 8, 0]
    with pytest.raises(ContextOverflow, match="1 to 511 tokens"):
        submit(scheduler, prompt=[1] * 512)
    with pytest.raises(OptionError, match="`logit_bias` must name tokens from 0 to"):
        submit(scheduler, SamplingSettings(logit_bias={vocab: 1}))


def test_a_fault_of_the_engine_reaches_all_and_the_next_reply_runs(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler = Scheduler(engine)
    with monkeypatch.context() as patch:

        def fail(*_: object) -> NDArray[np.float32]:
            raise MemoryError("no room")

        patch.setattr(engine, "forward", fail)
        for ticket in [submit(scheduler), submit(scheduler)]:
            with pytest.raises(MemoryError):
                token_ids(ticket)
        wait_until(lambda: scheduler.idle)
    assert token_ids(submit(scheduler)) == [5, 6, 7, 8, 0]


def test_ten_thousand_events_leave_nothing_behind(engine: ScriptedEngine) -> None:
    """Replies join, finish, are closed early or cancelled, in any order."""
    scheduler = Scheduler(engine, max_rows=4, max_waiting=50)
    rng = np.random.default_rng(0)
    open_tickets: list[Ticket] = []
    gone = [threading.Event() for _ in range(50)]
    for event in range(10_000):
        kind = rng.integers(4)
        if kind <= 1:
            cancelled = gone[event % len(gone)].is_set if kind else (lambda: False)
            try:
                open_tickets.append(submit(scheduler, cancelled=cancelled))
            except Busy:
                open_tickets.pop(0).close()
        elif kind == 2 and open_tickets:
            open_tickets.pop(int(rng.integers(len(open_tickets)))).close()
        elif open_tickets and event % 7 == 0:
            assert token_ids(open_tickets.pop(0)) in ([5, 6, 7, 8, 0], [])
        if event % 500 == 0:
            gone[int(rng.integers(len(gone)))].set()
    for ticket in open_tickets:
        ticket.close()
    wait_until(lambda: scheduler.idle)
    wait_until(lambda: not [t for t in threading.enumerate() if t.name == "batch"])
    open_tickets.clear()
    del ticket
    gc.collect()
    assert not [each for each in gc.get_objects() if type(each) is ScriptedCache]


class Recording(ScriptedEngine):
    """Notes how many rows each forward pass had."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.shapes: list[tuple[int, ...]] = []

    def forward(
        self, token_ids: NDArray[np.int64], caches: Sequence[KVCache]
    ) -> NDArray[np.float32]:
        self.shapes.append(token_ids.shape)
        return super().forward(token_ids, caches)


def test_what_nobody_reads_runs_a_little_ahead_and_is_freed_with_its_ticket(folder: Path) -> None:
    engine = ScriptedEngine(folder, [5] * 300)
    scheduler = Scheduler(engine)
    forgotten = submit(scheduler, LONG)
    wait_until(lambda: engine.calls == MAX_AHEAD)
    assert token_ids(submit(scheduler, SHORT_LOOP)) == [5] * 8  # a place was free, and none waits
    assert engine.calls <= MAX_AHEAD + 8
    del forgotten
    wait_until(lambda: scheduler.idle)
    assert engine.calls <= MAX_AHEAD + 8


def test_a_reader_who_comes_late_gets_every_step(folder: Path) -> None:
    engine = ScriptedEngine(folder, [5] * 300)
    late = submit(Scheduler(engine), LONG)
    wait_until(lambda: engine.calls == MAX_AHEAD)
    assert token_ids(late) == [5] * 300 + [0]


@pytest.mark.parametrize("leave", ["close", "never start", "let go", "close late"])
def test_whoever_leaves_whenever_frees_the_batch(folder: Path, leave: str) -> None:
    engine = ScriptedEngine(folder, [5] * 300, hold_at=1)
    scheduler = Scheduler(engine)
    stream = LanguageModel(engine, scheduler).stream([1, 2], temperature=0, max_new_tokens=300)
    assert engine.holding.wait(10)
    if leave == "never start":
        iter(stream)
    if leave == "close late":
        next(iter(stream))
    if leave in ("close", "close late"):
        stream.close()
    del stream
    gc.collect()
    engine.released.set()
    wait_until(lambda: scheduler.idle)
    assert engine.calls == 2


def raising(error: BaseException, calls: int = 0) -> Callable[..., Any]:
    """Return a function that raises after so many calls that do not."""
    left = [calls]

    def fail(*_: object) -> bool:
        left[0] -= 1
        if left[0] < 0:
            raise error
        return False

    return fail


@pytest.mark.parametrize("calls", [0, 1, 2, 5])
def test_a_caller_whose_cancelled_raises_ends_alone(folder: Path, calls: int) -> None:
    engine = ScriptedEngine(folder, [5, 6, 7, 8], hold_at=0)
    scheduler = Scheduler(engine)
    healthy = submit(scheduler)
    faulty = submit(scheduler, cancelled=raising(ZeroDivisionError("mine"), calls))
    engine.released.set()
    with pytest.raises(ZeroDivisionError, match="mine"):
        token_ids(faulty)
    assert token_ids(healthy) == [5, 6, 7, 8, 0]
    assert token_ids(submit(scheduler)) == [5, 6, 7, 8, 0]


def test_a_cache_that_cannot_be_made_ends_its_row_alone(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler = Scheduler(engine)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "new_cache", raising(MemoryError("no room")))
        with pytest.raises(MemoryError, match="no room"):
            token_ids(submit(scheduler))
    assert token_ids(submit(scheduler)) == [5, 6, 7, 8, 0]


class Broken(ScriptedEngine):
    """Gives one of its rows scores that are no numbers."""

    bad: float = np.nan
    bad_after: int = 2

    def forward(
        self, token_ids: NDArray[np.int64], caches: Sequence[KVCache]
    ) -> NDArray[np.float32]:
        logits = super().forward(token_ids, caches)
        for row, ids in enumerate(token_ids.tolist()):
            held = caches[row]
            marked = MARK in ids or getattr(held, "marked", False)
            held.__dict__["marked"] = marked
            if marked and cast(ScriptedCache, held).calls > self.bad_after:
                logits[row, 3] = self.bad
        return logits


@pytest.mark.parametrize("temperature", [0, 1])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("bad_after", [0, 2])
def test_scores_that_are_no_numbers_end_their_row_alone(
    folder: Path, temperature: float, bad: float, bad_after: int
) -> None:
    engine = Broken(folder, [5, 6, 7, 8], hold_at=0)
    engine.bad, engine.bad_after = bad, bad_after
    scheduler = Scheduler(engine)
    settings = SamplingSettings(temperature=temperature)
    faulty, healthy = submit(scheduler, settings, [MARK]), submit(scheduler)
    engine.released.set()
    with pytest.raises(NotFinite, match="take the model at BF16 or FP32"):
        token_ids(faulty)
    assert token_ids(healthy) == [5, 6, 7, 8, 0]


@pytest.mark.parametrize("temperature", [1e-6, 1e-38, 1e-40, 1e-46, 1e-300, 5e-324])
def test_a_vanishing_temperature_is_greedy(engine: ScriptedEngine, temperature: float) -> None:
    settings = SamplingSettings(temperature=temperature, seed=1)
    assert token_ids(submit(Scheduler(engine), settings)) == [5, 6, 7, 8, 0]


def test_a_lab_never_makes_a_conversation_wait_for_a_place(folder: Path) -> None:
    engine = Recording(folder, [5] * 300, hold_at=3)
    scheduler = Scheduler(engine)
    dice = [(LONG, np.random.default_rng(0)) for _ in range(16)]
    lab = scheduler.submit_many([1, 2], dice)
    other = scheduler.submit_many([1, 2], dice)
    assert engine.holding.wait(10)
    assert engine.shapes[1:] == [(16, 1)] * 3  # all rows, while no conversation is there
    talk = [submit(scheduler, LONG) for _ in range(9)]
    assert scheduler.place_of(other) == 1
    engine.released.set()
    wait_until(lambda: scheduler.place_of(talk[8]) == 1)
    wait_until(lambda: (16, 1) in engine.shapes[8:])
    assert [scheduler.place_of(ticket) for ticket in talk] == [0] * 8 + [1]
    assert max(rows for rows, _ in engine.shapes) == 16
    for ticket in (*talk, other):
        ticket.close()
    columns: dict[int, int] = {}
    for steps in lab.rows():
        for column in steps:
            columns[column] = columns.get(column, 0) + 1
    assert columns == dict.fromkeys(range(16), 301)


def test_columns_of_one_prompt_end_alone_and_a_fault_is_raised_last(folder: Path) -> None:
    engine = ScriptedEngine(folder, [5, 6, 7, 8])
    vocab = engine.tokenizer.vocab_size
    everything = SamplingSettings(banned=tuple((token_id,) for token_id in range(vocab)))
    short = SamplingSettings(temperature=0, max_new_tokens=2)
    streams = LanguageModel(engine).stream_many([1, 2], [SHORT, everything, short])
    with pytest.raises(OptionError, match="must leave at least one token possible"):
        list(streams)
    assert [list(each.token_ids) for each in streams.replies] == [[5, 6, 7, 8, 0], [], [5, 6]]
    assert engine.calls == 5  # the prompt was read once
