"""Measure one model at one precision, in a process that does nothing else.

Run as a program with the path of an order (`Order` as JSON). It prints ``Stage ...`` lines while it
works and at the end ``Result {...}``, or ``Failed ...`` with a sentence::

    python -m playground.generation.measuring ORDER.json
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from playground.errors import PlaygroundError
from playground.generation.language_model import LanguageModel
from playground.generation.reply import Reply
from playground.generation.scoring import Quality, encode_text, predict, score
from playground.models.acquire.fetch import ensure_model
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import load_engine, pick_engine
from playground.models.engines.compiled import ready
from playground.models.engines.engine import Engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.outliers import Outliers, count_outliers
from playground.models.engines.precision import Precision
from playground.models.engines.trust import settle_engine
from playground.settings import Settings

PREFILL_TOKENS = 512
_ORPHAN_CHECK_SECONDS = 0.5


@dataclass(frozen=True)
class Order:
    """What one process is to measure.

    Parameters
    ----------
    reference : str
        Name or path of the model.
    precision, engine : str
        As the command line names them.
    prompt : str
        Continued at temperature 0.
    max_new_tokens, runs : int
        Length of a continuation, and how many are timed.
    score_tokens : int
        How many tokens of each text are scored, at most.
    texts : dict of str to str
        To be scored, by name.
    folder : str
        Where the logits of the reference lie: one file a text. Without such a file this process
        is the reference, and writes them.
    """

    reference: str
    precision: str
    engine: str
    prompt: str
    max_new_tokens: int
    runs: int
    score_tokens: int
    texts: dict[str, str]
    folder: str


@dataclass(frozen=True)
class Spread:
    """The median of some runs, and the lowest and highest of them."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """Take the values of all runs."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Measured:
    """What came out; all measured but the bytes of the weights, which are computed.

    Parameters
    ----------
    engine : str
        Who computed.
    layer_classes : dict of str to int
        What was really loaded.
    weight_bytes, scale_bytes : int
        Summed over the tensors that were loaded.
    part_bytes : dict of str to int
        `weight_bytes` by what they are.
    tied_head : bool
        Whether the output head multiplies by the very memory of the embedding.
    rss_bytes, peak_rss_bytes : int
        Memory of the process after loading and writing, and the most it had until then.
    load_seconds : float
        From the call to a model that is ready.
    time_to_first_token_seconds, prefill_tokens_per_second, decode_tokens_per_second : Spread
        Over the runs.
    quality : dict of str to Quality
        By the names of the texts.
    text : str
        The continuation at temperature 0.
    token_ids : list of int
        Its tokens.
    token_texts : list of str
        What each added to it.
    outliers : Outliers or None
        What LLM.int8() takes apart of the inputs of its layers, where that is what computes.
    """

    engine: str
    layer_classes: dict[str, int]
    weight_bytes: int
    part_bytes: dict[str, int]
    tied_head: bool
    scale_bytes: int
    rss_bytes: int
    peak_rss_bytes: int
    load_seconds: float
    time_to_first_token_seconds: Spread
    prefill_tokens_per_second: Spread
    decode_tokens_per_second: Spread
    quality: dict[str, Quality]
    text: str
    token_ids: list[int]
    token_texts: list[str]
    outliers: Outliers | None = None


