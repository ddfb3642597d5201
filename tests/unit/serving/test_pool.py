"""The pool loads once, shares, and frees what nobody holds."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from apps.ui.badge import render_badge
from playground import serving
from playground.errors import (
    FetchCancelled,
    FetchFailed,
    ModelInUse,
    OptionError,
    PrecisionUnavailable,
)
from playground.generation.language_model import LanguageModel
from playground.models.acquire.store import InstalledModel
from playground.models.engines import manager as manager_module
from playground.models.engines import precision as precision_module
from playground.models.engines.engine_name import EngineName
from playground.models.engines.manager import ModelChoice
from playground.models.engines.memory import Memory
from playground.models.engines.precision import Precision
from playground.serving import KEPT, Pool
from playground.settings import Settings
from tests.support.scripted_engine import ScriptedEngine
from tests.support.waiting import wait_until

FP32 = ModelChoice("scripted", Precision.FP32)
NF4 = ModelChoice("scripted", Precision.NF4)
INT8 = ModelChoice("scripted", Precision.INT8)


class Loads:
    """Counts loads and watches which engines are still alive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        self.engines: list[weakref.ref[ScriptedEngine]] = []

    def __call__(
        self, _model: InstalledModel, precision: Precision, _engine: EngineName
    ) -> ScriptedEngine:
        self.count += 1
        engine = ScriptedEngine(self.folder, [], precision=precision)
        self.engines.append(weakref.ref(engine))
        return engine

    def alive(self) -> int:
        gc.collect()
        return sum(engine() is not None for engine in self.engines)


@pytest.fixture
def loads(tiny_model_folder: Path) -> Loads:
    return Loads(tiny_model_folder)


