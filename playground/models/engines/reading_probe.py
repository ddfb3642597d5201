"""A model is tried on eight tokens when it is first loaded: what reads otherwise is refused.

Some architectures take a second piece for a beginning; some keep what they remember in themselves,
where rows overwrite each other; some look at what comes later; and some fail at their first token.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from playground.errors import ModelUnavailable, PlaygroundError, PrecisionUnavailable
from playground.models.engines.precision import Precision
from playground.models.foreign import reason_of

if TYPE_CHECKING:
    from playground.models.engines.transformers_model import TransformersEngine

# How alike two readings of a text are, at least, as a correlation of their logits: 0.9998 was seen
# at BF16. A state that begins anew in the middle can come to 0.97. FP32 is held to more, to a part
# of the largest logit: 0.00001 is usual, and a step that follows another formula comes to more.
_ALIKE = 0.995
_ALIKE_FP32 = 1e-4

# Their step follows another formula than their reading at once, in the transformers that is locked
# here. FP32 shows it; at fewer bits rounding hides it, and the text is no less wrong.
_STEPS_OTHERWISE = frozenset({"nemotron_h", "zamba2"})

# By how much of the largest logit later tokens may change an earlier one's: experts are computed
# in groups, which rounds otherwise, and 16 bits round much.
_LATER = 0.001
_LATER_16_BITS = 0.02


def require_memory(engine: TransformersEngine) -> None:
    """Refuse a model that reads a text piece by piece otherwise than at once, or beside another.

    Parameters
    ----------
    engine : TransformersEngine
        Just loaded.

    Raises
    ------
    ModelUnavailable
        With how it reads, or with what transformers' code for its architecture raises.
    PrecisionUnavailable
        When its layers fail at a quantized precision.
    """
    if engine.precision is not Precision.FP32 and _steps_otherwise(engine):
        how = "reads a text otherwise piece by piece than at once, which FP32 shows"
        raise ModelUnavailable(_refusal(engine, how))
    ids = np.array(engine.tokenizer.encode("One, two, three: the sea is blue and wide."))
    ids = ids[: min(8, engine.context_length)]
    if len(ids) < 4:
        return
    half = len(ids) // 2
    try:
        with _each_token_rounded_alone(engine):
            read = engine.logits_at_each(ids)
            other_end = engine.logits_at_each(np.append(ids[:half], ids[: len(ids) - half]))
            alone = _read_in_pieces(engine, ids)
            beside = _read_in_pieces(engine, ids, ids[::-1].copy())
    except PlaygroundError:
        raise
    except Exception as error:  # whatever an architecture or a quantized layer raises
        raise _failed(engine, error) from error
    # What is not finite is said where it is chosen from, with the layer that it comes from.
    if not np.isfinite([*read, *other_end, alone, beside]).all():
        return
    later = float(np.abs(read[:half] - other_end[:half]).max())
    if later > _most_from_later(engine.precision) * float(np.abs(read).max()):
        raise ModelUnavailable(_refusal(engine, "looks at tokens that come later"))
    if not np.array_equal(alone, beside):
        raise ModelUnavailable(_refusal(engine, "mixes two texts that are read in turns"))
    if by := _apart(engine.precision, read[-1], alone):
        how = f"reads a text otherwise piece by piece than at once ({by})"
        raise ModelUnavailable(_refusal(engine, how))


def _steps_otherwise(engine: TransformersEngine) -> bool:
    return engine.network.config.model_type in _STEPS_OTHERWISE


def _most_from_later(precision: Precision) -> float:
    return _LATER_16_BITS if precision in (Precision.FP16, Precision.BF16) else _LATER


def _apart(
    precision: Precision, once: NDArray[np.float32], pieces: NDArray[np.float32]
) -> str | None:
    """Return by how much two readings differ, None where that is no more than rounding."""
    alike = float(np.corrcoef(once, pieces)[0, 1])
    if alike < _ALIKE:
        return f"correlation {alike:.2f}"
    by, most = float(np.abs(once - pieces).max()), _ALIKE_FP32 * float(np.abs(once).max())
    if precision is Precision.FP32 and by > most:
        return f"logits differ by {by:.2g}, and {most:.2g} is rounding"
    return None


@contextmanager
def _each_token_rounded_alone(engine: TransformersEngine) -> Iterator[None]:
    """Let LLM.int8() set no outliers apart meanwhile.

    Which columns it sets apart hangs on every token of a piece, so that a later token changes how
    an earlier one is rounded. Without that, what a later token changes is the architecture's doing.
    """
    states: list[Any] = [layer.state for layer in engine.network.modules() if _is_int8(layer)]
    kept = [state.threshold for state in states]
    try:
        for state in states:
            state.threshold = 0.0
        yield
    finally:
        for state, threshold in zip(states, kept, strict=True):
            state.threshold = threshold


def _is_int8(layer: object) -> bool:
    return type(layer).__name__ == "Linear8bitLt"


def _failed(engine: TransformersEngine, error: Exception) -> PlaygroundError:
    if engine.precision.quantized:
        return PrecisionUnavailable(
            f"{engine.model.title} does not run at {engine.precision.label}: the architecture "
            f"{engine.network.config.model_type!r} fails at the first tokens ({reason_of(error)}). "
            "Choose another precision."
        )
    return ModelUnavailable(
        f"{engine.model.title} in {engine.model.path} does not run: transformers' code for the "
        f"architecture {engine.network.config.model_type!r} fails at the first tokens "
        f"({reason_of(error)}); choose another model."
    )


def _refusal(engine: TransformersEngine, how: str) -> str:
    return (
        f"{engine.model.title} in {engine.model.path} {how}, so it would write wrong here; choose "
        "another model."
    )


def _read_in_pieces(
    engine: TransformersEngine, ids: NDArray[np.int64], beside: NDArray[np.int64] | None = None
) -> NDArray[np.float32]:
    """Return the logits after the last token; `beside` is read before each piece, as a row."""
    cache, other = engine.new_cache(), engine.new_cache()
    for piece in (ids[:2], ids[2:-1], ids[-1:]):
        if beside is not None:
            engine.forward(beside[None], [other])
        (logits,) = engine.forward(piece[None], [cache])
    read: NDArray[np.float32] = logits
    return read
