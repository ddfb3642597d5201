"""The models: what can be had, what is here, and what is loaded."""

from playground.experiments.experiment import Lab
from playground.labs.models import catalog_view, check_view, memory_view

LAB = Lab(
    name="models",
    title="Models",
    rank=60,
    group="More",
    idea=(
        "Small open models that run on this computer. What is fetched is checked by its SHA-256, "
        "stays here and needs no network again."
    ),
    experiments=(catalog_view.CATALOG, memory_view.MEMORY, check_view.CHECK),
)
