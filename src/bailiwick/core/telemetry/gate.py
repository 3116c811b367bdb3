"""Lets pass what is in the register and is on; whatever else a part of the platform would send is left out and told."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar

from bailiwick.core.events import AuditEvent, ContextFact
from bailiwick.core.telemetry.register import own_register

_LOG = logging.getLogger("bailiwick.telemetry")
_T = TypeVar("_T")
_OPTIONAL = ("reason", "app", "release", "trace", "plane", "acting_for", "client", "client_kind")
_FACTS = ("context", "before", "after")


def _told(name: str) -> None:
    _LOG.warning("%s is not in the register of telemetry, and is not sent", name)


@dataclass(frozen=True)
class Gate:
    """`on` are the fields that leave, `declared` all that are in the register. What is in neither is `told` once."""

    on: frozenset[str]
    declared: frozenset[str]
    told: Callable[[str], None] = _told
    _known: set[str] = field(default_factory=set, repr=False, compare=False)

    def passes(self, name: str) -> bool:
        """Return whether a field leaves."""
        if _named(name, self.on):
            return True
        if name not in self._known and not _named(name, self.declared):
            self._known.add(name)
            self.told(name)
        return False

    def event(self, event: AuditEvent) -> AuditEvent:
        """Return an event with what of it leaves; the rest is empty."""
        changed: dict[str, Any] = {
            name: "" for name in _OPTIONAL if getattr(event, name) and not self.passes(f"event.{name}")
        }
        if event.deciders and not self.passes("event.deciders"):
            changed["deciders"] = ()
        for name in _FACTS:
            facts: Mapping[str, ContextFact] | None = getattr(event, name)
            if facts:
                kept = self._facts(event.action, facts) if self.passes(f"event.{name}") else {}
                if len(kept) < len(facts):
                    changed[name] = kept
        return event.model_copy(update=changed) if changed else event

    def document(self, to: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return a document with what of it leaves in one form; what is below a name is declared by itself."""
        return {
            name: self._below(f"{to}.{name}", value) for name, value in document.items() if self.passes(f"{to}.{name}")
        }

    def values(self, to: str, said: _T) -> _T:
        """Return a dataclass with what of it leaves; the rest is empty."""
        assert is_dataclass(said) and not isinstance(said, type)  # noqa: S101 - of our own
        held = {item.name: getattr(said, item.name) for item in fields(said)}
        empty = {name: type(value)() for name, value in held.items() if value and not self.passes(f"{to}.{name}")}
        return replace(said, **empty) if empty else said

    def _facts(self, action: str, facts: Mapping[str, ContextFact]) -> dict[str, ContextFact]:
        if f"facts-of.{action}" in self.on:
            return dict(facts)
        return {name: value for name, value in facts.items() if self.passes(f"fact.{name}")}

    def _below(self, name: str, value: Any) -> Any:
        if f"{name}.*" in self.on:
            return value
        if isinstance(value, Mapping):
            return self.document(name, value)
        if isinstance(value, list | tuple):
            return [self._below(name, item) for item in value]
        return value


def _named(name: str, among: frozenset[str]) -> bool:
    if name in among:
        return True
    return any(f"{above}.*" in among for above in _above(name))


def _above(name: str) -> Iterable[str]:
    place = name.rfind(".")
    while place > 0:
        yield name[:place]
        place = name.rfind(".", 0, place)


@cache
def declared_gate() -> Gate:
    """Return what lets pass all that this version declares, and nothing else."""
    names = frozenset(own_register().fields)
    return Gate(names, names)
