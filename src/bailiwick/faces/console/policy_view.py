"""Policies as pages show them: a text with its faults at their lines, what a replay found, and the built-in ones."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import cedarpy

from bailiwick.control.policies import Replay
from bailiwick.control.versions import Version
from bailiwick.core.policy import Checked, Fault, built_in_policies
from bailiwick.faces.console.diffs import DiffView, diff_view
from bailiwick.faces.console.words import State, count

_STATES = {
    "proposed": State("proposed", "warn"),
    "approved": State("approved, not in force", "warn"),
    "refused": State("refused", "bad"),
    "active": State("in force", "good"),
    "superseded": State("superseded", "plain"),
    "withdrawn": State("taken back", "bad"),
}


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """A line of a text, and what is wrong in it."""

    number: int
    text: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A built-in policy: its id, what it does and why."""

    id: str
    effect: str
    reason: str


def state_of(version: Version) -> State:
    """Return how a version's state is shown."""
    return _STATES[version.state.value]


def marked_lines(text: str, faults: Sequence[Fault]) -> list[MarkedLine]:
    """Return a text by lines, each with its faults."""
    at: dict[int, list[Fault]] = {}
    for fault in faults:
        at.setdefault(fault.line, []).append(fault)
    return [MarkedLine(number, line, tuple(at.get(number, ()))) for number, line in enumerate(text.split("\n"), 1)]


def glance_of(checked: Checked, replay: Replay | None) -> str:
    """Return in a sentence what a check and a replay found."""
    if checked.faults:
        return f"{count(len(checked.faults), 'fault')}: mend what is marked, then it can be proposed."
    if checked.problem:
        return f"No fault, but {checked.problem}."
    failing = sum(bool(result.problem) for result in checked.results)
    if failing:
        return f"No fault, but {failing} of {count(len(checked.results), 'test case')} fail."
    passed = f"No fault, and {count(len(checked.results), 'test case')} passed"
    return f"{passed}; {replay.words}." if replay is not None else f"{passed}."


def difference_view(name: str, diff: str, ending: str = "cedar") -> DiffView:
    """Return the difference between two versions as a page shows it."""
    return diff_view(f"diff --git a/{name}.{ending} b/{name}.{ending}\n{diff}" if diff else "")


def built_in_view() -> list[BuiltIn]:
    """Return the built-in policies by id."""
    static = json.loads(cedarpy.policies_to_json_str(built_in_policies()))["staticPolicies"].values()
    found = [BuiltIn(item["annotations"]["id"], item["effect"], item["annotations"]["reason"]) for item in static]
    return sorted(found, key=lambda item: item.id)
