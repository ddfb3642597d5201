"""The memory of the models lab: estimates are called so, what would happen is said."""

from __future__ import annotations

from apps.ui.memory import Forecast, render_forecasts, render_memory
from playground.models.engines.manager import ModelChoice, Residence
from playground.models.engines.memory import Memory, Resident, plan_load
from playground.models.engines.precision import Precision
from tests.support.markup import seen

GB = 10**9
OLD = Resident("old <model> at FP32", 3 * GB)


def forecast(needed: float, available: float, loaded: bool = False) -> str:
    plan = plan_load(int(needed * GB), Memory(int(available * GB), 10 * GB), [OLD])
    drawn = Forecast(Precision.NF4, GB, plan, loaded)
    return seen(render_forecasts("A <b>model", int(available * GB), [drawn])).text


def test_what_a_load_would_do_is_said_with_numbers() -> None:
    assert "fits, 4.0 GB to spare" in forecast(1, 5)
    assert "frees old <model> at FP32; fits, 2.5 GB to spare" in forecast(1, 0.5)
    assert "frees old <model> at FP32; tight: 0.5 GB to spare" in forecast(3, 0.5)
    assert "refused: 1.5 GB too few" in forecast(5, 0.5)
    assert "is loaded" in forecast(5, 0.5, loaded=True)
    told = forecast(1, 5)
    assert "A <b>model" in told
    assert "Sizes are estimated" in told
    assert "5.0 GB are free now (measured)" in told


def test_what_is_loaded_can_be_freed_unless_a_reply_runs() -> None:
    idle = Residence(
        ModelChoice("m", Precision.INT8), "A <b>model", "core", 220 * 10**6, False, 240
    )
    busy = Residence(ModelChoice("m", Precision.FP32), "Other", "core", 538 * 10**6, True, 0)
    html = render_memory(Memory(6 * GB, 10 * GB), [idle, busy], idle_minutes=30)
    told = seen(html).text
    assert "4.0 GB of 10.0 GB" in told
    assert told.index("a reply runs") < told.index("idle for 4 min")  # the newest first
    assert html.count('data-action="free"') == 1
    assert "A <b>model" in told
    assert "goes after 30 minutes" in told
    nothing = seen(render_memory(Memory(6 * GB, 10 * GB), [], idle_minutes=0)).text
    assert "No model is loaded now" in nothing
    assert "what nobody uses stays" in nothing
