"""Fields of planes' reports that somebody may switch off, why the others are needed, and reports without some."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from bailiwick.core.messages import AnyReport
from bailiwick.core.telemetry.reports import models_in

# What a report says beside what the control plane works by: words, people and details. The rest stays as it is.
MAY_BE_LEFT_OUT = frozenset(
    f"plane.{name}"
    for name in (
        "app.words", "egress.hosts.people", "egress.hosts.reason", "kill.requests.principal", "kill.requests.limit",
        "kill.log_lines", "job.log_lines", "job.words", "job.asked_by", "rehearsal.why", "rehearsal.diff",
        "rehearsal.notes", "rehearsal.steps.locks", "rollout.words", "networks.tries.words", "worker.words",
        "worker.letters.queued_by", "worker.letters.words", "worker.log_lines", "catalogue.tables.rows",
        "catalogue.tables.columns.because", "catalogue.fault", "limits.nearest.who", "limits.breaker_words",
        "database.snapshots.why", "spans.spans.person", "spans.spans.facts",
    )
)  # fmt: skip
_AUDIT = "plane.audit."
_BY_KIND: Mapping[str, str] = {
    "kill": "what is stopped, and what stays so, follows from it",
    "decisions": "policies are tried on it before they decide",
    "accounts": "accounts that nobody owns are found by it",
    "rehearsal": "whoever approves decides by it",
    "rollout": "whether a release goes on to more people follows from it",
    "attacks": "what attacks on the sandbox came to is nothing without it",
    "catalogue": "classes of data, and with them grants, follow from it",
    "uniqueness": "whether people can be told apart in a table follows from it",
    "outflows": "what leaves for models is counted from it",
    "model-use": "budgets are counted from it",
    "day-use": "what passed of a day's limits is counted from it",
    "egress": "what an app reaches is judged by it",
    "policies": "a plane that decides by old policies would look well without it",
    "networks": "walls between networks are proved by it",
    "attestation": "what runs is proved by it",
}
_OTHERWISE = "the control plane cannot read the report, or would take it for another one, without it"


def why_needed(name: str) -> str:
    """Return why a field of planes' reports cannot be switched off, empty where it can."""
    if name in MAY_BE_LEFT_OUT:
        return ""
    if name.startswith(_AUDIT):
        return "the audit log has each event whole, as it was"
    return _BY_KIND.get(name.split(".")[1], _OTHERWISE)


def without(body: dict[str, Any], kind: str, off: Iterable[str]) -> None:
    """Take fields out of a report that is about to be written: what it need not have goes, else it is empty."""
    for name in off:
        path = name.split(".")
        if path[:2] == ["plane", kind] and name in MAY_BE_LEFT_OUT:
            for holder in _holders(body, path[2:-1]):
                _empty(holder, path[-1], name)


def _empty(holder: dict[str, Any], field: str, name: str) -> None:
    if field not in holder:
        return
    otherwise = _empties()[name]
    if otherwise is None:
        del holder[field]
    else:
        holder[field] = otherwise()


def _holders(value: Any, path: list[str]) -> Iterator[dict[str, Any]]:
    """Yield what is at a path, through all items of lists on the way."""
    if isinstance(value, list):
        for item in value:
            yield from _holders(item, path)
    elif isinstance(value, dict):
        if path:
            yield from _holders(value.get(path[0]), path[1:])
        else:
            yield value


@cache
def _empties() -> Mapping[str, type[str] | type[list[Any]] | None]:
    """Return what stands in the place of each field that may be off; None where nothing need be there."""
    found: dict[str, type[str] | type[list[Any]] | None] = {}
    for model in get_args(AnyReport):
        for name, told in _told(model, f"plane.{model.model_fields['kind'].default}"):
            if name in MAY_BE_LEFT_OUT:
                found[name] = None if not told.is_required() else list if get_origin(told.annotation) is tuple else str
    return found


def _told(model: type[BaseModel], path: str) -> Iterator[tuple[str, Any]]:
    for name, told in model.model_fields.items():
        yield f"{path}.{name}", told
        for inner in models_in(told.annotation):
            if inner is not model:
                yield from _told(inner, f"{path}.{name}")
