"""The systems that a plane's apps reach, put together: which they are, whether somebody may, and the ways to them.

Credentials are kept in memory only.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from weakref import WeakKeyDictionary

from bailiwick.core.errors import UnavailableError
from bailiwick.core.keyed_masks import MASK_KEY
from bailiwick.core.masking import Masker
from bailiwick.core.messages import (
    Account,
    AnyConnection,
    AppState,
    BigQueryConnection,
    DatabaseConnection,
    DesiredState,
    FileConnection,
    HttpConnection,
    IntegrationLimits,
    IntegrationState,
    MailConnection,
    MysqlConnection,
    SnowflakeConnection,
)
from bailiwick.core.policy import ContextValue, Decision, PoliciesInForce, Resource
from bailiwick.core.principals import Identity
from bailiwick.core.sql_functions import AllowedFunction
from bailiwick.dataplane.agent.link import Link
from bailiwick.dataplane.credentials import Credentials
from bailiwick.dataplane.databases import Databases
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.services import ServiceCredentials
from bailiwick.dataplane.gateways.sql import (
    AddedFunctions,
    Connection,
    Database,
    Pool,
    read_accounts,
    signed_in,
)
from bailiwick.dataplane.gateways.sql import connect as connect_database
from bailiwick.dataplane.gateways.sql.engines import (
    Backend,
    BigQueryEngine,
    BigQueryTarget,
    DatabaseFile,
    Engine,
    FileEngine,
    MysqlEngine,
    MysqlTarget,
    RestClient,
    SnowflakeEngine,
    SnowflakeTarget,
)
from bailiwick.dataplane.gateways.upstreams import Upstreams

# What does not speak PostgreSQL, and is translated to.
Translated = FileConnection | MysqlConnection | BigQueryConnection | SnowflakeConnection
TRANSLATED = (FileConnection, MysqlConnection, BigQueryConnection, SnowflakeConnection)
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
        database_files: tuple[Path, ...] = (),
    ) -> None:
        self._engine = engine
        self._desired = desired
        self._databases = databases
        self._database_files = database_files
        self._backends: WeakKeyDictionary[Binding, tuple[AnyConnection, Backend]] = WeakKeyDictionary()
        self._secrets = Credentials(link.secret)
        self._pool = Pool()
        self._added = AddedFunctions(desired)
        self.upstreams = Upstreams(certificate=self._secrets.get)
        self.credentials = ServiceCredentials(self._secrets, self.upstreams, link.person_token)

    async def secret(self, name: str) -> str:
        """Return a secret that an app of this plane uses; raise `BailiwickError` when it cannot be had."""
        return await self._secrets.get(name)

    def secrets(self) -> frozenset[str]:
        """Return the credentials that were ever in memory, and the tokens that are."""
        return self._secrets.values | self.credentials.tokens

    @property
    def vault_masker(self) -> Masker:
        """What masks what was fetched from the vault, and no tokens: it is made anew only when something is fetched."""
        return self._secrets.masker

    def take(self, desired: DesiredState) -> None:
        """Drop the tokens that nobody may show any more."""
        open_here = {
            item.resource for app in desired.releases for item in app.integrations if item.enabled and not item.stopped
        }
        self.credentials.keep(desired.epochs, open_here, frozenset(desired.ended_consents))

    async def connect(self, binding: Binding) -> Connection:
        """Open a connection for an app's statement; raise `UnavailableError` when what it is to is gone."""
        if binding.database_of:
            return await self._connect_own(binding)
        state = self._integration(binding)
        if state is None or not isinstance(state.connection, DatabaseConnection):
            raise UnavailableError(f"the integration {binding.resource} is not there any more")
        seconds = state.limits.statement_seconds
        open_connection = partial(self._pool.connect, statement_seconds=seconds)
        connection = await self.sign_in(
            state.connection, f"bailiwick {binding.app}", open_connection, keyed=binding.grant.is_keyed
        )
        try:
            await self._added.look(binding.resource, connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def functions(self, binding: Binding) -> tuple[AllowedFunction, ...]:
        """Return the functions of the database behind a socket that its statements may call, beside the usual ones."""
        return self._added.of(binding.resource) if not binding.database_of else ()

    def hear(self, newest: Mapping[str, int]) -> None:
        """Take the newest versions of secrets: an older one is asked for anew at its next use."""
        self._secrets.hear(newest)

    def translated(self, binding: Binding) -> Backend | None:
        """Return the way to a database that does not speak PostgreSQL, None where it does or is gone."""
        state = None if binding.database_of else self._integration(binding)
        if state is None or not isinstance(state.connection, TRANSLATED):
            return None
        known = self._backends.get(binding)
        if known is None or known[0] != state.connection:
            mask_key = partial(self._secrets.get, MASK_KEY)
            known = (state.connection, Backend(self._engine_of(state.connection, binding), binding.grant, mask_key))
            self._backends[binding] = known
        return known[1]

    def _engine_of(self, target: Translated, binding: Binding) -> Engine:
        if isinstance(target, BigQueryConnection):
            token = partial(self.credentials.token, target.credential, binding.resource, target.authority)
            dataset = BigQueryTarget(target.project, target.dataset, target.location, target.most_bytes_billed, token)
            return BigQueryEngine(dataset, RestClient(self.upstreams, target.url, target.authority))
        if isinstance(target, SnowflakeConnection):
            key = partial(self._secrets.get, target.secret)
            schema = SnowflakeTarget(
                target.account_name, target.user, target.database, target.namespace, target.warehouse, target.role,
                target.secret, key,
            )  # fmt: skip
            return SnowflakeEngine(schema, RestClient(self.upstreams, target.address, target.authority))
        if isinstance(target, MysqlConnection):
            return MysqlEngine(
                MysqlTarget(
                    target.host,
                    target.port,
                    target.database,
                    target.user,
                    partial(self._secrets.held, target.secret),
                    target.tls,
                    target.authority,
                    forget=partial(self._secrets.forget, target.secret),
                    is_followed=partial(self._secrets.is_followed, target.secret),
                )
            )
        return FileEngine(DatabaseFile(target.kind, target.path, self._database_files, target.writable))

    def service(self, binding: Binding) -> HttpConnection | None:
        """Return where the HTTP service or MCP server behind a socket is now, None when it is gone."""
        state = self._integration(binding)
        found = state.connection if state is not None else None
        return found if isinstance(found, HttpConnection) else None

    def mail_server(self, binding: Binding) -> MailConnection | None:
        """Return where the mail server behind a socket is now, None when it is gone."""
        state = self._integration(binding)
        found = state.connection if state is not None else None
        return found if isinstance(found, MailConnection) else None

    def forget_secret(self, name: str) -> None:
        """Fetch a credential anew at its next use: it was not taken."""
        self._secrets.forget(name)

    def limits(self, binding: Binding) -> IntegrationLimits:
        """Return how much may go through the integration behind a socket now."""
        state = self._integration(binding)
        return state.limits if state is not None else IntegrationLimits()

    async def _connect_own(self, binding: Binding) -> Connection:
        app = self._app(binding)
        if app is None or self._databases is None:
            raise UnavailableError(f"the database of {binding.app} is not there any more")
        return await connect_database(await self._databases.target(app), f"bailiwick {binding.app}")

    async def sign_in(
        self,
        target: DatabaseConnection,
        application: str,
        by: Callable[[Database, str], Awaitable[Connection]] = connect_database,
        *,
        keyed: bool = False,
    ) -> Connection:
        """Connect; where the database does not take the password, it may have been rotated, and is asked for anew.

        With `keyed` the session gets the key of masks: one of them needs it.
        """

        async def attempt() -> Connection:
            return await by(await self._database(target, keyed=keyed), application)

        return await signed_in(attempt, partial(self._secrets.forget, target.secret))

    async def _database(self, target: DatabaseConnection, *, keyed: bool) -> Database:
        held = await self._secrets.held(target.secret)
        return Database(
            target.host,
            target.port,
            target.database,
            held.account or target.user,
            held.value,
            target.over_tls,
            authority=target.authority,
            mask_key=await self._secrets.get(MASK_KEY) if keyed else "",
            secret=target.secret,
            version=held.version,
        )

    def followed(self, target: Database) -> bool:
        """Return whether there is a newer credential than the one that a connection signed in with."""
        return self._secrets.is_followed(target.secret, target.version)

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
        connection = await self.sign_in(state.connection, "bailiwick discovery")
        try:
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
