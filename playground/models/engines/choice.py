"""Which engine runs a model: the fastest that is proven equal, or the one a person names.

Proven means held to transformers by tests (`tests/reference`): the same logits at FP32 on tiny
random models of every family that the core runs; with the default model the very rows and scales of
bitsandbytes at INT8, and never further from FP32 than transformers at the same precision.
"""

from __future__ import annotations

from playground.models.acquire.store import InstalledModel
from playground.models.config import read_model_config
from playground.models.engines.compiled import ready
from playground.models.engines.compute import apart
from playground.models.engines.core_families import unsupported_reason
from playground.models.engines.core_model import load_core_engine
from playground.models.engines.engine import Engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision, pick_device
from playground.models.engines.transformers_model import load_transformers_engine
from playground.models.foreign import reading


def pick_engine(model: InstalledModel, precision: Precision) -> EngineName:
    """Return the fastest engine that is proven equal for a model and precision on this machine."""
    if precision is Precision.INT8_HEAD:  # nobody else has it
        return EngineName.CORE
    config = read_model_config(model.path)
    # At FP16 transformers decodes faster than the core does where nothing is compiled.
    faster = precision is not Precision.FP16 or ready.can_be()
    core_runs_it = unsupported_reason(config, precision) is None and faster
    # The core's products are the processor's; a GPU is transformers' ground.
    on_cpu = pick_device() == "cpu"
    return EngineName.CORE if core_runs_it and on_cpu else EngineName.TRANSFORMERS


def load_engine(
    model: InstalledModel, precision: Precision, engine: EngineName = EngineName.AUTO
) -> Engine:
    """Load a model with the engine asked for.

    Parameters
    ----------
    model : InstalledModel
        The folder.
    precision : Precision
        Format of the linear layers.
    engine : EngineName
        ``auto`` picks.

    Raises
    ------
    PrecisionUnavailable
        When the engine or this machine cannot run it.
    BrokenCache
        When the files cannot be read as a model.
    """
    if engine is EngineName.AUTO:
        engine = pick_engine(model, precision)
    load = load_core_engine if engine is EngineName.CORE else load_transformers_engine
    with reading("the model", model.path):
        return apart(lambda: load(model, precision))
