"""The approval inbox as text: what waits for you, what waits for others, what was decided lately."""

from collections.abc import Sequence
from typing import Any

_STEPS = ((86400, "d"), (3600, "h"), (60, "min"))


def inbox_text(deploys: Sequence[dict[str, Any]]) -> str:
    """Return what waits: first what whoever asks may decide about, then the rest."""
    parts = []
    for head, mine in (("waits for you", True), ("waits for others", False)):
        lines = [_line(item) for item in deploys if item["you_may_decide"] is mine]
        parts += [f"{head}:", *lines] if lines else []
    return "\n".join(parts)


def lapsed_text(connections: Sequence[dict[str, Any]]) -> str:
    """Return which connections of whoever asks must be given again, empty for none."""
    lapsed = [item for item in connections if item["state"] == "lapsed"]
    lines = [f"  {item['integration']} on {item['plane']}: {item['lapsed_because']}" for item in lapsed]
    return "\n".join(["connections to give again, in the console:", *lines]) if lines else ""


def decided_line(item: dict[str, Any]) -> str:
    """Return a deploy that was decided: by whom, in whose place, and why."""
    behalf = f" for {item['decided_for']}" if item["decided_for"] else ""
    when = item["decided_at"][:16].replace("T", " ")
    return f"{item['id']}  {item['app']}  {item['state']} by {item['decided_by']}{behalf}, {when} UTC: {item['reason']}"


def _line(item: dict[str, Any]) -> str:
    added = item["new_in_reach"]
    new = (added[0] + (f", and {len(added) - 1} more" if len(added) > 1 else "")) if added else "nothing in reach"
    behalf = f"  for {item['for']}" if item["for"] else ""
    waits = f"; {item['waits']}" if item["waits"] else ""
    age, asked = _age(item["age_seconds"]), item["requested_by"]
    emergency = f"; EMERGENCY: {item['emergency']}" if item["emergency"] else ""
    return f"  {item['id']}  {item['app']}  {age}  asked by {asked}{behalf}{emergency}; new: {new}{waits}"


def _age(seconds: int) -> str:
    return next((f"{seconds // length} {unit}" for length, unit in _STEPS if seconds >= length), "just now")
