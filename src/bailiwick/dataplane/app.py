"""The one place where a data plane is put together and run."""

import asyncio
import contextlib
import signal
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import uvloop

from bailiwick.core.clock import utc_now
from bailiwick.core.errors import UnavailableError
from bailiwick.core.events import AuditEvent
from bailiwick.core.messages import (
    Account,
    AnyDownlink,
    AppState,
    AskedQuestion,
    AuditReport,
    DecisionsReport,
    DesiredState,
    EnqueueOrder,
    Heartbeat,
    IntegrationState,
    KillOrder,
    PoliciesReport,
    RestoreOrder,
    RunJobOrder,
)
from bailiwick.core.policy import ContextValue, Decision, Journal, PoliciesInForce, Resource
from bailiwick.core.principals import Identity
from bailiwick.dataplane.agent.attesting import Attester, own_key
from bailiwick.dataplane.agent.dependencies import Dependencies
from bailiwick.dataplane.agent.host import AppHost
from bailiwick.dataplane.agent.instance import Workshop
from bailiwick.dataplane.agent.jobs import Schedule
from bailiwick.dataplane.agent.link import Link
from bailiwick.dataplane.agent.own_storage import OwnStorage
from bailiwick.dataplane.agent.programs import prepare_helpers
from bailiwick.dataplane.agent.settings_watch import SettingsWatch
from bailiwick.dataplane.agent.spool import Spool
from bailiwick.dataplane.agent.stopping import Cutter
from bailiwick.dataplane.agent.tenancy import Tenancy
from bailiwick.dataplane.agent.walls import Walls
from bailiwick.dataplane.credentials import Credentials
from bailiwick.dataplane.databases import keeper_of
from bailiwick.dataplane.discovery import Discovery
from bailiwick.dataplane.egress import PlaneEgress
from bailiwick.dataplane.gateways.decisions import KnownDecisions
from bailiwick.dataplane.gateways.egress import dialer_of
from bailiwick.dataplane.gateways.sql import (
    Binding,
    Connection,
    Database,
    SqlGateway,
    connect,
    read_accounts,
)
from bailiwick.dataplane.guard import Guard
from bailiwick.dataplane.health import serve_health
from bailiwick.dataplane.models import PlaneModels
from bailiwick.dataplane.networks import NetworkWatch, Rounds, own_addresses
from bailiwick.dataplane.open_files import raise_open_files
from bailiwick.dataplane.queues import Queues, QueueStore
from bailiwick.dataplane.router import (
    CallRegistry,
    Certificate,
    Crowd,
    Gate,
    IdentityTokens,
    Pool,
    Proxies,
    Router,
    RouterParts,
    SignIn,
    Sites,
    serve,
)
from bailiwick.dataplane.sandbox import Runtimes, end_abandoned
from bailiwick.dataplane.settings import DataPlaneSettings

_TICK_SECONDS = 1.0
_TELL_DECISIONS_SECONDS = 30.0
_MOST_DECISIONS = 500
_ACCOUNTS_SECONDS = 30.0
# How long what works in a thread may keep the event loop, which all apps wait for, from the interpreter.
_SWITCH_SECONDS = 0.001


