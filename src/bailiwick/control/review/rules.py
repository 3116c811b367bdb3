"""Rules by id, read from the packs: data that says what is wrong, why, how to mend it, and where it is catalogued."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from bailiwick.control.review.model import Rule, Severity

_KEYS = frozenset({"id", "severity", "why", "fix", "cwe", "owasp", "waivable"})


@cache
def rules() -> Mapping[str, Rule]:
    """Return every rule of every pack by its id."""
    found: dict[str, Rule] = {}
    for written in packed():
        rule = Rule(
            id=written["id"],
            severity=Severity[written["severity"].upper()],
            why=written["why"],
            fix=written["fix"],
            cwe=written.get("cwe", ""),
            owasp=written.get("owasp", ""),
            waivable=written.get("waivable", True),
        )
        if rule.id in found:
            raise ValueError(f"two packs have a rule '{rule.id}'")
        found[rule.id] = rule
    return found


def rule(rule_id: str) -> Rule:
    """Return a rule; raise `KeyError` when no pack has it."""
    return rules()[rule_id]


def packed(*engines: str) -> Iterator[dict[str, Any]]:
    """Yield the rules as the packs have them, with the part that is for an engine; of some engines only, if named.

    A pack is `packs/NAME.toml`: `engine = "NAME"` at its top when its rules are one engine's own, then `[[rule]]`
    tables. What a rule has besides id, severity, why, fix, cwe, owasp and waivable is for that engine to read.
    """
    folder = files("bailiwick.control.review") / "packs"
    for pack in sorted(folder.iterdir(), key=lambda item: item.name):
        if pack.name.endswith(".toml"):
            document = tomllib.loads(pack.read_text())
            if not engines or document.get("engine") in engines:
                yield from document["rule"]


def engine_part(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a packed rule says to its engine."""
    return {key: value for key, value in written.items() if key not in _KEYS}
