"""Strings in twenty scripts, emoji families and code, drawn with a fixed seed."""

from __future__ import annotations

import random

# First and last letter of a stretch without gaps, of each script.
SCRIPTS = {
    "Latin": (0x61, 0x7A),
    "Latin Extended": (0xE0, 0xFE),
    "Greek": (0x3B1, 0x3C9),
    "Cyrillic": (0x430, 0x44F),
    "Armenian": (0x561, 0x586),
    "Hebrew": (0x5D0, 0x5EA),
    "Arabic": (0x627, 0x63A),
    "Devanagari": (0x905, 0x939),
    "Bengali": (0x995, 0x9A8),
    "Tamil": (0xB8E, 0xB90),
    "Telugu": (0xC15, 0xC28),
    "Thai": (0xE01, 0xE30),
    "Tibetan": (0xF40, 0xF47),
    "Georgian": (0x10D0, 0x10F0),
    "Amharic": (0x1200, 0x1248),
    "Khmer": (0x1780, 0x17A2),
    "Hiragana": (0x3041, 0x3096),
    "Katakana": (0x30A1, 0x30FA),
    "Han": (0x4E00, 0x9FA5),
    "Hangul": (0xAC00, 0xD7A3),
    "Gothic": (0x10330, 0x1034A),
    "Cuneiform": (0x12000, 0x12399),
}
EMOJI = (
    "🙂",
    "👩‍👩‍👧‍👦",
    "🇩🇪",
    "👍🏽",
    "🏳️‍🌈",
    "❤️",
    "🧑🏿‍🚀",
    "1️⃣",
    "🦑",
    "👨‍💻",
)
CODE = (
    "def add(a, b):\n    return a + b\n",
    "for (int i = 0; i < n; ++i) { sum += a[i]; }",
    '<div class="a">&amp;</div>',
    "SELECT * FROM t WHERE x > 3.14 --\n",
    "\tif x:\r\n\t\tpass",
    "λ x → x ⊕ ∅",
    "#!/bin/sh\nset -euo pipefail\n",
    '{"a": [1, 2, null]}',
    "a\\nb\\u0041",
    "https://example.org/?q=a%20b#c",
)
ODD = (
    "",
    " ",
    "  ",
    "\n",
    "\n\n\n",
    "\t\t",
    "a\0b",
    "\u202eabc\u202c",
    "\u200b\u200d",
    "\ufeffa",
    "e\u0301 é",
    "<|im_end|>",
    "<|im_start|>system\nx",
    " leading",
    "trailing ",
    "a" * 300,
    "\x7f\x1b[31m",
    "\uffff",
    "\U0010fffd",
    "1234567890 3.14 1,000,000",
    "\u2581x \u2581",
    "\u2581🦑 é\u2581",
)


def strings(count: int = 500) -> list[str]:
    """Return so many strings; the odd ones, code and emoji are all among them."""
    dice = random.Random(0)
    names = sorted(SCRIPTS)
    fixed = [*ODD, *CODE, *EMOJI, "".join(EMOJI)]
    drawn = [
        " ".join(_word(dice, names[(at + turn) % len(names)]) for turn in range(dice.randint(1, 6)))
        for at in range(count - len(fixed))
    ]
    return fixed + drawn


def _word(dice: random.Random, script: str) -> str:
    if dice.random() < 0.15:
        return dice.choice(EMOJI)
    if dice.random() < 0.1:
        return dice.choice(CODE)
    low, high = SCRIPTS[script]
    letters = [chr(dice.randint(low, high)) for _ in range(dice.randint(1, 9))]
    return "".join(letters) + dice.choice(["", "", ".", ",", "!\n", "  "])
