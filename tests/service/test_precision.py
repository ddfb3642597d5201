"""``playground precision`` with the real model, and a bench that is stopped in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import psutil
import pytest

from playground.errors import OptionError
from playground.experiments.run import Run, Stopped
from playground.labs.precision.bench import Bench, BenchSettings, run_bench
from playground.models.acquire.store import InstalledModel
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings
from tests.support.command_line import runner

CONTRACT = (
    "precision",
    "weight_bytes",
    "peak_rss_bytes",
    "load_seconds",
    "time_to_first_token_seconds",
    "decode_tokens_per_second",
    "prefill_tokens_per_second",
    "perplexity",
    "kl_to_fp32_nats",
    "top1_agreement",
    "text",
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from apps.cli.main import main; main()", "precision", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_rows_hold_what_the_contract_names(default_model: InstalledModel) -> None:
    done = run(
        "--precisions",
        "int8,nf4",
        "--engines",
        "transformers,core",
        "--max-new-tokens",
        "4",
        "--runs",
        "1",
        "--score-tokens",
        "64",
        "--model",
        default_model.name,
        "--json",
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["model"] == default_model.name
    rows = {(row["precision"], row["engine"]): row for row in told["rows"]}
    assert len(rows) == 4
    assert all(set(CONTRACT) <= set(row) for row in rows.values())
    failed = rows["nf4", "core"]
    assert failed["state"] == "failed"
    assert "the core has no NF4 product" in failed["reason"]
    int8, nf4 = rows["int8", "transformers"], rows["nf4", "transformers"]
    assert nf4["weight_bytes"] < int8["weight_bytes"] < 250_000_000
    assert int8["weight_bytes"] == sum(int8["part_bytes"].values())
    assert 0 < int8["kl_to_fp32_nats"] < nf4["kl_to_fp32_nats"] < 1
    assert 1 > int8["top1_agreement"] > nf4["top1_agreement"] > 0.4
    assert rows["int8", "core"]["kl_to_fp32_nats"] < int8["kl_to_fp32_nats"]
    assert int8["peak_rss_bytes"] > int8["weight_bytes"]
    assert told["runs"] == 1
    assert told["machine"]["read_bytes_per_second"] > 1e9


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--precisions", "int7"), "got 'int7'"),
        (("--engines", "fast"), "got 'fast'"),
        (("--max-new-tokens", "0"), "got 0"),
        (
            ("--score-tokens", "8"),
            "`--score-tokens` must be a whole number from 16 to 1,024, got 8",
        ),
        (("--text-file", "no-such-file.txt"), "no-such-file.txt"),
    ],
)
def test_bad_options_get_one_line(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = runner(capsys)("precision", *arguments)
    assert done.code == 2
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def bench_of(
    model: InstalledModel, stopped: Callable[[], bool] = lambda: False, **asked: object
) -> Iterator[Bench]:
    choice = ModelChoice(model.name, Precision.FP32)
    run = Run(stopped, Pool(Settings.from_env()), choice)
    return run_bench(choice, BenchSettings(**asked), run)


def follow(benches: Iterator[Bench], see: Callable[[Bench], object]) -> None:
    for bench in benches:
        see(bench)


def test_a_bench_stopped_in_the_middle_leaves_no_process(default_model: InstalledModel) -> None:
    children: list[psutil.Process] = []
    stages: list[str] = []

    def see(bench: Bench) -> None:
        stages.append(bench.stage)
        if "loading" in bench.stage:
            mine = psutil.Process().children(recursive=True)
            children.extend(c for c in mine if "playground.generation.measuring" in c.cmdline())

    asked = bench_of(default_model, lambda: bool(children), precisions="fp32")
    with pytest.raises(Stopped, match="what was done stands below"):
        follow(asked, see)
    assert stages[:2] == ["starting", "timing this machine's memory"]
    assert children
    assert not any(child.is_running() for child in children)


def test_a_bench_says_that_it_waits_for_another_and_can_be_stopped_meanwhile(
    default_model: InstalledModel,
) -> None:
    known: list[Bench] = []
    asked = bench_of(default_model, lambda: bool(known))
    with Pool(Settings.from_env()).heavy_job(lambda: False), pytest.raises(Stopped):
        follow(asked, known.append)
    assert [bench.stage for bench in known] == ["waiting for another bench or trial to end"]


def test_an_own_text_of_one_token_is_refused(default_model: InstalledModel) -> None:
    told = bench_of(default_model, engines="core", own_text="a")
    with pytest.raises(OptionError, match="own text for perplexity must have at least 2 tokens"):
        next(told)
