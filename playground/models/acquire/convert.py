"""GGUF to safetensors, once, in a process of its own.

A GGUF file holds weights in quantized blocks. transformers can dequantize them while it loads;
saved as FP32 safetensors, the model then loads in a fraction of a second, at any precision.
The child is run as ``python -m playground.models.acquire.convert FILE FOLDER`` and prints the
file's quantization as its last line.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from playground.errors import FetchFailed
from playground.models.acquire.disk import raise_if_full
from playground.models.acquire.own_process import run_python
from playground.models.acquire.progress import Watch

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
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        # Without it the blocks stay as they are and can be neither saved nor quantized anew.
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.float32,
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    print(read_quantization(gguf) or "none")  # noqa: T201 - to the parent


def read_quantization(gguf: Path) -> str | None:
    """Return how the weights of a GGUF file are quantized, None if they are not."""
    from gguf import GGUFReader, LlamaFileType

    reader = GGUFReader(gguf)
    types = Counter(tensor.tensor_type.name for tensor in reader.tensors)
    quantized = [name for name, _count in types.most_common() if name not in _NOT_QUANTIZED]
    if not quantized:
        return None
    declared = reader.get_field("general.file_type")
    if declared is None:
        return str(quantized[0])
    return str(LlamaFileType(declared.contents()).name.removeprefix("MOSTLY_"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
