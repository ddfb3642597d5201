"""How well text and controls stand out from what is behind them (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image
from playwright.sync_api import FloatRect, Locator

MARGIN = 7  # pixels of ground around what is looked at


def painted_contrast(element: Locator, width: float | None = None, ring: bool = False) -> float:
    """Return how much the strongest pixel of a control differs from the ground around it.

    Parameters
    ----------
    element : Locator
        The control.
    width : float, optional
        Pixels from its left that are looked at: the thumb of a slider at its minimum.
    ring : bool
        Look at what is painted around the control alone.
    """
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    assert box is not None
    clip: FloatRect = {
        "x": box["x"] - MARGIN,
        "y": box["y"] - MARGIN,
        "width": (width or box["width"]) + 2 * MARGIN,
        "height": box["height"] + 2 * MARGIN,
    }
    image = np.array(Image.open(BytesIO(element.page.screenshot(clip=clip))).convert("RGB"))
    ground = image[0, 0].tolist()
    if ring:
        image[MARGIN - 1 : 1 - MARGIN, MARGIN - 1 : 1 - MARGIN] = ground
    pixels = np.unique(image.reshape(-1, 3), axis=0).tolist()
    return max(_ratio(pixel, ground) for pixel in pixels)


def contrast(element: Locator) -> float:
    """Return the contrast ratio of an element's text to its ground, from 1 to 21."""
    ink, ground = element.evaluate(
        """(element) => {
            const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
            let behind = element;
            while (behind) {
                const colour = numbers(getComputedStyle(behind).backgroundColor);
                if (colour.length === 3 || colour[3] > 0) break;
                behind = behind.parentElement;
            }
            const ground = behind ? getComputedStyle(behind).backgroundColor : 'rgb(255,255,255)';
            return [numbers(getComputedStyle(element).color), numbers(ground)];
        }"""
    )
    return _ratio(ink, ground)


def _ratio(one: list[float], other: list[float]) -> float:
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: list[float]) -> float:
    channels = [c / 255 for c in colour[:3]]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
