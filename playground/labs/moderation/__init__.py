"""Banned content: what a filter stops, where, why, and what it must let pass."""

from playground.experiments.experiment import Lab
from playground.labs.moderation import (
    editor_view,
    evasion_view,
    judge_view,
    trade_off_view,
    traps_view,
    xray_view,
)

LAB = Lab(
    name="moderation",
    title="Banned content",
    rank=45,
    idea=(
        "A filter that only says no teaches nothing. This one says which stage saw what and where, "
        "and shows what it misses and whom it stops without reason."
    ),
    experiments=(
        xray_view.XRAY,
        evasion_view.EVASION,
        traps_view.TRAPS,
        trade_off_view.TRADE_OFF,
        editor_view.EDITOR,
        judge_view.JUDGE,
    ),
)
