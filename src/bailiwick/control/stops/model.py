"""Stops, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bailiwick.core.modes import PLANE_OF_MODE, Mode
from bailiwick.core.stops import StopKind, StopScope


@dataclass(frozen=True, slots=True)
class Kill:
    """That something was stopped, in one mode or (`mode` is empty) in all, and whether a person brought it back.

    `apps` are those that were a builder's when it was stopped, or the one that tripped a `rule`. Who
    stopped something for `security` does not lift it. One
    that may recover by itself is next tried at `retry_at`, or has been since `trial_since`, for the `attempt`th time.
    """

    id: str
    scope: StopScope
    apps: tuple[str, ...]
    mode: str
    because: str
    by: str
    time: datetime
    evidence: str
    security: bool
    drain_seconds: int
    rule: str
    attempt: int
    retry_at: datetime | None
    trial_since: datetime | None
    revived_by: str
    revive_reason: str
    revived_at: datetime | None

    def stops(self, mode: str) -> bool:
        """Whether it keeps what it covers from running in a mode."""
        return self.mode in {"", mode}

    @property
    def on_trial(self) -> bool:
        """Whether what it stopped is tried again just now, with a part of its requests."""
        return self.trial_since is not None

    @property
    def own(self) -> bool:
        """Whether it is of one app."""
        return self.scope.kind is StopKind.APP

    def covers(self, app: str) -> bool:
        """Whether an app of its tenant is covered in the modes that it stops, by what it was when it was stopped."""
        everywhere = {StopKind.PLANE, StopKind.TENANT}
        return self.scope.kind in everywhere or self.scope.covers_app(app, "", "", self.apps)

    @property
    def words(self) -> str:
        """Why an app is down, as whoever comes by is told."""
        return self.because if self.own else f"{self.because} ({self.scope.words} is stopped)"


@dataclass(frozen=True, slots=True)
class StandingStops:
    """Every stop that stands. `makers` are the people behind each app, where a builder's apps are stopped."""

    kills: tuple[Kill, ...]
    makers: Mapping[str, frozenset[str]]
    tenant: str

    def on_app(self, app: str) -> list[Kill]:
        """Return what holds an app: its own stops first, and those of every mode before those of one."""
        found = [kill for kill in self.kills if self._holds(kill, app)]
        return sorted(found, key=lambda kill: (not kill.own, kill.mode, kill.time))

    def on_app_in(self, app: str, mode: str) -> list[Kill]:
        """Return what keeps an app from running in a mode."""
        return [kill for kill in self.on_app(app) if kill.stops(mode)]

    def on_way(self, kind: StopKind, name: str, plane: str) -> str:
        """Return why an integration or a model is closed at a plane, in words; empty when it is not."""
        found = [
            kill
            for kill in self.kills
            if kill.scope.covers_way(kind, name, self.tenant, plane)
            and (kill.scope.kind is StopKind.PLANE or any(kill.stops(mode) for mode in _modes_of(plane)))
        ]
        return "; ".join(kill.words for kill in found)

    def _holds(self, kill: Kill, app: str) -> bool:
        is_builders = kill.scope.kind is StopKind.BUILDER and kill.scope.subject in self.makers.get(app, frozenset())
        return is_builders or kill.covers(app)


@dataclass(frozen=True, slots=True)
class Stopped:
    """Planes must stop what this covers in these modes now; what is in flight may take `drain_seconds`."""

    scope: StopScope
    modes: tuple[Mode, ...]
    because: str
    drain_seconds: int = 0
    apps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lifted:
    """Planes must hear what is not stopped any more."""


StopChange = Stopped | Lifted


def _modes_of(plane: str) -> list[Mode]:
    return [mode for mode, name in PLANE_OF_MODE.items() if name == plane]


def mode_of(scope: StopScope) -> str:
    """Return the one mode that a stop of this scope is about, empty for all."""
    if scope.kind is not StopKind.PLANE:
        return ""
    return next((mode for mode, plane in PLANE_OF_MODE.items() if plane == scope.subject), "")
