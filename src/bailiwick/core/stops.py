"""What a stop covers, as both planes and people write it: an app, a folder, whatever a person builds, or everything."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.principals import Principal

_HOW = (
    "write everything, a path such as finance/refund-desk, or one of app:, folder:, tenant:, builder:, integration:, "
    "model: and plane: before a name"
)
_LONGEST = 300


class StopKind(StrEnum):
    """By what a stop covers something."""

    APP = "app"
    FOLDER = "folder"
    TENANT = "tenant"
    BUILDER = "builder"
    INTEGRATION = "integration"
    MODEL = "model"
    PLANE = "plane"
    EVERYTHING = "everything"


# What these cover is not running code but a way out of it: apps stay up, and are refused there.
WAYS = frozenset({StopKind.INTEGRATION, StopKind.MODEL})


@dataclass(frozen=True, slots=True)
class StopScope:
    """What a stop covers; `subject` is the path, name or person, empty for everything."""

    kind: StopKind
    subject: str = ""

    @classmethod
    def parse(cls, written: str) -> Self:
        """Read the written form; a path without a kind is an app. Raises `InvalidInputError` when it is none."""
        text = written.strip()
        if text == StopKind.EVERYTHING:
            return cls(StopKind.EVERYTHING)
        kind, colon, subject = text.partition(":")
        if not colon:
            kind, subject = StopKind.APP, text
        subject = subject.strip().strip("/")
        known = kind in set(StopKind) - {StopKind.EVERYTHING}
        if not known or not subject or len(subject) > _LONGEST or (not colon and "/" not in subject):
            raise InvalidInputError(f"'{written[:80]}' does not say what to stop", hint=_HOW)
        if kind == StopKind.BUILDER:
            subject = str(Principal.parse(subject if ":" in subject else f"user:{subject.lower()}"))
        return cls(StopKind(kind), subject)

    @property
    def written(self) -> str:
        """The form that `parse` reads."""
        return f"{self.kind}:{self.subject}" if self.subject else str(self.kind)

    @property
    def words(self) -> str:
        """What it covers, in words."""
        match self.kind:
            case StopKind.EVERYTHING:
                return "everything"
            case StopKind.APP:
                return self.subject
            case StopKind.BUILDER:
                return f"every app of {self.subject}"
            case StopKind.PLANE:
                return f"the data plane {self.subject}"
            case _:
                return f"the {self.kind} {self.subject}"

    def covers_app(self, app: str, tenant: str, plane: str, apps: Collection[str] = ()) -> bool:
        """Return whether an app of a tenant is stopped by it at a plane; `apps` are a builder's, who are named so."""
        return {
            StopKind.EVERYTHING: True,
            StopKind.APP: app == self.subject,
            StopKind.FOLDER: app.startswith(f"{self.subject}/"),
            StopKind.TENANT: tenant == self.subject,
            StopKind.BUILDER: app in apps,
            StopKind.PLANE: plane == self.subject,
        }.get(self.kind, False)

    def covers_way(self, kind: StopKind, name: str, tenant: str, plane: str) -> bool:
        """Return whether an integration or a model of this name is stopped by it at a plane."""
        return {
            StopKind.EVERYTHING: True,
            StopKind.TENANT: tenant == self.subject,
            StopKind.PLANE: plane == self.subject,
        }.get(self.kind, (self.kind, self.subject) == (kind, name))
