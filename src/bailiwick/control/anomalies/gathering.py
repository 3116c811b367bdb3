"""What a minute holds: events of the audit log and rollups, added up by whom and what they concern."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from bailiwick.core.events import AuditEvent, Outcome

_CALLS = frozenset({"query.executed", "service.called", "tool.called", "mail.sent"})
_MOST_PEOPLE, _MOST_TABLES, _MOST_NAMES = 20, 500, 20_000
_LONGEST_NAME = 300
_ABSURD = 1e18
# The part of an address that networks share.
_SHARED_BITS = {4: 24, 6: 48}
_BYTES = ("bytes", "sent_bytes", "received_bytes", "bytes_in", "bytes_out")


@dataclass
class Minute:
    """Sums by subject and measure, the tables and people of each subject, and who had to do with what."""

    sums: dict[tuple[str, str], float] = field(default_factory=dict)
    tables: dict[str, set[str]] = field(default_factory=dict)
    people: dict[str, set[str]] = field(default_factory=dict)
    met: set[tuple[str, str]] = field(default_factory=set)

    def add(self, event: AuditEvent) -> None:
        """Count an event, if it is one of use: a call, a refusal, or a sign-in."""
        person = event.actor if event.actor.startswith(("user:", "agent:", "service:")) else ""
        app = f"app:{event.app}" if event.app else ""
        if event.outcome is Outcome.REFUSED:
            self._count((app, person), "refused", 1)
            self._with(app, person)
            return
        if event.action == "session.created" and person:
            self._count((person,), "sign-ins", 1)
            self._meet(person, _network(event.context.get("address") or event.client))
        elif event.action == "model.called":
            self._called(event, app, person)
        elif event.action in _CALLS:
            self._used(event, app, person)

    def _called(self, event: AuditEvent, app: str, person: str) -> None:
        subjects = (app, person, event.resource)
        facts = event.context
        self._count(subjects, "model-calls", 1)
        self._count(subjects, "tokens", _number(facts.get("tokens_in")) + _number(facts.get("tokens_out")))
        self._count(subjects, "spend", _number(facts.get("cost")))
        self._with(app, person)
        self._with(event.resource, person)
        for who in (app, person):
            self._meet(who, event.resource)

    def _used(self, event: AuditEvent, app: str, person: str) -> None:
        subjects = (app, person, event.resource)
        self._count(subjects, "calls", 1)
        self._count(subjects, "rows", _number(event.context.get("rows")))
        self._count(subjects, "bytes", sum(_number(event.context.get(name)) for name in _BYTES))
        tables = event.context.get("tables")
        for table in tables if isinstance(tables, tuple | list) else ():
            for who in (app, person):
                known = self.tables.setdefault(who, set()) if who else set()
                if len(known) < _MOST_TABLES:
                    known.add(table)
            self._meet(app, f"{event.resource}/{table}")
        self._with(app, person)
        self._with(event.resource, person)
        self._meet(person, event.resource)
        self._meet(app, event.resource)

    def requests(self, app: str, count: int, errors: int, slow_ms: float) -> None:
        """Count requests of an app in production."""
        subject = f"app:{app}"
        self._count((subject,), "requests", count)
        self._count((subject,), "errors", errors)
        if count:
            before = self.sums.get((subject, "latency"), 0.0)
            self.sums[subject, "latency"] = max(before, slow_ms)

    def values(self) -> dict[tuple[str, str], float]:
        """Return the value of each series in this minute; what is not there was nothing."""
        return {**self.sums, **{(who, "tables"): float(len(known)) for who, known in self.tables.items() if known}}

    def _count(self, subjects: Iterable[str], measure: str, number: float) -> None:
        for subject in subjects:
            key = (subject[:_LONGEST_NAME], measure)
            if subject and (key in self.sums or len(self.sums) < _MOST_NAMES):
                self.sums[key] = self.sums.get(key, 0.0) + number

    def _with(self, subject: str, person: str) -> None:
        if subject and person:
            known = self.people.setdefault(subject, set())
            if len(known) < _MOST_PEOPLE:
                known.add(person)

    def _meet(self, subject: str, thing: str) -> None:
        if subject and thing and len(self.met) < _MOST_NAMES:
            self.met.add((subject[:_LONGEST_NAME], thing[:_LONGEST_NAME]))

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "sums": [[*key, value] for key, value in self.sums.items()],
            "tables": {who: sorted(known) for who, known in self.tables.items()},
            "people": {who: sorted(known) for who, known in self.people.items()},
            "met": sorted(self.met),
        }


def minute_of(document: Mapping[str, Any]) -> Minute:
    """Return what was written as JSON."""
    return Minute(
        {(subject, measure): value for subject, measure, value in document.get("sums", ())},
        {who: set(known) for who, known in document.get("tables", {}).items()},
        {who: set(known) for who, known in document.get("people", {}).items()},
        {(subject, thing) for subject, thing in document.get("met", ())},
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < _ABSURD else 0.0


def _network(address: object) -> str:
    """Return the network that an address lies in: whoever moves within one is no news."""
    try:
        known = ip_address(str(address or ""))
    except ValueError:
        return ""
    return f"network:{ip_network((known, _SHARED_BITS[known.version]), strict=False)}"
