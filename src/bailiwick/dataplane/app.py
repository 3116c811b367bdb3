"""The one place where a data plane is put together and run."""

import asyncio
import contextlib
import gc
import signal
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import asdict
from pathlib import Path

import uvloop

from bailiwick.core.clock import utc_now
from bailiwick.core.events import AuditEvent
from bailiwick.core.masked_logging import mask_logs
from bailiwick.core.masking import Masker, Masks
from bailiwick.core.messages import (
    AnyDownlink,
    AnyReport,
    AskedQuestion,
    AskOrder,
    AttackOrder,
    AuditReport,
    DecisionsReport,
    DesiredState,
    EnqueueOrder,
    Heartbeat,
    KillOrder,
    PoliciesReport,
    RestoreOrder,
    RunJobOrder,
)
from bailiwick.core.policy import Journal, PoliciesInForce
from bailiwick.core.statements import SigningKey
from bailiwick.dataplane.agent.attacking import AttackWatch
from bailiwick.dataplane.agent.attesting import Attester, own_key
from bailiwick.dataplane.agent.dependencies import Dependencies
from bailiwick.dataplane.agent.host import AppHost
from bailiwick.dataplane.agent.instance import Workshop
from bailiwick.dataplane.agent.jobs import Schedule
from bailiwick.dataplane.agent.link import Link
from bailiwick.dataplane.agent.output import Outputs
from bailiwick.dataplane.agent.own_storage import OwnStorage
from bailiwick.dataplane.agent.programs import prepare_helpers
from bailiwick.dataplane.agent.settings_watch import SettingsWatch
from bailiwick.dataplane.agent.spool import Spool
from bailiwick.dataplane.agent.stopping import Cutter
from bailiwick.dataplane.agent.tenancy import Tenancy
from bailiwick.dataplane.agent.walls import Walls
from bailiwick.dataplane.databases import keeper_of
from bailiwick.dataplane.discovery import Discovery
from bailiwick.dataplane.egress import PlaneEgress
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.decisions import KnownDecisions
from bailiwick.dataplane.gateways.egress import dialer_of
from bailiwick.dataplane.gateways.limits import Gates, SharedCounter
from bailiwick.dataplane.gateways.mail import MailGateway
from bailiwick.dataplane.gateways.services import ServiceGateway
from bailiwick.dataplane.gateways.sql import (
    DayCounts,
    DayReports,
    SqlGateway,
)
from bailiwick.dataplane.grant_drafts import DraftWork, PreviewDoor, Systems
from bailiwick.dataplane.guard import Guard
from bailiwick.dataplane.health import serve_health
from bailiwick.dataplane.integrations import PlaneIntegrations
from bailiwick.dataplane.models import PlaneModels
from bailiwick.dataplane.networks import NetworkWatch, Rounds, own_addresses
from bailiwick.dataplane.open_files import raise_open_files
from bailiwick.dataplane.otlp import Telemetry
from bailiwick.dataplane.questions import Questions
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
    Webhooks,
    serve,
)
from bailiwick.dataplane.sandbox import MIB, Runtimes, Together, end_abandoned
from bailiwick.dataplane.settings import DataPlaneSettings
from bailiwick.dataplane.traces import PlaneTraces

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
        self._engine = PoliciesInForce(
            environment=settings.plane,
            on_answer=self._journal.add,
            unrecorded=lambda: self._spool.fault(),  # noqa: PLW0108 - made below
        )
        self._maskers: tuple[Callable[[], Masker], ...] = ()
        self._reports_off: Callable[[], Collection[str]] = tuple
        self._spool = Spool(
            settings.state / "spool.sqlite",
            lambda: (masker() for masker in self._maskers),
            off=lambda: self._reports_off(),  # noqa: PLW0108 - known once the host is made
        )
        self._calls = CallRegistry()
        self._traces = PlaneTraces(
            settings.state,
            self._desired,
            self._calls.resolve,
            lambda: (masker() for masker in self._maskers),
            lambda: self._reports_off(),  # noqa: PLW0108 - known once the host is made
            lambda report: self._models.forward(report),  # noqa: PLW0108 - made later
        )
        self._link = Link(
            url=settings.control_url,
            credentials=settings.credentials,
            pins=settings.state / "pinned-keys.json",
            spool=self._spool,
        )
        self._sites = Sites()
        self._pool = Pool()
        self._identities = IdentityTokens()
        tls = settings.tls
        self._certificate = Certificate(tls.certificate, tls.key, tls.folder) if tls is not None else None
        key = own_key(settings.state / "attestation.key")
        self._watch = SettingsWatch(settings, file, key=key, report=self._spool.add, clock=utc_now)
        self._databases = keeper_of(settings.app_databases, settings.state, settings.plane, utc_now)
        self._integrations = PlaneIntegrations(
            engine=self._engine,
            desired=self._desired,
            link=self._link,
            databases=self._databases,
            database_files=settings.database_files,
        )
        self._guard = Guard(lambda *trip: self._host.watching.tripped(*trip))  # noqa: PLW0108 - the host is made later
        decisions = KnownDecisions(self._integrations.authorize, self._desired)
        self._gates = self._gates_made()
        self._days = DayCounts(settings.state / "rows-of-the-day.sqlite", utc_now)
        self._day_reports = DayReports(self._days, self._spool.add, utc_now)
        gateway = SqlGateway(
            self._integrations.connect,
            self._calls.resolve,
            decisions.authorize,
            self._emit,
            utc_now,
            guard=self._guard,
            translated=self._integrations.translated,
            followed=self._integrations.followed,
            gates=self._gates,
            days=self._days,
            functions=self._integrations.functions,
        )
        self._services = ServiceGateway(
            connection=self._integrations.service,
            credentials=self._integrations.credentials,
            upstreams=self._integrations.upstreams,
            resolve=self._calls.resolve,
            authorize=decisions.authorize,
            emit=self._emit,
            clock=utc_now,
            redacted=lambda texts: self._models.redacted(texts, "secrets"),
            guard=self._guard,
            gates=self._gates,
        )
        self._mail = MailGateway(
            connection=self._integrations.mail_server,
            secret=self._integrations.secret,
            forget=self._integrations.forget_secret,
            resolve=self._calls.resolve,
            authorize=decisions.authorize,
            emit=self._emit,
            clock=utc_now,
            guard=self._guard,
        )
        self._webhooks = Webhooks(settings.plane, self._integrations.secret, self._engine, self._emit, utc_now)
        self._models = self._models_made()
        self._maskers = (lambda: self._integrations.vault_masker, lambda: self._models.key_masker)
        self._cutter = Cutter(
            (gateway, self._services, self._mail),
            self._models.gateway,
            lambda chore: self._host.later(chore),  # noqa: PLW0108 - the host is made later
        )
        self._egress = self._egress_made()
        self._tenancy = Tenancy(settings.plane, settings.state / "tenant", self._emit, utc_now)
        runtimes = Runtimes(settings.state / "runtimes")
        self._networks = self._networks_made(runtimes)
        self._attacks = AttackWatch(settings.state, settings.attack_hours, self._spool.add, utc_now)
        self._outputs = Outputs(utc_now)
        self._host = self._host_made(self._shop_made(runtimes, gateway, key))
        self._reports_off = self._reports_without
        self._host.runs.take_up()
        self._schedule = Schedule(self._host.runs, self._host.in_production, self._host.production_apps)
        self._discovery = Discovery(
            self._integrations.connected, self._integrations.read_accounts, self._spool.add, utc_now
        )
        self._systems = Systems(self._desired, self._integrations.sign_in, utc_now)
        self._draft_work = DraftWork(self._systems, self._spool.add, utc_now)
        self._questions = Questions(
            plane=settings.plane,
            outputs=self._outputs,
            redacted=self._models.redacted,
            sign_in=self._integrations.sign_in,
            may_query=decisions.authorize,
            engine=self._engine,
            pass_key=self._pass_key,
            desired=self._desired,
            answer=self._link.answer,
            emit=self._emit,
            clock=utc_now,
        )
        self._gate = Gate(engine=self._engine, pass_key=self._pass_key, state=self._desired, clock=utc_now)

    def masker(self) -> Masks:
        """Return what masks every secret that this plane holds, and the organisation's own values, in logs of apps and
        its own.
        """
        return self._models.masker

    # -- its parts -----------------------------------------------------------------------------------------------

    def _desired(self) -> DesiredState | None:
        return self._host.desired

    def _reports_without(self) -> Collection[str]:
        desired = self._desired()
        return desired.reports_without if desired is not None else ()

    def _shared_url(self) -> str:
        shared = self._settings.shared_limits
        return shared.url if shared is not None else ""

    def _gates_made(self) -> Gates[Binding]:
        url = self._shared_url()
        return Gates(
            limits=self._integrations.limits,
            state=self._desired,
            emit=self._emit,
            report=self._spool.add,
            clock=utc_now,
            shared=(lambda tenant: SharedCounter(url, tenant)) if url else None,
        )

    def _models_made(self) -> PlaneModels:
        return PlaneModels(
            plane=self._settings.plane,
            state=self._settings.state,
            link=self._link,
            engine=self._engine,
            desired=self._desired,
            secrets=self._integrations.secrets,
            resolve=self._calls.resolve,
            emit=self._emit,
            report=self._spool.add,
            clock=utc_now,
            guard=self._guard,
            shared_url=self._shared_url(),
            otlp=self._settings.otlp,
        )

    def _egress_made(self) -> PlaneEgress:
        return PlaneEgress(
            plane=self._settings.plane,
            state=self._settings.state,
            engine=self._engine,
            desired=self._desired,
            dialer=dialer_of(self._settings.allow_networks, self._settings.name_servers),
            resolve=self._calls.resolve,
            emit=self._emit,
            report=self._spool.add,
            clock=utc_now,
            guard=self._guard,
            secrets=self._models.known_secrets,
            seen=self._traces.seen,
        )

    def _networks_made(self, runtimes: Runtimes) -> NetworkWatch:
        settings = self._settings
        rounds = Rounds(
            runtimes.python, settings.state / "networks", lambda: own_addresses(settings, self._desired()), utc_now
        )
        return NetworkWatch(rounds, self._spool.add, settings.network_probe_seconds)

    def _shop_made(self, runtimes: Runtimes, gateway: SqlGateway, key: SigningKey) -> Workshop:
        settings, report = self._settings, self._spool.add
        attester = Attester(
            plane=settings.plane, key=key, report=report, policies=self._policies_generation, clock=utc_now
        )
        queues = QueueStore(settings.state / "queues.sqlite")
        limits = settings.all_apps
        return Workshop(
            plane=settings.plane,
            runtimes=runtimes,
            dependencies=Dependencies(settings.state / "layers", settings.wheels, runtimes.python, self._link.artifact),
            attester=attester,
            helpers=prepare_helpers(settings.state / "helpers"),
            gateway=gateway,
            services=self._services,
            mail=self._mail,
            databases=self._databases,
            storage=OwnStorage(settings.state / "storage", settings.plane, report, utc_now),
            models=self._models.listener_of,
            queues=Queues(queues, self._calls, self._emit, utc_now, settings.plane),
            telemetry=Telemetry(self._traces.seen, self._traces.measured, self._traces.whose, utc_now),
            emit=self._emit,
            refused_name=self._egress.refused_name,
            egress=self._egress.listener_of,
            egress_authority=self._egress.authority_of,
            masker=self.masker,
            outputs=self._outputs,
            walls=Walls(settings.plane, report, utc_now),
            networks=self._networks,
            identity_key=self._identities.public_key,
            gvisor_platform=settings.gvisor_platform,
            together=Together(limits.memory_mib * MIB, limits.cpu, limits.processes),
        )

    def _host_made(self, shop: Workshop) -> AppHost:
        return AppHost(
            plane=self._settings.plane,
            host_suffix=self._settings.host_suffix,
            state=self._settings.state,
            link=self._link,
            shop=shop,
            sites=self._sites,
            calls=self._calls,
            pool=self._pool,
            warm_seconds=self._settings.warm_minutes * 60,
            warm_bytes=self._settings.warm_memory_mib * 2**20,
            report=self._report,
            taken=self._link.tell_taken,
            guard=self._guard,
            cut=self._cutter.take,
            clock=utc_now,
        )

    def _policies_generation(self) -> int:
        desired = self._desired()
        return desired.policies_generation if desired else 0

    # -- its life ------------------------------------------------------------------------------------------------

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
            asyncio.create_task(self._link.send_reports(self._traces.spool)),
            asyncio.create_task(self._link.keep_certificate()),
            asyncio.create_task(self._tick()),
            asyncio.create_task(self._discovery.run()),
            asyncio.create_task(self._networks.run()),
            asyncio.create_task(self._attacks.run()),
            asyncio.create_task(self._draft_work.run()),
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
        await asyncio.to_thread(self._traces.close)
        await self._models.close()
        self._days.close()
        self._services.upstreams.close()
        await self._gates.close()
        self._egress.close()
        await asyncio.to_thread(self._spool.close)
        for task in done:
            task.result()

    def _router_parts(self) -> RouterParts:
        sign_in = SignIn(self._link.redeem, secure=self._certificate is not None)
        return RouterParts(
            sites=self._sites,
            gate=self._gate,
            sign_in=sign_in,
            own_pages=PreviewDoor(
                plane=self._settings.plane,
                host_suffix=self._settings.host_suffix,
                systems=self._systems,
                engine=self._engine,
                pass_key=self._pass_key,
                desired=self._desired,
                sign_in=sign_in,
                emit=self._emit,
                clock=utc_now,
            ),
            sign_in_url=lambda: self._host.desired.sign_in_url if self._host.desired else "",
            calls=self._calls,
            pool=self._pool,
            observe=self._host.watching.observe,
            limited=self._host.watching.limited,
            proxies=Proxies(self._settings.proxies),
            identities=self._identities,
            crowd=Crowd(self._settings.connections, self._settings.connections_per_address),
            webhooks=self._webhooks,
        )

    def _health(self) -> dict[str, object]:
        """Return what the plane says of itself to whoever watches it."""
        heard, parted, unrecorded = self._host.desired is not None, self._networks.parted, self._spool.fault()
        return {
            "ready": heard and parted.ready and not unrecorded,
            "control_plane": "heard" if heard else "not heard yet",
            "records": unrecorded or "kept",
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
                self._services.end_revoked(message.epochs)
                self._mail.end_revoked(message.epochs)
                self._integrations.take(message)
                self._networks.hear(message.networks)
                self._integrations.hear(message.secrets)
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
            case AttackOrder():
                if message.plane == self._settings.plane:
                    self._attacks.ask()
            case AskOrder():
                self._questions.take(message)
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
            self._gates.roll_up()
            self._models.roll_up()
            self._day_reports.roll_up()
            self._webhooks.roll_up()
            self._traces.roll_up()
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

    def _emit(self, event: AuditEvent) -> None:
        self._report(AuditReport(event=event))

    def _report(self, report: AnyReport) -> None:
        self._spool.add(report)
        if isinstance(report, AuditReport):
            self._traces.observe(report.event)


def _rules_of(state: DesiredState) -> tuple[object, ...]:
    """Return what of a desired state decides who may use apps."""
    return (state.policies, {(app.app, app.mode): (app.roles, app.guardrails.access) for app in state.apps})


def run(settings: DataPlaneSettings, file: Path) -> None:
    """Run a data plane in this process; `file` is where its settings were read from, and is watched."""
    settings.state.mkdir(parents=True, exist_ok=True)
    raise_open_files()
    sys.setswitchinterval(_SWITCH_SECONDS)

    async def main() -> None:
        plane = DataPlane(settings, file)
        mask_logs(plane.masker)
        # What is here by now stays: the collector need not look at all of it again while calls wait.
        gc.collect()
        gc.freeze()
        await plane.run()

    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(main())
