"""The manager loads once, shares, and frees what nobody holds."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path

import psutil
import pytest

from playground.errors import FetchFailed, PrecisionUnavailable
from playground.models import manager as manager_module
from playground.models import precision as precision_module
from playground.models.engines import EngineName
from playground.models.manager import ModelChoice, ModelManager
from playground.models.precision import Precision
from playground.models.store import InstalledModel
from playground.settings import Settings
from tests.support.scripted_engine import ScriptedEngine

FP32 = ModelChoice("scripted", Precision.FP32)
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
def manager(
    loads: Loads, tmp_path: Path, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> ModelManager:
    model = ScriptedEngine(tiny_model_folder, []).model
    monkeypatch.setattr(manager_module, "ensure_model", lambda *_: model)
    return ModelManager(Settings.from_env({"PLAYGROUND_HOME": str(tmp_path)}), load=loads)


def test_a_model_is_loaded_once_and_stays(manager: ModelManager, loads: Loads) -> None:
    for _ in range(3):
        manager.preload(FP32)
    assert loads.count == 1
    assert manager.engine(FP32) is not None


def test_a_switch_frees_the_old_weights_before_loading(manager: ModelManager, loads: Loads) -> None:
    manager.preload(FP32)
    manager.preload(INT8)
    assert manager.engine(FP32) is None
    assert loads.alive() == 1


def test_a_switch_leaves_a_running_reply_its_weights(manager: ModelManager, loads: Loads) -> None:
    with manager.lease(FP32) as engine:
        manager.preload(INT8)
        assert manager.engine(FP32) is engine
        del engine
    assert manager.engine(FP32) is None
    assert loads.alive() == 1


def test_many_who_ask_at_once_share_one_load(manager: ModelManager, loads: Loads) -> None:
    threads = [threading.Thread(target=manager.preload, args=(FP32,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert loads.count == 1


def test_a_refused_precision_keeps_the_model_that_runs(
    manager: ModelManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager.preload(FP32)
    monkeypatch.setattr(precision_module, "unavailable_reason", lambda _: "no such kernel")
    with pytest.raises(PrecisionUnavailable, match=r"cannot run INT8.*no such kernel"):
        manager.preload(INT8)
    assert manager.engine(FP32) is not None
    assert isinstance(manager.failure(INT8), PrecisionUnavailable)
    assert manager.failure(FP32) is None


def test_a_load_that_memory_cannot_hold_is_refused_with_numbers(
    manager: ModelManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 1000}))
    with pytest.raises(PrecisionUnavailable, match=r"needs about .* GB .*estimated.* are free"):
        manager.preload(FP32)


def test_a_failure_is_forgotten_when_the_next_try_works(
    manager: ModelManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> InstalledModel:
        raise FetchFailed("No network.")

    with monkeypatch.context() as patch:
        patch.setattr(manager_module, "ensure_model", fail)
        with pytest.raises(FetchFailed):
            manager.preload(FP32)
        assert manager.failure(FP32) is not None
        assert manager.activity is None
    manager.preload(FP32)
    assert manager.failure(FP32) is None
