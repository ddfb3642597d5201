"""How well text stands out from what is painted behind it (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

from playwright.sync_api import Locator


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
    bright, dim = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: list[float]) -> float:
    channels = [c / 255 for c in colour[:3]]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
