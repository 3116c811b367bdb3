"""The base score of CVSS 3.0 and 3.1 vectors (FIRST, "CVSS v3.1 Specification Document", section 7.1)."""

import math
from collections.abc import Mapping

from bailiwick.control.review.advisories.model import Level

_WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PRIVILEGES = {"U": {"N": 0.85, "L": 0.62, "H": 0.27}, "C": {"N": 0.85, "L": 0.68, "H": 0.5}}


def base_score(vector: str) -> float | None:
    """Return the base score (0 to 10) of a vector; None when it is none of version 3."""
    if not vector.startswith("CVSS:3."):
        return None
    said = dict(part.split(":", 1) for part in vector.split("/")[1:] if ":" in part)
    try:
        weight = {name: values[said[name]] for name, values in _WEIGHTS.items()}
        privileges, changed = _PRIVILEGES[said["S"]][said["PR"]], said["S"] == "C"
    except KeyError:
        return None
    left = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    impact = 7.52 * (left - 0.029) - 3.25 * (left - 0.02) ** 15 if changed else 6.42 * left
    if impact <= 0:
        return 0.0
    reach = 8.22 * weight["AV"] * weight["AC"] * privileges * weight["UI"]
    return _rounded_up(min((1.08 if changed else 1.0) * (impact + reach), 10))


def _rounded_up(number: float) -> float:
    """Return a number rounded up to one decimal, without the errors of floats (appendix A)."""
    whole = round(number * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (math.floor(whole / 10_000) + 1) / 10


def level_of(score: float) -> Level:
    """Return the word for a score (section 5); what harms nothing counts as low."""
    return "critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low"  # noqa: PLR2004
