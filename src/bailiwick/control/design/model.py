"""A design as a plain value, with a digest that an approval names and a comparison that says what grew."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bailiwick.core.events import canonical_json

PartKind = Literal["data", "host", "model", "job"]
_WORDS: dict[PartKind, str] = {
    "data": "uses",
    "host": "connects to",
    "model": "asks the model",
    "job": "runs by itself:",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Something that an app works with, and what it may do there. `seen` is whether the code was seen to use it."""

    kind: PartKind
    name: str
    verbs: tuple[str, ...] = ()
    seen: bool = True

    @property
    def words(self) -> str:
        """The part as a line."""
        verbs = f" ({', '.join(self.verbs)})" if self.verbs else ""
        return f"{_WORDS[self.kind]} {self.name}{verbs}"


@dataclass(frozen=True, slots=True)
class Design:
    """What an app is for, the classes of data that it handles, and its parts."""

    purpose: str
    kind: str
    data_classes: tuple[str, ...]
    parts: tuple[Part, ...]

    def digest(self) -> str:
        """Return the SHA-256 (64 hex digits) of all that is approved; what was seen in the code is not."""
        document = {
            "purpose": self.purpose,
            "kind": self.kind,
            "data_classes": list(self.data_classes),
            "parts": [[part.kind, part.name, list(part.verbs)] for part in self.parts],
        }
        return hashlib.sha256(canonical_json(document)).hexdigest()

    def grown_since(self, before: "Design | None") -> tuple[str, ...]:
        """Return in words what is new against an earlier design; without one everything is."""
        return tuple(self._new(before))

    def _new(self, before: "Design | None") -> Iterator[str]:
        if before is None or self.purpose != before.purpose:
            yield f"is for: {self.purpose}"
        if before is not None and self.kind != before.kind:
            yield f"is of the kind {self.kind}"
        known = set(before.data_classes) if before else set()
        yield from (f"handles {name} data" for name in self.data_classes if name not in known)
        earlier = {part.words for part in before.parts} if before else set()
        yield from (part.words for part in self.parts if part.words not in earlier)
