"""The bench's plan, its rows when processes fail, and what it says and exports."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from playground.data import shipped_text
from playground.errors import OptionError
from playground.experiments.run import Progress
from playground.generation.measuring import Measured, Spread
from playground.generation.scoring import Quality
from playground.labs.precision.bench import Bench, BenchSettings
from playground.labs.precision.bench_files import to_csv, to_svg
from playground.labs.precision.bench_row import SHIPPED_TEXT, Row, ended_row
from playground.labs.precision.bench_view import draw
from playground.labs.precision.speed import bytes_per_token, explain
from playground.models.acquire.own_process import Finished
from playground.models.engines.engine_name import EngineName
from playground.models.engines.machine import Machine
from playground.models.engines.occupancy import Occupancy
from playground.models.engines.outliers import Outliers
from playground.models.engines.precision import Precision

MACHINE = Machine("Test", 2, 2**34, ("AVX2",), 50e9)
FULL = Measured(
    engine="transformers",
    layer_classes={"Linear": 211, "Embedding": 1},
    weight_bytes=500_000_000,
    part_bytes={"embedding": 100_000_000, "linear": 399_000_000, "other": 1_000_000},
    tied_head=True,
    scale_bytes=0,
    rss_bytes=900_000_000,
    peak_rss_bytes=1_000_000_000,
    load_seconds=1.5,
    time_to_first_token_seconds=Spread(0.04, 0.03, 0.05),
    prefill_tokens_per_second=Spread(800.0, 700.0, 900.0),
    decode_tokens_per_second=Spread(25.0, 24.0, 26.0),
    quality={SHIPPED_TEXT: Quality(751, 29.5, 0.0, 1.0)},
    text=" a <b>c",
    token_ids=[1, 2, 3],
    token_texts=[" a", " <b>", "c"],
)
INT8 = replace(
    FULL,
    layer_classes={"Linear8bitLt": 210, "Linear": 1, "Embedding": 1},
    weight_bytes=199_000_000,
    part_bytes={"embedding": 100_000_000, "linear": 98_000_000, "other": 1_000_000},
    scale_bytes=1_000_000,
    decode_tokens_per_second=Spread(20.0, 19.0, 21.0),
    text=" a <i>d",
    token_ids=[1, 5, 6],
    token_texts=[" a", " <i>", "d"],
    outliers=Outliers(6.0, 2_000_000, 1_000, 1270.0),
)


def bench(*rows: Row, **asked: object) -> Bench:
    reference = Row(Precision.FP32, EngineName.TRANSFORMERS, 0, "done", "", FULL)
    return Bench(BenchSettings(**asked), "Some <model>", rows, "", MACHINE, reference)


def full_row() -> Row:
    return Row(Precision.FP32, EngineName.TRANSFORMERS, 5, "done", "", FULL)


def int8_row() -> Row:
    return Row(Precision.INT8, EngineName.TRANSFORMERS, 5, "done", "", INT8)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"precisions": []}, "`precisions` must be 1 to 7 of fp32, .*, got nothing"),
        ({"precisions": "fp32,int7"}, "`precisions` must be 1 to 7 of fp32, .* got 'int7'"),
        ({"precisions": " , "}, "`precisions` must be 1 to 7 of fp32, .* got ' , '"),
        ({"engines": []}, "`engines` must be 1 to 3 of auto, core, transformers, .* got nothing"),
        ({"prompt": "  "}, "The prompt is empty"),
        ({"max_new_tokens": 1}, "`max_new_tokens` must be a whole number from 2 to 256, got 1"),
        ({"max_new_tokens": "many"}, "got 'many'"),
        ({"max_new_tokens": None}, "got nothing"),
        ({"max_new_tokens": 2.5}, "got 2.5"),
        ({"runs": 0}, "`runs` must be a whole number from 1 to 9, got 0"),
        ({"own_text": "x" * 100_001}, "`own_text` must be a text of at most 100,000 characters"),
    ],
)
def test_what_cannot_be_measured_gets_one_sentence(
    changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(OptionError, match=sentence):
        BenchSettings(**changes)


def test_names_are_read_from_a_line_and_progress_counts_rows_that_ended() -> None:
    asked = BenchSettings(precisions="fp32, INT8", engines="auto")
    assert asked.precisions == (Precision.FP32, Precision.INT8)
    assert asked.engines == (EngineName.AUTO,)
    failed = replace(int8_row(), state="failed", measured=None, reason="No room.")
    waiting = replace(int8_row(), state="waiting", measured=None)
    known = bench(full_row(), failed, waiting)
    assert known.progress == Progress(2, 3, "2 of 3 rows done")
    known = known.with_row(2, replace(waiting, state="running", stage="loading"))
    assert known.progress.words == "INT8 · transformers: loading · 2 of 3 rows done"
    known = known.with_reference(replace(waiting, state="running", stage="reading"))
    assert known.progress.words == "Reference FP32: reading · 2 of 3 rows done"
    assert known.with_row(2, failed).progress.ended


@pytest.mark.parametrize(
    ("finished", "reason"),
    [
        (Finished(1, ("Stage loading", "Failed No such thing.")), "No such thing."),
        (Finished(-9, ("Stage loading",)), "SIGKILL; a system that is out of memory"),
        (Finished(3, ("Traceback", "ValueError: odd")), "code 3: ValueError: odd"),
        (Finished(2, ()), "it said nothing"),
    ],
)
def test_a_process_that_ends_badly_leaves_its_reason_in_its_row(
    finished: Finished, reason: str
) -> None:
    row = ended_row(Row(Precision.INT8, EngineName.CORE, 7, "running"), finished)
    assert row.state == "failed"
    assert reason in row.reason
    html = draw(bench(full_row(), row))
    assert row.reason.split(";")[0] in html
    assert "29.50" in html  # the other row stands


def test_estimated_and_measured_never_share_a_label() -> None:
    waiting = Row(Precision.NF4, EngineName.TRANSFORMERS, 173_000_000)
    html = draw(bench(full_row(), waiting))
    assert "173 MB estimated" in html
    assert "500 MB" in html
    assert "500 MB estimated" not in html
    told = bench(full_row(), waiting).to_json()["rows"]
    assert told[1]["weight_bytes"] is None
    assert told[1]["estimated_weight_bytes"] == 173_000_000


def test_all_text_is_escaped_and_the_parting_wears_a_ring() -> None:
    html = draw(bench(full_row(), int8_row()))
    texts = html.partition("continued at temperature 0")[2]
    assert "<b>" not in texts
    assert "a &lt;b&gt;c" in texts
    assert '<mark class="parting"> &lt;i&gt;</mark>d' in html
    assert "parts from FP32 at token 2" in html
    assert "never parts from FP32" in html
    assert "Some &lt;model&gt;" in to_svg(bench(full_row()))


def test_why_is_made_of_the_numbers() -> None:
    assert bytes_per_token(INT8) == 200_000_000
    assert bytes_per_token(replace(INT8, tied_head=False)) == 100_000_000
    told = " ".join(explain(int8_row(), MACHINE, full_row()))
    assert "reads 200 MB of weights (computed)" in told
    assert "50 GB/s (measured), which would allow 250 tokens/s; it wrote 20, 8 % of that" in told
    assert "0.40 times the bytes" in told
    assert "0.80 times as fast: slower" in told
    assert "LLM.int8()" in told
    assert "1,000 of 2,000,000 inputs of these layers (0.050 %) were 6 or larger" in told
    assert "up to 1,270 (measured)" in told
    assert "steps of 10.0" in told
    assert "outliers" not in " ".join(explain(full_row(), MACHINE, None))
    assert "50.0 ms" in told
    assert "1.25 ms" in told
    assert "40 times less" in told
    assert "Linear8bitLt" in draw(bench(full_row(), int8_row()))


def test_a_row_is_compared_with_rows_of_its_table_alone() -> None:
    both = bench(full_row(), int8_row())
    assert (both.beside(both.rows[1]), both.beside(both.rows[0])) == (both.rows[0], None)
    alone = bench(int8_row())
    assert alone.beside(alone.rows[0]) is None
    assert "times the bytes" not in draw(alone)
    core = replace(full_row(), engine=EngineName.CORE, measured=replace(FULL, engine="core"))
    assert bench(full_row(), core, int8_row()).beside(int8_row()) == full_row()
    # Runs that overlap are neither faster nor slower, whatever their medians say.
    close = replace(INT8, decode_tokens_per_second=Spread(24.9, 23.0, 27.0))
    told = " ".join(explain(replace(int8_row(), measured=close), MACHINE, full_row()))
    assert "about as fast, 1.00 times: their runs overlap" in told
    assert "slower" not in told
    quick = replace(INT8, decode_tokens_per_second=Spread(300.0, 290.0, 310.0))
    told = " ".join(explain(replace(int8_row(), measured=quick), MACHINE, full_row()))
    assert "it wrote 300, so the memory is faster than in the moment it was timed" in told
    assert "120%" not in told


def test_a_row_measured_beside_other_work_is_marked() -> None:
    beside = replace(int8_row(), beside=Occupancy(0.0, 1.3, 0.5, 2.0))
    html = draw(bench(full_row(), beside))
    assert html.count('class="beside"') == 1
    assert "other programs kept 1.3 processors busy" in html
    assert "so this says little" in html
    assert bench(beside).to_json()["rows"][0]["beside"]["busy"] is True
    quiet = replace(int8_row(), beside=Occupancy(0.01, 0.1, 0.5, 2.0))
    for row in (quiet, int8_row()):
        assert "beside other work" not in draw(bench(full_row(), row))


def test_exports_hold_every_row() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(bench(full_row(), int8_row())))))
    assert [row["precision"] for row in rows] == ["fp32", "int8"]
    assert rows[1]["part_bytes_linear"] == "98000000"
    assert rows[1]["decode_tokens_per_second_range_high"] == "21.0"


def test_the_shipped_text_is_long_enough() -> None:
    assert 500 < len(shipped_text().split()) < 800
