"""Scores of CVSS 4.0 vectors, base, threat and environment (FIRST, "CVSS v4.0 Specification Document", section 8.2).

Metrics form groups (EQ1 to EQ6, with EQ3 and EQ6 as one), and vectors whose groups are on the same levels share a
score from the standard's table. Within a group a vector lies some steps below the worst of its level; that moves the
score the same share of the way to the next lower level.
"""

import itertools
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files

# The values of each metric from the worst on; the place is the number of steps.
_BASE: Mapping[str, str] = {
    "AV": "NALP", "AC": "LH", "AT": "NP", "PR": "NLH", "UI": "NPA",
    "VC": "HLN", "VI": "HLN", "VA": "HLN", "SC": "HLN", "SI": "HLN", "SA": "HLN",
}  # fmt: skip
_REQUIREMENTS: Mapping[str, str] = {"CR": "HML", "IR": "HML", "AR": "HML"}
_THREAT: Mapping[str, str] = {"E": "APU"}
# Only an environment can say that people may be harmed (S), in the systems behind.
_SAFETY = frozenset({"MSI", "MSA"})
# What says more of a fault and moves no score.
_SUPPLEMENTAL: Mapping[str, str] = {"S": "NP", "AU": "NY", "R": "AUI", "V": "DC", "RE": "LMH", "U": ""}
_URGENCY = frozenset({"X", "Clear", "Green", "Amber", "Red"})
_IMPACTS = ("VC", "VI", "VA", "SC", "SI", "SA")
_TENTH = Decimal("0.1")

Values = Mapping[str, str]
Levels = tuple[int, ...]


@dataclass(frozen=True)
class _Group:
    """Metrics that are judged together: their values, and on which levels (one, or those of EQ3 and EQ6) they are."""

    metrics: Mapping[str, str]
    level: Callable[[Values], Levels]

    def steps(self, values: Values) -> int:
        """Return how many steps the values are from the worst that there are."""
        return sum(order.index(values[name]) for name, order in self.metrics.items())


def score(vector: str) -> float | None:
    """Return the score (0 to 10) of a vector, by all that it says; None when it is no vector of version 4.0."""
    said = _parsed(vector)
    if said is None:
        return None
    values = _effective(said)
    if all(values[name] == "N" for name in _IMPACTS):
        return 0.0
    levels = tuple(group.level(values) for group in _GROUPS)
    table = _table()
    top = table[levels]
    shares: list[Fraction] = []
    for place, group in enumerate(_GROUPS):
        below = [table[found] for found in _lower(levels, place) if found in table]
        if below:
            nearest, depth = _extent(place)[levels[place]]
            shares.append((top - max(below)) * Fraction(group.steps(values) - nearest, depth))
    exact = top - sum(shares, Fraction(0)) / max(len(shares), 1)
    return _rounded(exact)


def _parsed(vector: str) -> dict[str, str] | None:
    """Return what a vector says by metric, or None: each metric once, known, and every one of the base."""
    head, *parts = vector.split("/")
    said = dict(part.split(":", 1) for part in parts if ":" in part)
    sound = head == "CVSS:4.0" and len(said) == len(parts) and said.keys() >= _BASE.keys()
    return said if sound and all(value in _allowed(name) for name, value in said.items()) else None


def _allowed(name: str) -> frozenset[str]:
    if name == "U":
        return _URGENCY
    if name in _BASE:
        return frozenset(_BASE[name])
    others = {**_REQUIREMENTS, **_THREAT, **_SUPPLEMENTAL, **{f"M{base}": order for base, order in _BASE.items()}}
    more = {"X"} | ({"S"} if name in _SAFETY else set())
    return frozenset(others[name]) | more if name in others else frozenset()


def _effective(said: Values) -> dict[str, str]:
    """Return the values that count: those of the environment before the base's, the worst where nothing is said."""
    values = {}
    for name, order in {**_BASE, **_REQUIREMENTS, **_THREAT}.items():
        modified = said.get(f"M{name}", "X")
        own = said.get(name, "X")
        values[name] = modified if modified != "X" else own if own != "X" else order[0]
    return values


def _eq1(it: Values) -> Levels:
    easy = [it["AV"] == "N", it["PR"] == "N", it["UI"] == "N"]
    return (0 if all(easy) else 1 if any(easy) and it["AV"] != "P" else 2,)


def _eq2(it: Values) -> Levels:
    return (0 if it["AC"] == "L" and it["AT"] == "N" else 1,)


def _eq3_eq6(it: Values) -> Levels:
    high = [it["VC"] == "H", it["VI"] == "H", it["VA"] == "H"]
    needed = [it["CR"] == "H", it["IR"] == "H", it["AR"] == "H"]
    eq3 = 0 if high[0] and high[1] else 1 if any(high) else 2
    return eq3, 0 if any(one and other for one, other in zip(high, needed, strict=True)) else 1


def _eq4(it: Values) -> Levels:
    return (0 if "S" in {it["SI"], it["SA"]} else 1 if "H" in {it["SC"], it["SI"], it["SA"]} else 2,)


def _eq5(it: Values) -> Levels:
    return ("APU".index(it["E"]),)


def _some(*names: str) -> dict[str, str]:
    return {name: {**_BASE, **_REQUIREMENTS, **_THREAT}[name] for name in names}


_GROUPS: Sequence[_Group] = (
    _Group(_some("AV", "PR", "UI"), _eq1),
    _Group(_some("AC", "AT"), _eq2),
    _Group(_some("VC", "VI", "VA", "CR", "IR", "AR"), _eq3_eq6),
    _Group({"SC": "SHLN", "SI": "SHLN", "SA": "SHLN"}, _eq4),
    _Group(_some("E"), _eq5),
)


@cache
def _extent(place: int) -> Mapping[Levels, tuple[int, int]]:
    """Return for each level of a group the steps of its worst values, and its depth: one more than to its mildest.

    The worst values of a level, which the standard lists, all lie equally many steps away.
    """
    group = _GROUPS[place]
    found: dict[Levels, list[int]] = {}
    for combination in itertools.product(*group.metrics.values()):
        values = dict(zip(group.metrics, combination, strict=True))
        if values.get("SC") != "S":
            found.setdefault(group.level(values), []).append(group.steps(values))
    return {level: (min(steps), max(steps) - min(steps) + 1) for level, steps in found.items()}


def _lower(levels: tuple[Levels, ...], place: int) -> Iterator[tuple[Levels, ...]]:
    """Yield the levels that are next below in one group; of EQ3 and EQ6, which hang together, either may go down."""
    at = levels[place]
    downs = [tuple(item + (number == which) for number, item in enumerate(at)) for which in range(len(at))]
    yield from ((*levels[:place], down, *levels[place + 1 :]) for down in downs)


@cache
def _table() -> Mapping[tuple[Levels, ...], Fraction]:
    text = (files("bailiwick.control.review") / "data" / "cvss4.toml").read_text()
    return {_levels(name): Fraction(points) for points, names in tomllib.loads(text).items() for name in names}


def _levels(name: str) -> tuple[Levels, ...]:
    one, two, three, four, five, six = map(int, name)
    return (one,), (two,), (three, six), (four,), (five,)


def _rounded(exact: Fraction) -> float:
    value = min(max(exact, Fraction(0)), Fraction(10))
    return float((Decimal(value.numerator) / Decimal(value.denominator)).quantize(_TENTH, ROUND_HALF_UP))
