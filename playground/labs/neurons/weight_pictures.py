"""Weights as pictures: one pixel a weight, coloured by its sign, the more opaque the larger."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

from playground.core.functional import FloatArray

POSITIVE, NEGATIVE = (20, 148, 136), (224, 96, 20)  # teal and orange, on light and on dark
_LEVELS = 24  # of each sign


def weight_picture(weights: FloatArray, side: int, largest: float) -> str:
    """Return weights as the address of a PNG that holds itself: ``data:image/png;base64,...``.

    Parameters
    ----------
    weights : array of shape (side * side,)
        Row by row from the top.
    side : int
        Pixels in a row.
    largest : float
        What is drawn at full strength, and whatever is above it.
    """
    share = np.clip(weights / (largest or 1.0), -1, 1)
    levels = np.rint(np.nan_to_num(share) * _LEVELS).astype(int) + _LEVELS
    lines = np.zeros((side, side + 1), np.uint8)  # each begins with its filter, none
    lines[:, 1:] = levels.reshape(side, side)
    head = struct.pack(">IIBBBBB", side, side, 8, 3, 0, 0, 0)
    body = (
        _chunk(b"IHDR", head)
        + _chunk(b"PLTE", bytes(NEGATIVE) * _LEVELS + bytes(POSITIVE) * (_LEVELS + 1))
        + _chunk(b"tRNS", _strengths())
        + _chunk(b"IDAT", zlib.compress(lines.tobytes()))
        + _chunk(b"IEND", b"")
    )
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()


def _strengths() -> bytes:
    return bytes(round(255 * abs(level) / _LEVELS) for level in range(-_LEVELS, _LEVELS + 1))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
