"""The systems that a plane's apps reach, put together: which they are, whether somebody may, and the ways to them.

Credentials are kept in memory only.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

from bailiwick.core.errors import UnavailableError
from bailiwick.core.masking import Masker
from bailiwick.core.messages import (
    Account,
    AppState,
    DatabaseConnection,
    DesiredState,
    IntegrationLimits,
    IntegrationState,
    ServiceConnection,
)
from bailiwick.core.policy import ContextValue, Decision, PoliciesInForce, Resource
from bailiwick.core.principals import Identity
from bailiwick.dataplane.agent.link import Link
from bailiwick.dataplane.credentials import Credentials
from bailiwick.dataplane.databases import Databases
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.services import ServiceCredentials
from bailiwick.dataplane.gateways.sql import Connection, Database, connect, read_accounts
from bailiwick.dataplane.gateways.upstreams import Upstreams

_ACCOUNTS_SECONDS = 30.0


class PlaneIntegrations:
    """Systems of the business and apps' own databases, as the newest desired state has them."""

    def __init__(
        self,
        *,
        engine: PoliciesInForce,
        desired: Callable[[], DesiredState | None],
        link: Link,
        databases: Databases | None,
    ) -> None:
        self._engine = engine
        self._desired = desired
        self._databases = databases
        self._secrets = Credentials(link.secret)
        self._masker, self._masked = Masker(), frozenset[str]()
        self.upstreams = Upstreams()
        self.credentials = ServiceCredentials(self._secrets, self.upstreams)

    async def secret(self, name: str) -> str:
        """Return a secret that an app of this plane uses; raise `BailiwickError` when it cannot be had."""
        return await self._secrets.get(name)

    def secrets(self) -> frozenset[str]:
        """Return the credentials that were ever in memory, and the tokens that are."""
        return self._secrets.values | self.credentials.tokens

    @property
    def masker(self) -> Masker:
        """What masks them in text."""
        known = self.secrets()
        if known != self._masked:
            self._masked, self._masker = known, Masker(known)
        return self._masker

    async def connect(self, binding: Binding) -> Connection:
        """Open a connection for an app's statement; raise `UnavailableError` when what it is to is gone."""
        if binding.database_of:
            return await self._connect_own(binding)
        state = self._integration(binding)
        if state is None or not isinstance(state.connection, DatabaseConnection):
            raise UnavailableError(f"the integration {binding.resource} is not there any more")
        database = await self._database(state.connection)
        return await connect(database, f"bailiwick {binding.app}", state.limits.statement_seconds)

    def service(self, binding: Binding) -> ServiceConnection | None:
        """Return where the HTTP service behind a socket is now, None when it is gone."""
        state = self._integration(binding)
        found = state.connection if state is not None else None
        return found if isinstance(found, ServiceConnection) else None

    def limits(self, binding: Binding) -> IntegrationLimits:
        """Return how much may go through the integration behind a socket now."""
        state = self._integration(binding)
        return state.limits if state is not None else IntegrationLimits()

    async def _connect_own(self, binding: Binding) -> Connection:
        app = self._app(binding)
        if app is None or self._databases is None:
            raise UnavailableError(f"the database of {binding.app} is not there any more")
        return await connect(await self._databases.target(app), f"bailiwick {binding.app}")

    async def _database(self, target: DatabaseConnection) -> Database:
        credential = await self._secrets.get(target.secret)
        return Database(target.host, target.port, target.database, target.user, credential)

    def connected(self) -> dict[str, IntegrationState]:
        """Return the databases that apps of this plane may use now, by name."""
        return {
            item.resource: item
            for app in _releases(self._desired())
            for item in app.integrations
            if item.enabled and isinstance(item.connection, DatabaseConnection)
        }

    async def read_accounts(self, name: str) -> tuple[Account, ...]:
        """Return the accounts that a system has; raise `UnavailableError` when no app here uses it any more."""
        state = self.connected().get(name)
        if state is None or not isinstance(state.connection, DatabaseConnection):
            raise UnavailableError(f"the integration {name} is not there any more")
        connection = await connect(await self._database(state.connection), "bailiwick discovery")
        try:
            async with asyncio.timeout(_ACCOUNTS_SECONDS):
                return await read_accounts(connection)
        finally:
            connection.close()

    def authorize(self, identity: Identity, binding: Binding) -> Decision:
        """Decide whether somebody may use an integration, or the database of an app, by an app."""
        if binding.database_of:
            return self._authorize_own(identity, binding)
        state = self._integration(binding)
        context: dict[str, ContextValue] = {
            "app": binding.app,
            "granted_to": binding.app if state is not None else "",
            "demands_person": binding.grant.demands_person,
            "enabled": state is not None and state.enabled,
            "data_classes": binding.data_classes,
        }
        resource = Resource("Integration", f"integration:{binding.resource}", binding.roles)
        decision = self._engine.decide(identity, "integration.query", resource, context)
        if state is not None and state.off and not state.stopped and not decision.allowed:
            return replace(decision, reason=f"{binding.resource} is switched off: {state.off}")
        if state is not None and state.stopped and not decision.allowed:
            words = f"{binding.resource} is stopped: {state.stopped}; a person must lift that"
            return replace(decision, reason=words)
        return decision

    def _authorize_own(self, identity: Identity, binding: Binding) -> Decision:
        """Decide about an app's own database: it is its own while this plane serves it."""
        app = self._app(binding)
        context: dict[str, ContextValue] = {
            "app": binding.app,
            "owned_by": app.app if app is not None else "",
            "data_classes": binding.data_classes,
        }
        resource = Resource("App", f"app:{binding.app}", app.roles if app is not None else {}, binding.data_classes)
        return self._engine.decide(identity, "database.query", resource, context)

    def _app(self, binding: Binding) -> AppState | None:
        apps = _apps(self._desired())
        own = (binding.app, binding.database_of, binding.branch)
        return next((app for app in apps if (app.app, app.mode, app.branch) == own), None)

    def _integration(self, binding: Binding) -> IntegrationState | None:
        """Return the integration of a binding as the newest desired state has it."""
        apps = _releases(self._desired())
        found = (item for app in apps if app.app == binding.app for item in app.integrations)
        return next((item for item in found if item.resource == binding.resource), None)


def _apps(desired: DesiredState | None) -> tuple[AppState, ...]:
    return desired.apps if desired is not None else ()


def _releases(desired: DesiredState | None) -> Iterable[AppState]:
    return desired.releases if desired is not None else ()