@pytest.fixture
def pool(
    loads: Loads, tmp_path: Path, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Pool:
    model = ScriptedEngine(tiny_model_folder, []).model
    monkeypatch.setattr(manager_module, "ensure_model", lambda *_: model)
    return Pool(Settings.from_env({"PLAYGROUND_HOME": str(tmp_path)}), load=loads)


def test_a_model_is_loaded_once_and_stays(pool: Pool, loads: Loads) -> None:
    for _ in range(3):
        pool.preload(FP32)
    assert loads.count == 1
    assert pool.model(FP32) is not None


def weigh(model: LanguageModel, weight_bytes: int) -> None:
    """Let a model take so many bytes."""
    report = replace(model.engine.report, weight_bytes=weight_bytes)
    model.engine.report = report


def memory_of(monkeypatch: pytest.MonkeyPatch, available: float) -> None:
    """Say that so many times what a load needs is free."""
    needed = 1_000_000
    monkeypatch.setattr(manager_module, "estimate_peak_bytes", lambda *_: needed)
    memory = Memory(int(available * needed), 1)
    monkeypatch.setattr(manager_module, "read_memory", lambda: memory)


def test_a_switch_back_takes_the_model_that_is_still_there(pool: Pool, loads: Loads) -> None:
    for choice in (FP32, INT8, FP32, INT8):
        pool.preload(choice)
    assert loads.count == 2


def test_the_least_recently_used_makes_room_before_the_load(
    pool: Pool, loads: Loads, monkeypatch: pytest.MonkeyPatch
) -> None:
    for choice in (FP32, INT8, FP32):
        with pool.lease(choice) as model:
            weigh(model, 600_000)
            del model
    memory_of(monkeypatch, available=0.5)
    pool.preload(NF4)
    assert pool.model(INT8) is None
    assert pool.model(FP32) is not None
    plan = pool.plan(NF4)
    assert plan is not None
    assert plan.freed == ("scripted at INT8",)
    assert plan.tight is False
    assert len(pool.residents()) == 2
    assert "1 more loaded" in render_badge(pool, NF4)
    assert "tight" not in render_badge(pool, NF4)
    assert loads.alive() == 2


def test_little_memory_is_said_with_numbers(
    pool: Pool, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(1_400_000_000, 10_000_000_000)
    monkeypatch.setattr(manager_module, "estimate_peak_bytes", lambda *_: 1_000_000_000)
    monkeypatch.setattr(manager_module, "read_memory", lambda: memory)
    while_loading = []

    class Watching(Loads):
        def __call__(self, *asked: Any) -> ScriptedEngine:
            while_loading.append(render_badge(pool, FP32))
            return super().__call__(*asked)

    pool._manager._load = Watching(tiny_model_folder)
    pool.preload(FP32)
    assert "needs about 1.0 GB (estimated), 1.4 GB are free" in while_loading[0]
    assert "memory will be tight: 0.4 GB to spare (estimated)" in while_loading[0]
    assert "memory was tight: 0.4 GB to spare (estimated)" in render_badge(pool, FP32)


def test_a_forecast_loads_and_frees_nothing(
    pool: Pool, loads: Loads, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pool.lease(FP32) as leased:
        weigh(leased, 600_000)
        model = leased.engine.model
        del leased
    memory_of(monkeypatch, available=0.5)
    plan = pool.forecast(NF4, model)
    assert plan.freed == ("scripted at FP32",)
    assert plan.fits
    assert pool.model(FP32) is not None
    assert loads.count == 1
    with pool.lease(FP32):  # what is in use makes no room
        assert not pool.forecast(NF4, model).fits
        assert pool.residents()[0].in_use
        assert pool.free(FP32) is False
    (resident,) = pool.residents()
    assert (resident.in_use, resident.weight_bytes) == (False, 600_000)
    assert 0 <= resident.idle_seconds < 60
    assert pool.free(FP32) is True
    assert pool.residents() == ()
    assert loads.alive() == 0


def test_making_room_leaves_a_running_reply_its_weights(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pool.lease(FP32) as model:
        memory_of(monkeypatch, available=0.9)
        with pytest.raises(PrecisionUnavailable, match=r"needs about .* GB .*estimated.* are free"):
            pool.preload(INT8)
        pool.close()
        still = pool.model(FP32)
        assert still is not None
        assert still.engine is model.engine


def test_what_is_not_used_for_long_is_freed(
    pool: Pool, loads: Loads, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool._manager.settings = replace(pool.settings, idle_minutes=0.2 / 60)
    with pool.lease(FP32):
        pool.preload(INT8)
        deadline = time.monotonic() + 10
        while pool.model(INT8) is not None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert pool.model(FP32) is not None
    while loads.alive():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_many_who_ask_at_once_share_one_load(pool: Pool, loads: Loads) -> None:
    threads = [threading.Thread(target=pool.preload, args=(FP32,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert loads.count == 1


def test_a_refused_precision_keeps_the_model_that_runs(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.preload(FP32)
    monkeypatch.setattr(precision_module, "unavailable_reason", lambda _: "no such kernel")
    with pytest.raises(PrecisionUnavailable, match=r"cannot run INT8.*no such kernel"):
        pool.preload(INT8)
    assert pool.model(FP32) is not None
    assert isinstance(pool.failure(INT8), PrecisionUnavailable)
    assert pool.failure(FP32) is None


def test_a_load_that_memory_cannot_hold_is_refused_with_numbers(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_of(monkeypatch, available=0.9)
    with pytest.raises(PrecisionUnavailable, match=r"needs about .* GB .*estimated.* are free"):
        pool.preload(FP32)


def test_a_failure_is_forgotten_when_the_next_try_works(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> InstalledModel:
        raise FetchFailed("No network.")

    with monkeypatch.context() as patch:
        patch.setattr(manager_module, "ensure_model", fail)
        with pytest.raises(FetchFailed):
            pool.preload(FP32)
        assert pool.failure(FP32) is not None
        assert pool.activity(FP32) is None
    pool.preload(FP32)
    assert pool.failure(FP32) is None


class SlowLoads(Loads):
    """Waits before a load until it is let go on."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.begun: dict[Precision, threading.Event] = {p: threading.Event() for p in Precision}
        self.released: dict[Precision, threading.Event] = {p: threading.Event() for p in Precision}

    def __call__(
        self, model: InstalledModel, precision: Precision, engine: EngineName
    ) -> ScriptedEngine:
        self.begun[precision].set()
        assert self.released[precision].wait(10), "nobody let it go on"
        return super().__call__(model, precision, engine)


@pytest.fixture
def slow(pool: Pool, tiny_model_folder: Path) -> Iterator[SlowLoads]:
    loads = SlowLoads(tiny_model_folder)
    loads.released[Precision.FP32].set()
    pool._manager._load = loads
    yield loads
    for event in loads.released.values():
        event.set()


class Asking:
    """Somebody who asks for a model on a thread of their own."""

    def __init__(self, pool: Pool, choice: ModelChoice) -> None:
        self.stopped, self.got = threading.Event(), threading.Event()
        self.error: BaseException | None = None
        self.release = threading.Event()
        self.thread = threading.Thread(target=self._ask, args=(pool, choice))
        self.thread.start()

    def _ask(self, pool: Pool, choice: ModelChoice) -> None:
        try:
            with pool.lease(choice, self.stopped.is_set):
                self.got.set()
                self.release.wait(10)
        except BaseException as error:
            self.error = error

    def end(self) -> None:
        self.release.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


def test_a_model_that_is_here_is_leased_and_answers_while_another_is_loaded(
    pool: Pool, slow: SlowLoads
) -> None:
    pool.preload(FP32)
    other = Asking(pool, INT8)
    assert slow.begun[Precision.INT8].wait(10)
    activity = pool.activity(INT8)
    assert activity is not None
    assert activity.stage == "loading weights at INT8"
    assert pool.activity(FP32) is None
    with pool.lease(FP32) as model:
        assert model.generate([1, 2], temperature=0).finish_reason == "end_of_turn"
    assert not other.got.is_set()
    slow.released[Precision.INT8].set()
    assert other.got.wait(10)
    other.end()


def test_stop_is_heard_while_a_model_is_loaded_or_waits_for_another_load(
    pool: Pool, slow: SlowLoads
) -> None:
    first, second = Asking(pool, INT8), Asking(pool, INT8)
    assert slow.begun[Precision.INT8].wait(10)
    third = Asking(pool, NF4)
    for asking in (first, third):
        asking.stopped.set()
        asking.thread.join(10)
        assert isinstance(asking.error, FetchCancelled)
    assert not slow.begun[Precision.NF4].is_set()
    slow.released[Precision.INT8].set()
    assert second.got.wait(10)  # the load went on for whoever stayed
    assert pool.residents()[0].in_use
    second.end()
    assert not pool.residents()[0].in_use


def test_a_load_that_all_have_left_is_there_when_it_is_done_and_held_by_nobody(
    pool: Pool, slow: SlowLoads
) -> None:
    left = Asking(pool, INT8)
    assert slow.begun[Precision.INT8].wait(10)
    left.stopped.set()
    left.end()
    slow.released[Precision.INT8].set()
    deadline = time.monotonic() + 10
    while pool.model(INT8) is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    assert pool.free(INT8) is True


def test_who_asks_for_a_fetch_that_is_being_given_up_gets_one_of_their_own(
    pool: Pool, loads: Loads, monkeypatch: pytest.MonkeyPatch, tiny_model_folder: Path
) -> None:
    model = ScriptedEngine(tiny_model_folder, []).model
    fetches, dying, go_on = [0], threading.Event(), threading.Event()

    def fetch(_name: str, _settings: Settings, _show: Any, cancelled: Any) -> InstalledModel:
        fetches[0] += 1
        if fetches[0] > 1:
            return model
        while not cancelled():
            time.sleep(0.002)
        dying.set()
        assert go_on.wait(10)
        raise FetchCancelled("Stopped.")

    monkeypatch.setattr(manager_module, "ensure_model", fetch)
    first = Asking(pool, FP32)
    first.stopped.set()
    assert dying.wait(10)
    second = Asking(pool, FP32)
    go_on.set()
    assert second.got.wait(10)
    assert isinstance(first.error, FetchCancelled)
    assert (fetches[0], loads.count) == (2, 1)
    for asking in (first, second):
        asking.end()


def test_heavy_jobs_run_one_at_a_time_and_who_waits_can_be_stopped(pool: Pool) -> None:
    assert not pool.heavy_job_runs
    with pool.heavy_job(lambda: False):
        assert pool.heavy_job_runs
        with (
            pytest.raises(FetchCancelled, match="Stopped while waiting"),
            pool.heavy_job(lambda: True),
        ):
            pytest.fail("two heavy jobs run at once")
    with pool.heavy_job(lambda: False):
        assert pool.heavy_job_runs
    assert not pool.heavy_job_runs


def test_a_trial_is_a_copy_of_its_own_whose_memory_is_checked(
    pool: Pool, loads: Loads, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pool.lease(FP32) as model, pool.trial(FP32) as copy:
        assert copy.engine is not model.engine
        assert len(pool.residents()) == 1
    assert loads.count == 2
    memory_of(monkeypatch, available=0.9)
    pool.free_idle()
    with pytest.raises(PrecisionUnavailable, match="are free"), pool.trial(FP32):
        pytest.fail("there is no room for it")


def test_a_model_that_is_kept_is_held_until_it_is_closed_or_let_go(pool: Pool) -> None:
    kept, other = pool.keep(FP32), pool.keep(FP32)
    assert pool.free(FP32) is False
    kept.close()
    kept.close()
    assert pool.free(FP32) is False
    del other
    gc.collect()
    assert pool.free(FP32) is True


def test_all_who_lease_an_engine_share_one_batch(pool: Pool) -> None:
    with pool.lease(FP32) as first, pool.lease(FP32, lab=True) as second:
        there = pool.model(FP32)
        assert there is not None
        assert first._scheduler is second._scheduler is there._scheduler


def test_a_model_is_let_go_at_every_precision_but_not_from_under_a_reply(
    pool: Pool, loads: Loads
) -> None:
    pool.preload(INT8)
    with pool.lease(FP32), pytest.raises(ModelInUse, match="scripted is in use now"):
        pool.let_go("scripted")
    pool.let_go("another")
    assert pool.model(FP32)
    pool.let_go("scripted")
    assert pool.residents() == ()
    assert loads.alive() == 0


PROMPT = list(range(1, 151))


def kept_tokens(pool: Pool, **lease: Any) -> int:
    """Ask for a reply; return how much of its prompt was kept, once its cache is too."""
    with pool.lease(FP32, **lease) as model:
        reply = model.generate(PROMPT, temperature=0, max_new_tokens=1)
        wait_until(lambda: model._scheduler.idle)
    return reply.reading.kept


def test_what_a_conversation_had_read_outlives_its_lease_and_no_other_finds_it(pool: Pool) -> None:
    assert [kept_tokens(pool, owner="one") for _ in range(2)] == [0, 149]
    assert kept_tokens(pool, owner="two") == 0
    assert kept_tokens(pool) == kept_tokens(pool) == 0
    assert pool.residents()[0].kept_bytes == 300
    pool.free_idle()
    assert kept_tokens(pool, owner="one") == 0


def test_a_lab_finds_what_it_had_read_until_its_run_ends(pool: Pool) -> None:
    with pool.lease(FP32, lab=True) as model:
        for kept in (0, 128):
            reply = model.generate(PROMPT, temperature=0, max_new_tokens=1)
            assert reply.reading.kept == kept
            wait_until(lambda: model._scheduler.idle)
        assert pool.residents()[0].kept_bytes == 150
    assert pool.residents()[0].kept_bytes == 0
    assert kept_tokens(pool, lab=True) == 0


def test_what_conversations_had_read_makes_room_before_any_model_does(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_tokens(pool, owner="one")
    memory_of(monkeypatch, available=0.9999)
    pool.preload(INT8)
    plan = pool.plan(INT8)
    assert plan is not None
    assert plan.freed[0] == KEPT
    assert kept_tokens(pool, owner="one") == 0


def test_nothing_is_kept_where_memory_is_short_or_it_is_switched_off(
    tiny_model_folder: Path, pool: Pool, loads: Loads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "read_memory", lambda: Memory(9, 100))
    assert [kept_tokens(pool, owner="one") for _ in range(2)] == [0, 0]
    monkeypatch.undo()
    model = ScriptedEngine(tiny_model_folder, []).model
    monkeypatch.setattr(manager_module, "ensure_model", lambda *_: model)
    off = Pool(Settings.from_env({"PLAYGROUND_KEPT_MB": "0"}), load=loads)
    assert [kept_tokens(off, owner="one") for _ in range(2)] == [0, 0]
    with pytest.raises(OptionError, match="PLAYGROUND_KEPT_MB must be a number of megabytes"):
        Settings.from_env({"PLAYGROUND_KEPT_MB": "much"})
