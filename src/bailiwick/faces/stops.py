"""Stops as every door shows them, and what one would stop."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.release import running_releases
from bailiwick.control.stops import Kill
from bailiwick.core.principals import Identity
from bailiwick.core.stops import WAYS, StopKind, StopScope


@dataclass(frozen=True, slots=True)
class Met:
    """An app that runs and that a stop would meet; it `stops`, or stays up and loses its way out."""

    app: str
    owner: str
    modes: tuple[str, ...]
    stops: bool


@dataclass(frozen=True, slots=True)
class Radius:
    """What a stop would meet: apps that the asker may see, and how many besides."""

    scope: StopScope
    met: tuple[Met, ...]
    unseen: int

    @property
    def words(self) -> str:
        """How much it is, in a sentence."""
        number = len(self.met) + self.unseen
        if not number:
            return "Nothing that runs now is met."
        apps = "1 app" if number == 1 else f"{number} apps"
        if self.scope.kind in WAYS:
            verb = "stays up and is" if number == 1 else "stay up and are"
            return f"{apps} {verb} refused at {self.scope.words}."
        unseen = f" ({self.unseen} of them you may not see)" if self.unseen else ""
        return f"Stops {apps}{unseen}."


def radius_of(control: ControlPlane, session: Session, identity: Identity, scope: StopScope) -> Radius:
    """Return what a stop would meet, to who may start it; nothing is done."""
    would = control.stops.require_may(session, identity, scope)
    models = _users_of(control, session, scope)
    modes: dict[str, set[str]] = {}
    for running in running_releases(session):
        held = would.on_app_in(running.app, running.mode)
        way = scope.kind is StopKind.INTEGRATION and scope.subject in running.integrations
        if held or way or running.app in models:
            modes.setdefault(running.app, set()).add(running.mode)
    readable = control.catalog.readable(session, identity, modes)
    owners = control.catalog.owners(session, readable)
    met = [
        Met(app, owners[app], tuple(sorted(modes[app], reverse=True)), scope.kind not in WAYS)
        for app in sorted(readable)
    ]
    return Radius(scope, tuple(met), len(modes) - len(met))


def stop_json(kill: Kill) -> dict[str, Any]:
    """Return a stop as the API shows it."""
    shown = {**asdict(kill), "scope": kill.scope.written, "covers": kill.scope.words}
    return {**shown, "app": kill.scope.subject if kill.own else ""}


def radius_json(radius: Radius) -> dict[str, Any]:
    """Return what a stop would meet as the API shows it."""
    return {
        "scope": radius.scope.written,
        "covers": radius.scope.words,
        "words": radius.words,
        "apps": [asdict(item) for item in radius.met],
        "unseen": radius.unseen,
    }


def _users_of(control: ControlPlane, session: Session, scope: StopScope) -> frozenset[str]:
    """Return the apps whose release in production may call a model."""
    if scope.kind is not StopKind.MODEL:
        return frozenset()
    reaches: Mapping[str, Any] = control.deploys.production_reaches(session)
    return frozenset(app for app, reach in reaches.items() if scope.subject in reach.models)
