"""Guardrails as they are kept, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from bailiwick.core.guardrails import Environment, Rail


@dataclass(frozen=True, slots=True)
class GuardrailDraft:
    """What somebody wants said at a place; `place` is `organization:default`, `folder:…` or `app:…`."""

    section: str
    place: str
    values: Mapping[str, JsonValue]
    environment: Environment = ""
    binding: bool = False


@dataclass(frozen=True, slots=True)
class Guardrail:
    """What is said at a place, or was: its version counts the changes there."""

    rail: Rail
    version: int
    set_by: str
    set_at: datetime
    reason: str
    ended_by: str = ""
    ended_at: datetime | None = None

    @property
    def name(self) -> str:
        """What it is about and where it stands."""
        where = f" in {self.rail.environment}" if self.rail.environment else ""
        return f"{self.rail.section} of {self.rail.place}{where}"

    @property
    def words(self) -> str:
        """What it says."""
        said = ", ".join(f"{name} = {value}" for name, value in self.rail.values.items())
        return f"{said} (binding)" if self.rail.binding else said
