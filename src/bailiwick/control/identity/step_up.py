"""Step-up: the policies that demand another sign-in for some actions, written from the settings."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class StepUpRule:
    """That people need a sign-in at most so many seconds old, with a second factor, or both, for these actions."""

    actions: tuple[str, ...]
    max_age_seconds: int | None
    second_factor: bool


def step_up_policies(rules: Sequence[StepUpRule]) -> str:
    """Return the rules as Cedar policies, one each, that refuse people whose sign-in is not like that."""
    return "".join(_policy(number, rule) for number, rule in enumerate(rules, 1))


def _policy(number: int, rule: StepUpRule) -> str:
    conditions, notes = [], [f'@id("step-up-{number}")', f'@reason("{_reason(rule)}")']
    if rule.max_age_seconds is not None:
        conditions.append(f"principal.sign_in_age <= {rule.max_age_seconds}")
        notes.append(f'@max_age("{rule.max_age_seconds}")')
    if rule.second_factor:
        conditions.append("principal.second_factor")
        notes.append("@second_factor")
    # A JSON string is one in Cedar too: whatever the settings hold stays a name, which the schema must know.
    actions = ", ".join(f"Action::{json.dumps(action)}" for action in rule.actions)
    return (
        "\n"
        + "\n".join(notes)
        + f"\nforbid (\n  principal is Person,\n  action in [{actions}],\n  resource\n)\n"
        + f"unless {{ {' && '.join(conditions)} }};\n"
    )


def _reason(rule: StepUpRule) -> str:
    words = "this needs a sign-in"
    if rule.second_factor:
        words += " with a second factor"
    if rule.max_age_seconds is not None:
        words += f" that is at most {_duration(rule.max_age_seconds)} old"
    return words


def _duration(seconds: int) -> str:
    for length, name in ((_HOUR, "hour"), (_MINUTE, "minute"), (1, "second")):
        if seconds % length == 0:
            count = seconds // length
            return f"{count} {name}{'' if count == 1 else 's'}"
    raise AssertionError("every number of seconds divides by one")
