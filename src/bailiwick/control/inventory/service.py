"""Gathers every identity that is no person from the domains that know of them; keeps nothing of its own."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bailiwick.control.audit import last_by_actor, last_on_resource
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import (
    ORGANIZATION,
    Authorizer,
    DirectoryService,
    IdentityService,
    Service,
    ServiceIdentities,
    State,
    owners_there,
)
from bailiwick.control.integrations import AccountBook, FoundAccount, Integration, IntegrationService, static_key
from bailiwick.control.inventory.model import Entry, Filter, Kind
from bailiwick.control.planes import PlaneHub
from bailiwick.control.release import DeployService
from bailiwick.control.rotations import RotationService, Rule
from bailiwick.control.vault import Vault
from bailiwick.core.clock import Clock
from bailiwick.core.principals import Identity

_QUERY = "query.executed"


@dataclass(frozen=True)
class InventoryService:
    """Answers with the whole list, each time anew: what is not in it does not exist here.

    `planes` are the names of the data planes that this installation knows, with their kinds.
    """

    authorizer: Authorizer
    identity: IdentityService
    services: ServiceIdentities
    directory: DirectoryService
    catalog: CatalogService
    deploys: DeployService
    integrations: IntegrationService
    accounts: AccountBook
    vault: Vault
    rotations: RotationService
    hub: PlaneHub
    planes: Mapping[str, str]
    clock: Clock

    def entries(self, session: Session, by: Identity, wanted: Filter) -> list[Entry]:
        """Return the identities that somebody may see and wants, by kind and name; owners always see their own."""
        now = self.clock()
        every = [*self._services(session, now), *self._directories(session), *self._planes(session, now)]
        every += [*self._integrations(session), *self._apps(session)]
        owned = owners_there(session, {entry.owner for entry in every if entry.owner.startswith(("user:", "group:"))})
        may: dict[str, bool] = {}
        found = []
        for entry in every:
            if entry.owner not in may:
                asked = {"owner": entry.owner}
                may[entry.owner] = self.authorizer.decide(session, by, "service.read", ORGANIZATION, asked).allowed
            if may[entry.owner]:
                told = replace(entry, owned=_is_owned(entry.owner, owned))
                found.append(replace(told, flags=wanted.flags(told, now)))
        return sorted((entry for entry in found if wanted.wants(entry)), key=lambda entry: (entry.kind, entry.name))

    def _services(self, session: Session, now: datetime) -> Iterator[Entry]:
        held: dict[str, list[str]] = {}
        for item in self.identity.roles.held(session):
            held.setdefault(item.holder, []).append(f"{item.role} on {item.scope}")
        for service in self.services.services(session):
            yield Entry(
                name=service.name,
                kind=Kind.AGENT if service.is_agent else Kind.SERVICE,
                owner=service.owner,
                purpose=service.purpose,
                scope=tuple(held.get(service.name, ())),
                how=_how(service),
                made=service.created,
                expires=service.expires,
                last_used=service.last_used,
                enabled=service.state(now) in {State.ACTIVE, State.EXPIRED},
                principal=service.name,
            )

    def _directories(self, session: Session) -> Iterator[Entry]:
        tokens = self.directory.every_token(session)
        used = last_by_actor(session, {f"service:directory/{token.directory}" for token in tokens})
        for token in tokens:
            principal = f"service:directory/{token.directory}"
            yield Entry(
                name=f"directory:{token.directory}/{token.id}",
                kind=Kind.DIRECTORY,
                owner=f"user:{token.owner}",
                purpose=token.purpose,
                scope=("describes people and groups over SCIM",),
                how="a bearer token for SCIM only",
                made=token.created,
                expires=token.expires,
                last_used=used.get(principal),
                principal=principal,
            )

    def _planes(self, session: Session, now: datetime) -> Iterator[Entry]:
        used = last_by_actor(session, {f"plane:{name}" for name in self.planes})
        for name, kind in self.planes.items():
            principal = f"plane:{name}"
            yield Entry(
                name=principal,
                kind=Kind.PLANE,
                owner="",
                purpose=f"runs what is in {kind}",
                scope=("fetches secrets and artefacts of the apps that it serves",),
                how="a certificate of an hour, which it renews",
                made=None,
                expires=None,
                last_used=now if name in self.hub.connected else used.get(principal),
                principal=principal,
            )

    def _integrations(self, session: Session) -> Iterator[Entry]:
        every = self.integrations.integrations(session)
        used = last_on_resource(session, {f"integration:{item.name}" for item in every}, _QUERY)
        secrets = {item.name: item.created_at for item in self.vault.names(session)}
        for item in every:
            keys = {static_key(connection) for connection in item.connections.values()} - {""}
            wrapped = {name: _wrapped(name, self.rotations.rule(session, name)) for name in keys}
            yield from _ours(item, secrets, used.get(f"integration:{item.name}"), wrapped)
        by_name = {item.name: item for item in every}
        for account in self.accounts.accounts(session):
            system = by_name.get(account.integration)
            ours = system.connections.get(account.plane) if system is not None else None
            if system is not None and ours is not None and ours.account != account.name:
                yield _found(system, account)

    def _apps(self, session: Session) -> Iterator[Entry]:
        apps = self.catalog.every_app(session)
        used = last_by_actor(session, {app.resource for app in apps})
        reaches = self.deploys.production_reaches(session)
        for app in apps:
            reach = reaches.get(app.path)
            scope = [f"integration:{item.resource}" for item in reach.integrations] if reach is not None else []
            scope += [f"host {host}" for host in reach.egress] if reach is not None else []
            yield Entry(
                name=app.resource,
                kind=Kind.APP,
                owner=app.owner,
                purpose="the app itself, when it works for no person",
                scope=tuple(scope),
                how="nothing: it is known by the socket that its calls arrive on",
                made=app.created_at,
                expires=None,
                last_used=used.get(app.resource),
                principal=app.resource,
            )


def _found(item: Integration, account: FoundAccount) -> Entry:
    """Return an account that is in a connected system beside ours: nobody said here what it is for."""
    rights = (*(("superuser",) if account.superuser else ()), *(f"member of {name}" for name in account.member_of))
    return Entry(
        name=f"account:{item.name}/{account.plane}/{account.name}",
        kind=Kind.ACCOUNT,
        owner=item.owner,
        purpose=f"an account of {item.name} that apps do not use through Bailiwick",
        scope=rights or ("what was granted to it in the database",),
        how="as the database lets it in",
        made=account.found,
        expires=account.expires,
        last_used=account.connected,
        documented=False,
    )


def _ours(
    item: Integration, secrets: Mapping[str, datetime], used: datetime | None, wrapped: Mapping[str, str]
) -> Iterator[Entry]:
    """Yield the accounts that we use in a connected system, one for each plane; `wrapped` are static keys in words."""
    offers = [f"offers {offer}" for offer in sorted(item.offers)]
    for plane, connection in sorted(item.connections.items()):
        named = sorted(connection.secrets)
        shown = f"the secret {', '.join(named)}, which planes fetch" if named else "nothing: it asks nobody"
        yield Entry(
            name=f"integration:{item.name}/{plane}",
            kind=Kind.INTEGRATION,
            owner=item.owner,
            purpose=item.description,
            scope=(f"account {connection.account} at {connection.words}", *offers),
            how=wrapped.get(static_key(connection), shown),
            made=max((secrets[name] for name in named if name in secrets), default=None),
            expires=None,
            last_used=used,
            enabled=item.enabled,
            static_key=static_key(connection) in wrapped,
        )


def _wrapped(name: str, rule: Rule | None) -> str:
    """Return what is said of a key that does not change."""
    if rule is None or not rule.every_hours:
        return f"the secret {name}, a key that does not change and that nobody has rotated"
    return f"the secret {name}, a wrapped key of {rule.owner}, rotated every {rule.every_hours} hours"


def _how(service: Service) -> str:
    return "a person's own token: it is public" if service.public else "its keys, or tokens of issuers that it trusts"


def _is_owned(owner: str, there: Collection[str]) -> bool:
    """Whether somebody answers: a plane is the installation's own, an app that a service made is that service's."""
    return owner in there or not owner.startswith(("user:", "group:"))