def measure(
    model: InstalledModel, order: Order, say: Callable[[str], None] = lambda _stage: None
) -> Measured:
    """Load a model, time it and score its texts, in this process.

    Raises
    ------
    PlaygroundError
        When it cannot be loaded, or a text is too short.
    """
    precision, asked = Precision.parse(order.precision), EngineName.parse(order.engine)
    runner, _ = settle_engine(asked, model, precision, Settings.from_env())
    if runner is EngineName.AUTO:
        runner = pick_engine(model, precision)
    if runner is EngineName.CORE:
        say("compiling")  # first, for a model keeps the way in which it was loaded
        ready.wait_until_ready()
    say("loading")
    engine = load_engine(model, precision, runner)
    say("warming up")
    _write(engine, order.prompt, 4)
    say("writing")
    runs = [_write(engine, order.prompt, order.max_new_tokens) for _ in range(order.runs)]
    say("reading")
    prefill = _time_prefill(engine, order)
    # The logits of the texts would be the peak, and they are no part of running a model.
    rss, peak = psutil.Process().memory_info().rss, peak_rss_bytes()
    quality = {}
    for name, text in order.texts.items():
        say(f"scoring the {name}")
        quality[name] = _score(engine, text, name, order)
    return Measured(
        engine=engine.name,
        layer_classes=engine.report.layer_classes,
        weight_bytes=engine.report.weight_bytes,
        part_bytes=engine.report.part_bytes,
        tied_head=engine.report.tied_head,
        scale_bytes=engine.report.scale_bytes,
        rss_bytes=rss,
        peak_rss_bytes=peak,
        load_seconds=engine.report.load_seconds,
        time_to_first_token_seconds=Spread.of([run.first_token_seconds or 0 for run in runs]),
        prefill_tokens_per_second=prefill,
        # A prompt that is answered by one token alone has no time between tokens.
        decode_tokens_per_second=Spread.of([run.tokens_per_second or 0 for run in runs]),
        quality=quality,
        text=runs[0].text,
        token_ids=[step.token_id for step in runs[0].steps],
        token_texts=[step.text for step in runs[0].steps],
        outliers=count_outliers(engine, _prefill_ids(engine, order)),
    )


def _write(engine: Engine, prompt: str, tokens: int) -> Reply:
    return LanguageModel(engine, lab=True).generate(prompt, temperature=0, max_new_tokens=tokens)


def _time_prefill(engine: Engine, order: Order) -> Spread:
    ids = _prefill_ids(engine, order)
    speeds = []
    for _ in range(order.runs + 1):
        start = time.perf_counter()
        engine.forward(ids[None], [engine.new_cache()])
        speeds.append(len(ids) / (time.perf_counter() - start))
    return Spread.of(speeds[1:])  # the first one warms up


def _prefill_ids(engine: Engine, order: Order) -> NDArray[np.int64]:
    name, text = next(iter(order.texts.items()))
    return _ids(engine, text, name, order)[:PREFILL_TOKENS]


def _ids(engine: Engine, text: str, name: str, order: Order) -> NDArray[np.int64]:
    return encode_text(engine.tokenizer, text, engine.context_length, name, order.score_tokens)


def _score(engine: Engine, text: str, name: str, order: Order) -> Quality:
    ids = _ids(engine, text, name, order)
    logits = predict(engine, ids)
    kept = Path(order.folder) / f"{name}.npy"
    if not kept.exists():
        np.save(kept, logits)
    reference: NDArray[np.float32] = np.load(kept, mmap_mode="r", allow_pickle=False)
    return score(logits, reference, ids)


def peak_rss_bytes() -> int:
    """Return the most memory that this process has had resident.

    Linux keeps it for the program that runs now; ``getrusage`` would carry over what the process
    that started this one had.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts in bytes


def _end_with_parent() -> None:
    """End this process when the one that ordered the measure is gone, however it went."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_ORPHAN_CHECK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _say(kind: str, words: str) -> None:
    print(kind, words, flush=True)  # noqa: T201 - how this program answers


def _main(order_path: str) -> int:
    _end_with_parent()
    order = Order(**json.loads(Path(order_path).read_text(encoding="utf-8")))
    try:
        model = ensure_model(order.reference, Settings.from_env())
        measured = measure(model, order, lambda stage: _say("Stage", stage))
    except PlaygroundError as error:
        _say("Failed", " ".join(str(error).split()))
        return 1
    _say("Result", json.dumps(asdict(measured)))
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1]))
