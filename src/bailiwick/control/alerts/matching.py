"""Whether an event is one that a rule counts, to which group it belongs, and what is said of it."""

from fnmatch import fnmatchcase

from bailiwick.control.alerts.model import AlertRule, Fact
from bailiwick.core.events import AuditEvent, ContextFact

# What alerts and their messages do themselves raises none, or they would never end.
_OWN = ("alert.", "notice.")
_LONGEST_KEY, _LONGEST_WORDS = 250, 300


def matches(rule: AlertRule, event: AuditEvent) -> bool:
    """Return whether the rule counts this event."""
    match = rule.match
    if event.action.startswith(_OWN) or not any(_like(event.action, wanted) for wanted in match.actions):
        return False
    held = (
        (event.outcome.value, match.outcome),
        (event.resource, match.resource),
        (event.actor, match.actor),
        (event.app, match.app),
    )
    if not all(not wanted or _like(value, wanted) for value, wanted in held):
        return False
    return all(_fits(event.context.get(name), fact) for name, fact in match.facts.items())


def key_of(rule: AlertRule, event: AuditEvent) -> str:
    """Return the group that an event belongs to."""
    return " ".join(str(getattr(event, name)) for name in rule.group_by)[:_LONGEST_KEY]


def words_of(event: AuditEvent, count: int) -> str:
    """Say what happened, from the event itself."""
    said = f"{event.action} at {event.resource} by {event.actor}"
    facts = event.context
    if event.action == "anomaly.found":
        said = f"{event.resource}: {facts.get('measure')} was {facts.get('value')}, expected {facts.get('expected')}"
        if facts.get("kind") == "first":
            said = f"{event.resource} used {facts.get('measure')} for the first time"
    if event.reason:
        said += f": {event.reason}"
    times = f" ({count} times)" if count > 1 else ""
    return f"{said[: _LONGEST_WORDS - len(times)]}{times}"


def _like(value: str, wanted: str) -> bool:
    # Only the star is special: brackets and question marks are what they are.
    return fnmatchcase(value, wanted.replace("[", "[[]").replace("?", "[?]"))


def _fits(value: ContextFact, fact: Fact) -> bool:
    if fact.at_least is not None:
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= fact.at_least
    values = value if isinstance(value, tuple | list) else (value,)
    return any(one is not None and _like(str(one), fact.like or "*") for one in values)
