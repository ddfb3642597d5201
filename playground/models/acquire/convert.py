"""GGUF to safetensors, once, in a process of its own.

A GGUF file holds weights in quantized blocks. transformers can dequantize them while it loads;
saved as FP32 safetensors, the model then loads in a fraction of a second, at any precision.
The child is run as ``python -m playground.models.acquire.convert FILE FOLDER`` and prints the
file's quantization as its last line.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playground.errors import FetchFailed, ModelUnavailable
from playground.models.acquire.disk import raise_if_full
from playground.models.acquire.gguf_attention import complete_attention
from playground.models.acquire.gguf_rope import scaled, scaling_of
from playground.models.acquire.gguf_tokenizer import (
    apply_rule,
    apply_spaces,
    end_token_ids,
    rule_of,
)
from playground.models.acquire.gguf_whole import (
    complete_numbers,
    require_all_used,
    require_nothing_besides,
    require_sizes,
)
from playground.models.acquire.own_process import run_python
from playground.models.acquire.progress import Watch
from playground.models.foreign import reason_of

if TYPE_CHECKING:
    from gguf import GGUFReader

# transformers must neither ask a hub nor draw into our progress.
_QUIET = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "TQDM_DISABLE": "1"}
_NOT_QUANTIZED = {"F64", "F32", "F16", "BF16"}


def convert_gguf(gguf: Path, folder: Path, watch: Watch) -> str | None:
    """Write config, FP32 safetensors and tokenizer of a GGUF file.

    Parameters
    ----------
    gguf : Path
        The file.
    folder : Path
        Made here; holds the result.

    Returns
    -------
    str or None
        What the weights went through, such as ``Q4_1``; None if they were not quantized.

    Raises
    ------
    FetchFailed
        transformers cannot read the file.
    """
    watch.report("converting")
    finished = run_python(
        ["-m", "playground.models.acquire.convert", str(gguf), str(folder)], watch, env=_QUIET
    )
    if finished.exit_code != 0 or not finished.lines:
        raise_if_full(finished.lines)
        raise FetchFailed(
            f"{gguf} cannot be converted: {_why(finished.exit_code, finished.lines)}."
        )
    quantization = finished.lines[-1]
    return None if quantization == "none" else quantization


def _why(exit_code: int, lines: tuple[str, ...]) -> str:
    if exit_code < 0:
        return "the system ended the conversion, most likely for want of memory"
    return lines[-1].rstrip(".") if lines else f"exit code {exit_code}"


def main(gguf: Path, folder: Path) -> None:
    """Convert in this process and print the quantization."""
    try:
        reader, metadata = _read_header(gguf)
        _require_one_file(metadata)
        shapes = {each.name: tuple(map(int, each.shape)) for each in reader.tensors}
        require_sizes(metadata, shapes)
        require_nothing_besides(metadata)
        rule, scaling = rule_of(metadata), scaling_of(metadata, _rotary_tensors(reader))
        with _alone(gguf) as place:
            _write_tokenizer(place, folder, rule, metadata)
            model = _read_model(place, metadata, scaling)
            require_all_used(model, metadata, shapes)
            model.save_pretrained(folder)
    except ModelUnavailable as reason:
        sys.exit(str(reason))
    _write_end_tokens(folder, end_token_ids(metadata))
    print(read_quantization(reader) or "none")  # noqa: T201 - to the parent


def _read_header(gguf: Path) -> tuple[GGUFReader, dict[str, Any]]:
    """Return the reader of a file, and the file's metadata.

    Raises
    ------
    ModelUnavailable
        When it is cut or broken, of which the library says where it stumbled.
    """
    from gguf import GGUFReader

    try:
        reader = GGUFReader(gguf)
        return reader, {name: field.contents() for name, field in reader.fields.items()}
    except Exception as error:  # ValueError, IndexError, UnicodeDecodeError, by what is broken
        raise ModelUnavailable(
            f"it is cut or broken, or of a version that is not known here ({reason_of(error)}); "
            "copy the file again"
        ) from error


@contextmanager
def _alone(gguf: Path) -> Iterator[Path]:
    """Show a file in a folder of its own: transformers would read what lies beside it as its."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "model.gguf")
        place.symlink_to(gguf.absolute())
        yield place


def _write_tokenizer(
    gguf: Path, folder: Path, rule: str | None, metadata: Mapping[str, Any]
) -> None:
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    apply_rule(tokenizer, rule)
    apply_spaces(tokenizer, metadata)
    tokenizer.save_pretrained(folder)


def _rotary_tensors(reader: GGUFReader) -> dict[str, Any]:
    """Return the tensors that say how positions turn; all are float32 and small."""
    named = {each.name: each for each in reader.tensors if each.name.startswith("rope_")}
    return {name: each.data for name, each in named.items()}


def _read_model(gguf: Path, metadata: Mapping[str, Any], scaling: Mapping[str, Any]) -> Any:
    """Return the network with FP32 weights and its whole config.

    Raises
    ------
    ModelUnavailable
        When the file lacks a tensor, for which transformers would put random numbers, or asks for
        what transformers does not take out of it.
    """
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    loaded: Any = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        # Without it the blocks stay as they are and can be neither saved nor quantized anew.
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.float32,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # they are refused below, by name
    )
    model, found = loaded
    if lacking := sorted(found["missing_keys"]):
        raise ModelUnavailable(
            f"it lacks {len(lacking):,} of the model's tensors, among them {lacking[0]}; take a "
            "whole file"
        )
    if mismatched := sorted(str(each[0]) for each in found["mismatched_keys"]):
        raise ModelUnavailable(
            f"its sizes ask for another shape of {mismatched[0]} than it holds; the file is not of "
            "one model"
        )
    if scaling:
        model.config.rope_parameters = scaled(model.config.rope_parameters, scaling)
    complete_attention(model.config, metadata)
    complete_numbers(model.config, metadata)
    return model


def _require_one_file(metadata: Mapping[str, Any]) -> None:
    if (parts := metadata.get("split.count", 1)) and int(parts) > 1:
        raise ModelUnavailable(
            f"it is part {int(metadata.get('split.no', 0)) + 1} of {int(parts)}; join the parts "
            "with llama.cpp's `llama-gguf-split --merge` and give the result"
        )


def _write_end_tokens(folder: Path, ids: Sequence[int]) -> None:
    path = folder / "generation_config.json"
    config = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if ids:
        path.write_text(json.dumps({**config, "eos_token_id": list(ids)}, indent=2), "utf-8")


def read_quantization(reader: GGUFReader) -> str | None:
    """Return how the weights of a GGUF file are quantized, None if they are not."""
    from gguf import LlamaFileType

    types = Counter(tensor.tensor_type.name for tensor in reader.tensors)
    quantized = [name for name, _count in types.most_common() if name not in _NOT_QUANTIZED]
    if not quantized:
        return None
    declared = reader.get_field("general.file_type")
    if declared is None:
        return str(quantized[0])
    return str(LlamaFileType(declared.contents()).name.removeprefix("MOSTLY_"))


if __name__ == "__main__":
    if hasattr(os, "nice"):  # Windows has none
        os.nice(10)  # beside a page that is used already: who looks at it goes first
    main(Path(sys.argv[1]), Path(sys.argv[2]))
