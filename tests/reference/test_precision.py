"""What bitsandbytes and transformers really load, with the real model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import bitsandbytes
import numpy as np
import pytest

from playground.models.acquire.store import InstalledModel
from playground.models.engines.outliers import count_outliers
from playground.models.engines.precision import Precision, estimate_bytes, read_shape
from playground.models.engines.transformers_model import load_transformers_engine

EXPECTED_LAYERS = {
    Precision.FP32: {"Linear": 211, "Embedding": 1},
    Precision.FP16: {"Linear": 211, "Embedding": 1},
    Precision.BF16: {"Linear": 211, "Embedding": 1},
    Precision.INT8: {"Linear8bitLt": 210, "Linear": 1, "Embedding": 1},
    Precision.NF4: {"Linear4bit": 210, "Linear": 1, "Embedding": 1},
    Precision.FP4: {"Linear4bit": 210, "Linear": 1, "Embedding": 1},
}
EXPECTED_DTYPES = {
    Precision.FP32: {"float32"},
    Precision.FP16: {"float16", "float32"},  # the frequencies of RoPE stay in FP32
    Precision.BF16: {"bfloat16", "float32"},
    Precision.INT8: {"int8", "float32"},
    Precision.NF4: {"uint8", "float32"},  # two 4-bit codes a byte
    Precision.FP4: {"uint8", "float32"},
}


@pytest.mark.parametrize("precision", EXPECTED_LAYERS)
def test_the_report_tells_what_was_loaded(
    default_model: InstalledModel, precision: Precision
) -> None:
    engine = load_transformers_engine(default_model, precision)
    report = engine.report
    assert report.layer_classes == EXPECTED_LAYERS[precision]
    assert set(report.bytes_by_dtype) == EXPECTED_DTYPES[precision]
    assert report.weight_bytes == engine.network.get_memory_footprint()
    assert report.weight_bytes == sum(report.bytes_by_dtype.values())
    assert report.weight_bytes == sum(report.part_bytes.values())
    head = engine.network.get_input_embeddings().weight
    assert report.part_bytes["embedding"] == head.nbytes
    assert report.tied_head
    # The estimate knows weights and scales, not the few frequencies of RoPE.
    estimate = estimate_bytes(read_shape(default_model.path), precision)
    assert estimate == pytest.approx(report.weight_bytes + report.scale_bytes, abs=300)


def test_outliers_are_those_that_bitsandbytes_takes_apart(
    default_model: InstalledModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load_transformers_engine(default_model, Precision.INT8)
    functions = bitsandbytes.autograd._functions.F
    taken, quantize = [], functions.int8_vectorwise_quant

    def counting(*given: Any, **named: Any) -> Any:
        codes, scales, columns = quantize(*given, **named)
        taken.append(0 if columns is None else columns.numel())
        return codes, scales, columns

    monkeypatch.setattr(functions, "int8_vectorwise_quant", counting)
    # Of a single token, a column with an outlier holds just that one.
    found = count_outliers(engine, np.array([engine.tokenizer.encode("The")[0]]))
    assert found is not None
    assert found.outliers == sum(taken) > 0
    assert found.inputs == 30 * (6 * 576 + 1536)
    full = load_transformers_engine(default_model, Precision.FP32)
    assert count_outliers(full, np.array([1])) is None


# A fresh process, so that nothing else of the test run is in the measure.
_SWITCHES = """
import json, sys
import bitsandbytes, psutil  # what a first load brings in and keeps is here before the measure
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.settings import Settings
from playground.models.libraries import import_libraries
from playground.serving import Pool

import_libraries()
pool = Pool(Settings.from_env())
process, loaded, freed = psutil.Process(), [], []
for name in ("fp32", "int8", "nf4") * 2 + ("fp32",):
    with pool.lease(ModelChoice(sys.argv[1], Precision(name))) as model:
        model.generate("Hello", max_new_tokens=4, temperature=0)
        del model
    loaded.append(process.memory_info().rss)
    pool.free_idle()
    freed.append(process.memory_info().rss)
print(json.dumps([loaded, freed]))
"""


def test_switching_precisions_gives_the_memory_back(default_model: InstalledModel) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SWITCHES, default_model.name],
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    )
    loaded, freed = json.loads(done.stdout.splitlines()[-1])
    assert loaded[6] <= loaded[3] * 1.1
    # Given back every time, whatever was loaded: the least that is left stays what it was.
    assert max(freed) <= min(freed) * 1.6
    assert freed[6] <= freed[3] * 1.15


# What a process takes for itself; mapped files are taken back when memory runs short. Each load is
# done in a copy of a process that has imported the libraries.
_LOAD = """
import json, os, sys, threading, time
from pathlib import Path
from playground.models.engines.choice import load_engine
from playground.models.engines.engine_name import EngineName
from playground.models.acquire.fetch import ensure_model
from playground.models.engines.precision import (
    Precision, estimate_peak_bytes, read_shape, require_available,
)
from playground.models.libraries import import_libraries
from playground.settings import Settings

import_libraries()
for precision, engine in json.loads(sys.argv[2]):
    if not (child := os.fork()):
        break
    assert os.waitpid(child, 0)[1] == 0
else:
    sys.exit()

def own_bytes():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))

model, precision = ensure_model(sys.argv[1], Settings.from_env()), Precision(precision)
require_available(precision)
estimate = estimate_peak_bytes(read_shape(model.path), precision)
before, most, done = own_bytes(), 0, []

def watch():
    global most
    while not done:
        most = max(most, own_bytes())
        time.sleep(0.003)

watching = threading.Thread(target=watch)
watching.start()
load_engine(model, precision, EngineName(engine))
done.append(True)
watching.join()
print(json.dumps([estimate, most - before]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux' own account")
def test_loading_keeps_to_its_estimate(default_model: InstalledModel) -> None:
    loads = [("fp16", "transformers"), ("bf16", "core")]
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, default_model.name, json.dumps(loads)],
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()[-len(loads) :]]
    for load, (estimate, taken) in zip(loads, told, strict=True):
        assert 0.5 * estimate < taken < 1.1 * estimate, load
