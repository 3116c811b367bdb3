"""Where people can connect accounts: integrations reached in each person's name, and who may use their apps."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from sqlalchemy.orm import Session

from bailiwick.control.consents.model import Place, Use
from bailiwick.control.identity import Authorizer
from bailiwick.control.integrations import IntegrationService
from bailiwick.core.errors import NotFoundError
from bailiwick.core.messages import AppState, HttpConnection, PersonConsent
from bailiwick.core.principals import Identity


class Served(Protocol):
    """What is needed of whoever knows what planes serve."""

    def app_states(self, session: Session, plane: str) -> tuple[AppState, ...]:
        """Return what a plane should serve now."""

    def candidate_states(self, session: Session, plane: str) -> tuple[AppState, ...]:
        """Return what it should serve beside that."""


class ConsentPlaces:
    """Finds places, and who may connect there: whoever may use an app that uses it there."""

    def __init__(self, integrations: IntegrationService, served: Served, authorizer: Authorizer) -> None:
        self._integrations = integrations
        self._served = served
        self._authorizer = authorizer

    def all(self, session: Session) -> list[Place]:
        """Return every place, by integration and plane, without the apps that use it."""
        return [
            Place(item.name, plane, item.description, item.enabled, connection, connection.credential)
            for item in self._integrations.integrations(session)
            for plane, connection in sorted(item.connections.items())
            if isinstance(connection, HttpConnection) and isinstance(connection.credential, PersonConsent)
        ]

    def place(self, session: Session, integration: str, plane: str) -> Place:
        """Return one with the apps that use it; raise `NotFoundError` when nobody consents to anything there."""
        for found in self.all(session):
            if (found.integration, found.plane) == (integration, plane):
                return self._with_apps([found], self._states(session, plane))[0]
        raise NotFoundError(
            f"no account is connected for '{integration[:60]}' on the plane '{plane[:40]}'",
            hint="its registration says so by a credential of the kind person",
        )

    def within_reach(self, session: Session, identity: Identity) -> list[Place]:
        """Return the places of which a person may use an app."""
        places = self.all(session)
        known = {plane: self._states(session, plane) for plane in {place.plane for place in places}}
        found = [self._with_apps([place], known[place.plane])[0] for place in places]
        return [place for place in found if self.may_use(session, identity, place)]

    def may_use(self, session: Session, identity: Identity, place: Place, app: str = "") -> bool:
        """Return whether somebody may use an app of a place, or this one of them."""
        return any(
            self._authorizer.decide(
                session, identity, "app.use", f"app:{use.app}", {"mode": use.mode, "public": use.public}
            ).allowed
            for use in sorted(place.apps)
            if app in {"", use.app}
        )

    def _states(self, session: Session, plane: str) -> tuple[AppState, ...]:
        return self._served.app_states(session, plane) + self._served.candidate_states(session, plane)

    @staticmethod
    def _with_apps(places: Sequence[Place], states: Iterable[AppState]) -> list[Place]:
        using = [
            (item.resource, Use(state.app, state.mode, state.mode == "production" and state.guardrails.access.public))
            for state in states
            for item in state.integrations
            if item.enabled and state.status == "running"
        ]
        return [
            replace(place, apps=frozenset(use for resource, use in using if resource == place.integration))
            for place in places
        ]
