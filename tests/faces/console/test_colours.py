"""The colours of console.css: every pair that carries text can be read, by light and by dark (WCAG 2.2, 1.4.3)."""

import re
from itertools import product
from pathlib import Path

import pytest

from bailiwick.faces import console

CSS = (Path(console.__file__).parent / "static" / "console.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.S)
)
INKS = ("text", "quiet", "accent", "good", "warn", "bad")
CODE = ("text", "quiet", "code-keyword", "code-text", "code-number", "code-comment")
PAIRS = [
    *product(INKS, ("ground", "raised")),
    *product(CODE, ("ground", "plus", "minus")),
    *(("ground", paint) for paint in ("accent", "bad", "warn")),  # buttons and the badge
]


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("scheme", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_every_pair_can_be_read(scheme: str, colours: dict[str, str]) -> None:
    poor = {pair: round(contrast(*(colours[name] for name in pair)), 2) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < 4.5} == {}


def test_the_measure_is_right() -> None:
    assert round(contrast("#ffffff", "#000000"), 1) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_no_colour_stands_outside_of_the_variables() -> None:
    rules = re.sub(r":root \{.*?\}", "", CSS, flags=re.S)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s])", rules) == []
    assert set(re.findall(r"var\(--([\w-]+)\)", rules)) <= set(LIGHT) == set(DARK)
