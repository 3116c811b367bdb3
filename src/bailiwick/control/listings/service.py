"""Lists of everything that there is, with what somebody may see of each."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.integrations import IntegrationService
from bailiwick.control.inventory import Filter, InventoryService
from bailiwick.control.listings.asking import parse
from bailiwick.control.listings.model import Asked, Found, Listing, Row
from bailiwick.control.listings.paging import page_of_query, page_of_rows
from bailiwick.control.listings.queries import (
    APPS,
    BUILDERS,
    CALLS_MADE,
    PACKAGES,
    PROMPTS,
    classes_query,
    edges_query,
    hours_query,
    query_of,
    users_query,
)
from bailiwick.control.listings.rows import (
    IDENTITIES,
    INTEGRATIONS,
    MODELS,
    identity_rows,
    integration_rows,
    model_rows,
)
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotFoundError
from bailiwick.core.messages import ModelState
from bailiwick.core.principals import Identity

LISTINGS = {
    item.name: item for item in (APPS, BUILDERS, INTEGRATIONS, MODELS, PROMPTS, CALLS_MADE, IDENTITIES, PACKAGES)
}
# What whoever reads the log may read; all else is what somebody may see of apps, integrations, models and services.
_COUNTED = 1000
_OF_THE_LOG = frozenset({BUILDERS.name, CALLS_MADE.name})


class SeenModels(Protocol):
    """What is needed of whoever knows the models."""

    def seen_by(self, session: Session, identity: Identity) -> tuple[Sequence[ModelState], object]:
        """Return the models that somebody may see, and how their budgets stand."""


@dataclass(frozen=True, slots=True)
class Edge:
    """That an app in production may use an integration or a model."""

    app: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class UsedBy:
    """That somebody (a person, a group, a service) may use the apps of a scope."""

    holder: str
    scope: str


class RoleReader(Protocol):
    """What is needed of whoever knows who may read roles."""

    def readable_scopes(self, session: Session, identity: Identity) -> Sequence[str] | None:
        """Return the folders whose roles somebody may read; None when they may read every role."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many apps there are by state in production and risk; not `whole` where there are more than were counted."""

    pairs: Mapping[tuple[str, str], int]
    whole: bool

    def of(self, *, production: str = "", risk: str = "") -> int:
        """Return how many are in a state, at a risk, or both."""
        return sum(
            count for (state, level), count in self.pairs.items()
            if production in {"", state} and risk in {"", level}
        )  # fmt: skip


@dataclass(frozen=True)
class ListingService:
    """Reads only. The caller brings the transaction."""

    authorizer: Authorizer
    catalog: CatalogService
    integrations: IntegrationService
    models: SeenModels
    inventory: InventoryService
    roles: RoleReader
    clock: Clock

    def listing(self, name: str) -> Listing:
        """Return a kind of list by its name; raise `NotFoundError` when there is none."""
        if name not in LISTINGS:
            raise NotFoundError(f"there is no list '{name[:40]}'", hint=f"there are {', '.join(LISTINGS)}")
        return LISTINGS[name]

    def page(self, session: Session, by: Identity, listing: Listing, asked: Asked, limit: int) -> Found:
        """Return a page of what somebody may see. Raises `ForbiddenError` where that is nothing by policy."""
        now = self.clock()
        if listing.name in (found := self._at_hand()):
            return page_of_rows(listing, found[listing.name](session, by), asked, now, limit=limit)
        allowed = self._readable(session, by)
        if listing.name in _OF_THE_LOG:
            self.authorizer.require(session, by, "audit.read", ORGANIZATION)
            allowed = _every
        return page_of_query(session, listing, query_of(listing), asked, now, limit=limit, allowed=allowed)

    def edges(self, session: Session, by: Identity) -> list[Edge]:
        """Return what apps in production may use, of the apps that somebody may see."""
        found = [Edge(*row) for row in session.execute(edges_query())]
        if self.sees_all(session, by):  # the log names every app, and what each reached
            return found
        readable = self.catalog.readable(session, by, {edge.app for edge in found})
        return [edge for edge in found if edge.app in readable]

    def users(self, session: Session, by: Identity) -> list["UsedBy"]:
        """Return who was given the use of apps, as far as somebody may read roles."""
        scopes = self.roles.readable_scopes(session, by)
        found = [UsedBy(*row) for row in session.execute(users_query())]
        if scopes is None:
            return found
        return [item for item in found if any(f"{item.scope}/".startswith(f"{scope}/") for scope in scopes)]

    def counts(self, session: Session, by: Identity) -> "Counts":
        """Return how many apps there are by state in production and risk: all for whoever reads the log, else of the
        first that somebody may see.
        """
        source = query_of(APPS)
        if self.sees_all(session, by):
            query = select(source.c.production, source.c.risk, func.count()).group_by(
                source.c.production, source.c.risk
            )
            return Counts({(row[0], row[1]): int(row[2]) for row in session.execute(query)}, whole=True)
        found = self.page(session, by, APPS, parse(APPS, ()), _COUNTED)
        pairs = Counter((str(row["production"]), str(row["risk"])) for row in found.rows)
        return Counts(pairs, whole=not found.cursor)

    def sees_all(self, session: Session, by: Identity) -> bool:
        """Return whether somebody may know of everything that is here."""
        return self.authorizer.decide(session, by, "audit.read", ORGANIZATION).allowed

    def requests(self, session: Session, by: Identity) -> list[tuple[datetime, int, int]]:
        """Return the requests in production of each hour of a day, and how many failed; nothing to who sees not all."""
        if not self.sees_all(session, by):
            return []
        now = self.clock()
        rows = session.execute(hours_query(), {"since": now - timedelta(hours=23), "now": now})
        return [(row[0], int(row[1]), int(row[2])) for row in rows]

    def _readable(self, session: Session, by: Identity) -> Callable[[Collection[str]], Collection[str]]:
        return lambda paths: self.catalog.readable(session, by, paths)

    def _at_hand(self) -> dict[str, Callable[[Session, Identity], list[Row]]]:
        return {
            INTEGRATIONS.name: self._integration_rows,
            MODELS.name: lambda session, by: model_rows(self.models.seen_by(session, by)[0]),
            IDENTITIES.name: lambda session, by: identity_rows(self.inventory.entries(session, by, Filter())),
        }

    def _integration_rows(self, session: Session, by: Identity) -> list[Row]:
        users: dict[str, list[str]] = {}
        for edge in self.edges(session, by):
            if edge.kind == "integration":
                users.setdefault(edge.name, []).append(edge.app)
        classes = {str(name): str(found) for name, found in session.execute(classes_query())}
        return integration_rows(self.integrations.offered(session, by), users, classes)


def _every(paths: Collection[str]) -> Collection[str]:
    return paths