class DataPlane:
    """A data plane process: the router in front, sandboxes behind, the link to the control plane beside."""

    def __init__(self, settings: DataPlaneSettings, file: Path | None = None) -> None:
        """Take the settings, and the file that they were read from."""
        self._settings = settings
        self._journal = Journal()
        self._engine = PoliciesInForce(environment=settings.plane, on_answer=self._journal.add)
        self._spool = Spool(settings.state / "spool.sqlite")
        self._link = Link(
            url=settings.control_url,
            credentials=settings.credentials,
            pins=settings.state / "pinned-keys.json",
            spool=self._spool,
        )
        self._calls = CallRegistry()
        self._sites = Sites()
        self._pool = Pool()
        self._identities = IdentityTokens()
        tls = settings.tls
        self._certificate = Certificate(tls.certificate, tls.key, tls.folder) if tls is not None else None
        self._secrets = Credentials(self._link.secret)
        own = own_key(settings.state / "attestation.key")
        self._watch = SettingsWatch(settings, file, key=own, report=self._spool.add, clock=utc_now)
        self._databases = keeper_of(settings.app_databases, settings.state, settings.plane, utc_now)
        decisions = KnownDecisions(self._authorize, lambda: self._host.desired)
        self._guard = Guard(lambda *trip: self._host.tripped(*trip))  # noqa: PLW0108 - the host is made later
        gateway = SqlGateway(
            self._connect, self._calls.resolve, decisions.authorize, self._emit, utc_now, guard=self._guard
        )
        self._models = PlaneModels(
            plane=settings.plane,
            state=settings.state,
            link=self._link,
            engine=self._engine,
            desired=lambda: self._host.desired,
            secrets=lambda: self._secrets.values,
            resolve=self._calls.resolve,
            emit=self._emit,
            clock=utc_now,
            guard=self._guard,
        )
        self._cutter = Cutter(
            gateway,
            self._models.gateway,
            lambda chore: self._host.later(chore),  # noqa: PLW0108 - the host is made later
        )
        self._egress = PlaneEgress(
            plane=settings.plane,
            state=settings.state,
            engine=self._engine,
            desired=lambda: self._host.desired,
            dialer=dialer_of(settings.allow_networks, settings.name_servers),
            resolve=self._calls.resolve,
            emit=self._emit,
            report=self._spool.add,
            clock=utc_now,
            guard=self._guard,
        )
        self._tenancy = Tenancy(settings.plane, settings.state / "tenant", self._emit, utc_now)
        runtimes = Runtimes(settings.state / "runtimes")
        rounds = Rounds(
            runtimes.python, settings.state / "networks", lambda: own_addresses(settings, self._host.desired), utc_now
        )
        self._networks = NetworkWatch(rounds, self._spool.add, settings.network_probe_seconds)
        shop = Workshop(
            plane=settings.plane,
            runtimes=runtimes,
            dependencies=Dependencies(settings.state / "layers", settings.wheels, runtimes.python, self._link.artifact),
            attester=Attester(
                plane=settings.plane,
                key=own,
                report=self._spool.add,
                policies=lambda: self._host.desired.policies_generation if self._host.desired else 0,
                clock=utc_now,
            ),
            helpers=prepare_helpers(settings.state / "helpers"),
            gateway=gateway,
            databases=self._databases,
            storage=OwnStorage(settings.state / "storage", settings.plane, self._spool.add, utc_now),
            models=self._models.listener_of,
            queues=Queues(
                QueueStore(settings.state / "queues.sqlite"), self._calls, self._emit, utc_now, settings.plane
            ),
            emit=self._emit,
            refused_name=self._egress.refused_name,
            egress=self._egress.listener_of,
            egress_authority=self._egress.authority_of,
            masker=lambda: self._secrets.masker,
            walls=Walls(settings.plane, self._spool.add, utc_now),
            networks=self._networks,
            identity_key=self._identities.public_key,
        )
        self._host = AppHost(
            plane=settings.plane,
            host_suffix=settings.host_suffix,
            state=settings.state,
            link=self._link,
            shop=shop,
            sites=self._sites,
            calls=self._calls,
            pool=self._pool,
            warm_seconds=settings.warm_minutes * 60,
            report=self._spool.add,
            taken=self._link.tell_taken,
            guard=self._guard,
            cut=self._cutter.take,
            clock=utc_now,
        )
        self._host.runs.take_up()
        self._schedule = Schedule(self._host.runs, self._host.in_production, self._host.production_apps)
        self._discovery = Discovery(self._connected, self._read_accounts, self._spool.add, utc_now)
        self._gate = Gate(engine=self._engine, pass_key=self._pass_key, state=lambda: self._host.desired, clock=utc_now)

    async def run(self) -> None:
        """Serve until the process is told to end. A part that breaks ends the plane: it must not serve on deaf."""
        end_abandoned()
        router = Router(self._router_parts())
        host, port = self._settings.ingress_host, self._settings.ingress_port
        server = await serve(router, host, port, self._certificate)
        if self._settings.model_port is not None:
            await self._models.start(self._settings.model_host, self._settings.model_port)
        if self._settings.health_port is not None:
            await serve_health(self._settings.health_host, self._settings.health_port, self._health)
        tasks: list[asyncio.Task[object]] = [
            asyncio.create_task(self._link.run(self._take)),
            asyncio.create_task(self._link.send_reports()),
            asyncio.create_task(self._link.keep_certificate()),
            asyncio.create_task(self._tick()),
            asyncio.create_task(self._discovery.run()),
            asyncio.create_task(self._networks.run()),
        ]
        if self._databases is not None and self._databases.log is not None:
            tasks.append(asyncio.create_task(self._databases.log.run()))
        told = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
        tasks.append(asyncio.create_task(told.wait()))
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        server.close()
        for task in tasks:
            task.cancel()
        await self._host.close()
        self._models.close()
        self._egress.close()
        await asyncio.to_thread(self._spool.close)
        for task in done:
            task.result()

    def _router_parts(self) -> RouterParts:
        return RouterParts(
            sites=self._sites,
            gate=self._gate,
            sign_in=SignIn(self._link.redeem, secure=self._certificate is not None),
            sign_in_url=lambda: self._host.desired.sign_in_url if self._host.desired else "",
            calls=self._calls,
            pool=self._pool,
            observe=self._host.observe,
            limited=self._host.limited,
            proxies=Proxies(self._settings.proxies),
            identities=self._identities,
            crowd=Crowd(self._settings.connections, self._settings.connections_per_address),
        )

    def _health(self) -> dict[str, object]:
        """Return what the plane says of itself to whoever watches it."""
        heard, parted = self._host.desired is not None, self._networks.parted
        return {
            "ready": heard and parted.ready,
            "control_plane": "heard" if heard else "not heard yet",
            "networks": {"state": parted.parting.value, "faults": list(parted.faults)},
        }

    def _pass_key(self) -> str:
        return self._link.welcome.pass_key if self._link.welcome else ""

    async def _take(self, message: AnyDownlink) -> None:
        match message:
            case KillOrder():
                await self._host.close_by(message)
            case DesiredState():
                before, message = self._host.desired, self._tenancy.own(message)
                self._take_policies(message)
                self._models.gateway.end_revoked(message.epochs)
                self._networks.hear(message.networks)
                await self._host.take_state(message)
                if before is not None and _rules_of(before) != _rules_of(message):
                    for site in self._sites.all():
                        self._gate.end_forbidden(site)
            case RunJobOrder():
                self._schedule.run_by_hand(message)
            case EnqueueOrder():
                self._host.enqueue(message)
            case RestoreOrder():
                self._host.restore_database(message)
            case Heartbeat():
                await self._host.heard()

    def _take_policies(self, state: DesiredState) -> None:
        """Decide by a newer state's policies from here on. What was decided before is forgotten with the state's
        taking, which begins at once; policies that cannot be read refuse everything.
        """
        desired = self._host.desired
        told = (state.policies_generation, state.policies)
        if desired is not None and (
            state.version <= desired.version or told == (desired.policies_generation, desired.policies)
        ):
            return
        fault = self._engine.install(*told)
        self._spool.add(PoliciesReport(generation=state.policies_generation, fault=fault[:500], time=utc_now()))

    def _tell_decisions(self) -> None:
        """Report what was decided since the last time, for replays."""
        taken = [AskedQuestion.model_validate(asdict(item)) for item in self._journal.take()]
        for first in range(0, len(taken), _MOST_DECISIONS):
            self._spool.add(DecisionsReport(asked=tuple(taken[first : first + _MOST_DECISIONS])))

    async def _tick(self) -> None:
        told = time.monotonic()
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._host.roll_up(_TICK_SECONDS)
            self._egress.roll_up()
            self._host.put_to_sleep(time.monotonic())
            await self._host.expire_leases()
            await self._host.attest_again()
            self._schedule.run_due(utc_now())
            await self._host.workers.tell()
            self._watch.look()
            if self._certificate is not None:
                self._certificate.look()
            if time.monotonic() >= told + _TELL_DECISIONS_SECONDS:
                self._tell_decisions()
                told = time.monotonic()

    async def _connect(self, binding: Binding) -> Connection:
        """Open a connection for an app's statement; the credential is kept in memory only."""
        if binding.database_of:
            return await self._connect_own(binding)
        state = self._integration(binding)
        if state is None:
            raise UnavailableError(f"the integration {binding.resource} is not there any more")
        return await connect(await self._database(state), f"bailiwick {binding.app}")

    async def _connect_own(self, binding: Binding) -> Connection:
        app = self._app(binding)
        if app is None or self._databases is None:
            raise UnavailableError(f"the database of {binding.app} is not there any more")
        return await connect(await self._databases.target(app), f"bailiwick {binding.app}")

    async def _database(self, state: IntegrationState) -> Database:
        target = state.connection
        credential = await self._secrets.get(target.secret)
        return Database(target.host, target.port, target.database, target.user, credential)

    def _connected(self) -> dict[str, IntegrationState]:
        """Return the integrations that apps of this plane may use now, by name."""
        apps = self._host.desired.releases if self._host.desired else ()
        return {item.resource: item for app in apps for item in app.integrations if item.enabled}

    async def _read_accounts(self, name: str) -> tuple[Account, ...]:
        state = self._connected().get(name)
        if state is None:
            raise UnavailableError(f"the integration {name} is not there any more")
        connection = await connect(await self._database(state), "bailiwick discovery")
        try:
            async with asyncio.timeout(_ACCOUNTS_SECONDS):
                return await read_accounts(connection)
        finally:
            connection.close()

    def _authorize(self, identity: Identity, binding: Binding) -> Decision:
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
        apps = self._host.desired.apps if self._host.desired else ()
        own = (binding.app, binding.database_of, binding.branch)
        return next((app for app in apps if (app.app, app.mode, app.branch) == own), None)

    def _integration(self, binding: Binding) -> IntegrationState | None:
        """Return the integration of a binding as the newest desired state has it."""
        apps = self._host.desired.releases if self._host.desired else ()
        found = (item for app in apps if app.app == binding.app for item in app.integrations)
        return next((item for item in found if item.resource == binding.resource), None)

    def _emit(self, event: AuditEvent) -> None:
        self._spool.add(AuditReport(event=event))


def _rules_of(state: DesiredState) -> tuple[object, ...]:
    """Return what of a desired state decides who may use apps."""
    return (state.policies, {(app.app, app.mode): (app.roles, app.guardrails.access) for app in state.apps})


def run(settings: DataPlaneSettings, file: Path) -> None:
    """Run a data plane in this process; `file` is where its settings were read from, and is watched."""
    settings.state.mkdir(parents=True, exist_ok=True)
    raise_open_files()
    sys.setswitchinterval(_SWITCH_SECONDS)

    async def main() -> None:
        await DataPlane(settings, file).run()

    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(main())
