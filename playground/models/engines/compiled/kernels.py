"""What is compiled, as it is called from Python.

Importing this module compiles it, or loads what was compiled before; see
`playground.models.engines.compiled.ready`.
"""

from __future__ import annotations

from playground.models.engines.compiled.board import BOARD_WORDS, OPEN
from playground.models.engines.compiled.decoding import multiply, run_blocks
from playground.models.engines.compiled.elementwise import gate_rows, normalise_rows, turn_rows
from playground.models.engines.compiled.integers import join_rows, split_rows
from playground.models.engines.compiled.sharing import help_out

__all__ = [
    "BOARD_WORDS",
    "OPEN",
    "gate_rows",
    "help_out",
    "join_rows",
    "multiply",
    "normalise_rows",
    "run_blocks",
    "split_rows",
    "turn_rows",
]
