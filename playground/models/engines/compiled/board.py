"""The board on which a thread writes what there is to do, for all who have a core at the moment.

Numbers alone stand there, addresses of arrays among them, so that compiled functions read it
without Python.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Board = NDArray[np.int64]

# Words that several threads write have a cache line of their own. `LEFT` says how many blocks are
# left, and in its upper half the number of the work, so that none is taken for the one before.
LEFT, DONE, OPEN = 0, 8, 16
COUNT: Final = 1 << 32
NUMBERS: Final = 1 << 30

# What is to be done, and in how many blocks.
KIND, BLOCKS = 24, 25
# Products are of bytes by bytes, or of float32 by weights of one of four forms.
PRODUCT_OF_INTEGERS, PRODUCT_OF_FLOATS, PRODUCT_OF_BFLOATS, PRODUCT_OF_HALVES = range(4)
PRODUCT_OF_CODES, ATTENTION = 4, 5
# Bytes of a weight, by the kind of product.
WEIGHT_BYTES: Final = (1, 4, 2, 2, 1)

# Of a product: where its inputs and results lie; rows and columns of each.
INPUTS, PRODUCT, ROWS, WIDTH, OUTPUTS = 26, 27, 28, 29, 30
# Its weights and, of one of integers, what turns sums into numbers: a scale a row of either, and
# what sums have too much for inputs are bytes from 0 on.
WEIGHTS, SCALES, STEPS, EXCESS = 31, 32, 33, 45

# Of attention: where queries, their weights and the mixtures lie; how many heads a row of queries
# has and how far apart two rows lie; how large a head is, and how many queries share keys.
QUERIES, WEIGHED, MIXED, HEADS, ROW_APART, SIZE, GROUP = 34, 35, 36, 37, 38, 39, 40
# Where the table of caches lies, which layer looks back, how far, and the longest past of all.
PASTS, LAYER, WINDOW, LONGEST = 41, 42, 43, 44

BOARD_WORDS = 48

# Words of a cache in that table: where its keys and values begin, the tokens held, those there is
# room for.
KEYS, VALUES, HELD, CAPACITY = range(4)
PAST_WORDS: Final = 4

# Words of a linear layer: what kind of product it is, where its weights lie, its size, and where
# its scales, the excess of its sums and its bias lie; 0 where it has none.
FORM, LAYER_WEIGHTS, LAYER_OUTPUTS, LAYER_WIDTH, LAYER_SCALES, LAYER_EXCESS, BIAS = range(7)
LINEAR_WORDS: Final = 7

# Words of a block: where the gains of its norms lie, 0 where it has none; how far it looks back,
# and which rotations turn its heads.
ATTENTION_NORM, MLP_NORM, HEAD_NORM, ATTENTION_END_NORM, MLP_END_NORM, LOOK, TURNS = range(7)
BLOCK_WORDS: Final = 7
# The gates, as `playground.core.activations` calls them.
SILU, GELU_TANH = range(2)
# Its linear layers, in the order in which they are used.
QKV, OUTPUT, GATE_UP, DOWN = range(4)
