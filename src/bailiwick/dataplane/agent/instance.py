"""An instance: one release running in its sandbox, with its gateways on the planted sockets."""

import asyncio
import contextlib
import shutil
import socket
import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bailiwick.core.branches import instance_name
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import AuditEvent
from bailiwick.core.manifest import EgressHost, Manifest
from bailiwick.core.masking import Masks
from bailiwick.core.messages import (
    AnyConnection,
    AppState,
    BigQueryConnection,
    DatabaseConnection,
    FileConnection,
    HttpConnection,
    MailConnection,
    McpConnection,
    MysqlConnection,
    ServiceConnection,
    SnowflakeConnection,
)
from bailiwick.core.offer import missing
from bailiwick.dataplane.agent.attesting import Attester
from bailiwick.dataplane.agent.dependencies import Dependencies
from bailiwick.dataplane.agent.no_process import NoProcess
from bailiwick.dataplane.agent.output import Outputs, Writer, newest_lines
from bailiwick.dataplane.agent.own_storage import OwnStorage, owner_of
from bailiwick.dataplane.agent.programs import Part, program_of
from bailiwick.dataplane.agent.releases import Prepared
from bailiwick.dataplane.agent.trusting import trusting
from bailiwick.dataplane.agent.walls import Walls
from bailiwick.dataplane.databases import Databases
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.dns import DnsGateway
from bailiwick.dataplane.gateways.egress import EgressListener
from bailiwick.dataplane.gateways.mail import MailGateway, MailListener
from bailiwick.dataplane.gateways.mcp import MCP_PATH, McpListener
from bailiwick.dataplane.gateways.model import ModelListener, Step
from bailiwick.dataplane.gateways.services import ServiceGateway, ServiceListener, buckets_of
from bailiwick.dataplane.gateways.sql import SqlGateway, SqlListener
from bailiwick.dataplane.listening import Listener, Room
from bailiwick.dataplane.networks import NetworkWatch
from bailiwick.dataplane.otlp import OtlpListener, Telemetry
from bailiwick.dataplane.queues import QueueListener, Queues
from bailiwick.dataplane.router import StaticFiles
from bailiwick.dataplane.sandbox import (
    Layer,
    Limits,
    Mount,
    Plant,
    Runtime,
    Runtimes,
    Sandbox,
    SandboxSpec,
    Together,
    launch,
    require_level,
)

_DNS_ADDRESS = "127.0.0.53"
# No integration is called so: their names have no dots.
_MODELS_HOST = "gateway.models.internal"
_DATABASE_HOST = "own.database.internal"
_QUEUE_HOST = "app.queue.internal"
_TELEMETRY_HOST, _OTLP_PORT = "telemetry.internal", 4318
_READY = b"GET /.bailiwick/ready HTTP/1.1\r\nhost: app\r\nconnection: close\r\n\r\n"


class StartError(BailiwickError):
    """The app did not come up; the words are its own last lines, or what it asks for and is not here."""

    code = "app.not-started"
    status = 502


@dataclass(frozen=True)
class Workshop:
    """What every instance of a plane is made with."""

    plane: str
    runtimes: Runtimes
    dependencies: Dependencies
    attester: Attester
    helpers: Path
    gateway: SqlGateway
    services: ServiceGateway
    mail: MailGateway
    databases: Databases | None
    storage: OwnStorage
    models: Callable[[AppState, Manifest, Step | None], ModelListener]
    queues: Queues
    telemetry: Telemetry
    emit: Callable[[AuditEvent], None]
    refused_name: Callable[[AppState, str], None]
    egress: Callable[[AppState, EgressHost], EgressListener]
    egress_authority: Callable[[AppState], str]
    masker: Callable[[], Masks]
    outputs: Outputs
    walls: Walls
    networks: NetworkWatch
    identity_key: str
    together: Together
    gvisor_platform: str = ""


@dataclass
class Instance:
    """A running release. `socket` is where the router reaches it, `files` are what the router serves by itself,
    `looked_at` is when its limits were looked at last. Of a static app nothing runs: it has no folder, socket or
    runtime.
    """

    state: AppState
    sandbox: Sandbox | NoProcess
    folder: Path | None
    socket: Path | None
    logs: deque[str]
    prepared: Prepared
    runtime: Runtime | None
    layer: Layer | None = None
    files: StaticFiles | None = None
    looked_at: float = 0.0
    queue: QueueListener | None = None
    room: Room = field(init=False)
    _closers: list[Callable[[], None]] = field(default_factory=list)
    _reader: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.room = Room(self.manifest.limits.connections)

    @property
    def manifest(self) -> Manifest:
        """The manifest of the release."""
        return self.prepared.manifest

    @property
    def level(self) -> str:
        """The level of its sandbox, and what that is made of here."""
        if isinstance(self.sandbox, NoProcess):
            return self.sandbox.walls
        return f"{self.state.guardrails.isolation.level}: {self.sandbox.walls}"

    @property
    def how(self) -> str:
        """How it is held to its limits, as its page says it."""
        return self.sandbox.walls if isinstance(self.sandbox, NoProcess) else f"limits by {self.sandbox.controls}"

    async def stop(self) -> None:
        """End it: the sandbox with everything in it, then its gateways and its folder."""
        await self.sandbox.kill()
        await self.sandbox.wait()
        for close in self._closers:
            close()
        self.sandbox.close()
        if self._reader is not None:
            await asyncio.wait([self._reader], timeout=1)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def require_offered(manifest: Manifest, shop: Workshop) -> None:
    """Return when this plane has all that a manifest asks for; raise `StartError` that says what is missing."""
    no_storage = shop.storage.why_none(manifest)
    words = missing(manifest, shop.runtimes.names, databases=shop.databases is not None, no_storage=no_storage)
    if words:
        raise StartError("; ".join(words), hint="change bailiwick.toml, or ask whoever runs this plane")


async def start_instance(state: AppState, prepared: Prepared, shop: Workshop, part: Part | None = None) -> Instance:
    """Start a release, or another part of it than its web server, and wait until what serves answers; raise
    `StartError` with its words if it does not.
    """
    await asyncio.to_thread(require_level, state.guardrails.isolation.level, shop.gvisor_platform)
    require_offered(prepared.manifest, shop)
    manifest = prepared.manifest
    files = await asyncio.to_thread(_static_files, prepared) if part is None else None
    if manifest.app.is_static:
        return Instance(state, NoProcess(), None, None, deque(), prepared, None, files=files)
    runtime = await shop.runtimes.of(manifest.app.runtime)
    layer = await shop.dependencies.of(prepared.verified)
    storage = await shop.storage.ready(state, prepared.manifest)
    folder = Path(tempfile.mkdtemp(prefix="bw-"))
    folder.chmod(0o711)
    path = folder / "ingress.sock"
    plants, names, environment = _plan(state, prepared.manifest)
    part = part or Part("serve", manifest.app.entrypoint or "")
    trust = trusting(runtime, folder, shop.egress_authority(state))
    program = program_of(manifest, runtime, state.open_capabilities, part)
    environment |= {**trust.environment, **program.environment, "BAILIWICK_IDENTITY_KEY": shop.identity_key}
    spec = SandboxSpec(
        id=f"{state.app.replace('/', '.')}.{state.mode}"[:60],
        owner=owner_of(state),
        command=program.command,
        environment=environment,
        mounts=(
            Mount(prepared.tree, "/app"),
            Mount(shop.helpers, "/overlay"),
            *([Mount(layer.folder, program.packages)] if layer else []),
            *trust.mounts,
        ),
        storage=storage,
        plants=tuple(plants.values()),
        ingress=path,
        limits=limits_of(manifest),
        tenant=state.tenant,
        together=shop.together,
        working_directory="/app",
        programs=program.may_start_others,
        level=state.guardrails.isolation.level,
        platform=shop.gvisor_platform,
    )
    try:
        sandbox = await launch(spec, runtime)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    logs = newest_lines()
    instance = Instance(state, sandbox, folder, path, logs, prepared, runtime, layer, files=files)
    writer = Writer((instance_name(state.app, state.branch), state.mode), state.release, part.written)
    instance._reader = asyncio.create_task(shop.outputs.read(sandbox.output, logs, shop.masker, writer))
    try:
        await _open_gateways(
            instance, {name: sandbox.planted[plant] for name, plant in plants.items()}, names, shop, part
        )
        if part.kind == "serve":
            await _until_ready(instance, path, shop.walls)
    except BaseException:
        await instance.stop()
        raise
    return instance


def _static_files(prepared: Prepared) -> StaticFiles | None:
    """Return what the router serves of a release by itself: the bytes that were verified, never the disk's."""
    manifest = prepared.manifest
    if manifest.static is None:
        return None
    files = {path: file.content for path, file in prepared.verified.files.items()}
    return StaticFiles(manifest.static, files, passes_on=manifest.misses_go_to_app)


def limits_of(manifest: Manifest) -> Limits:
    """Return what the processes of an app may use together."""
    declared = manifest.limits
    return Limits(
        declared.memory_bytes, declared.cpu, declared.processes, declared.disk_bytes, open_files=declared.open_files
    )


def _plan(state: AppState, manifest: Manifest) -> tuple[dict[str, Plant], dict[str, str], dict[str, str]]:
    """Return the sockets to plant by what they are for, the names that the resolver knows, and the environment."""
    plants = {
        "dns-udp": Plant("resolver.internal", _DNS_ADDRESS, 53, "udp"),
        "dns-tcp": Plant("resolver.internal", _DNS_ADDRESS, 53),
    }
    plants["telemetry"] = Plant(_TELEMETRY_HOST, _address(5, 0), _OTLP_PORT)
    environment = {
        "BAILIWICK_APP": state.app,
        "BAILIWICK_RELEASE": state.release,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{_TELEMETRY_HOST}:{_OTLP_PORT}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_SERVICE_NAME": state.app,
    }
    traced: list[str] = []
    mail: list[str] = []
    for number, integration in enumerate(state.integrations):
        host = f"{integration.name}.internal"
        name = integration.name.upper().replace("-", "_")
        if isinstance(integration.connection, HttpConnection):
            plants[f"integration:{integration.name}"] = Plant(host, _address(0, number), 80)
            path = MCP_PATH if isinstance(integration.connection, McpConnection) else ""
            environment[f"{name}_URL"] = f"http://{host}{path}"
            traced += [
                f"{each}:80" for each in (host, *(f"{bucket}.{host}" for bucket in sorted(buckets_of(integration))))
            ]
        elif isinstance(integration.connection, MailConnection):
            plants[f"integration:{integration.name}"] = Plant(host, _address(0, number), 25)
            environment[f"{name}_URL"] = f"smtp://{host}:25"
            mail.append(host)
        else:
            plants[f"integration:{integration.name}"] = Plant(host, _address(0, number), 5432)
            environment[f"{name}_URL"] = f"postgresql://app@{host}:5432/{integration.resource}"
    if manifest.models:
        plants["models"] = Plant(_MODELS_HOST, _address(2, 0), 80)
        environment |= {
            "OPENAI_BASE_URL": f"http://{_MODELS_HOST}/v1",
            "ANTHROPIC_BASE_URL": f"http://{_MODELS_HOST}",
            # No credentials: libraries refuse to start without something in these, and the gateway looks at neither.
            "OPENAI_API_KEY": "none-is-needed",
            "ANTHROPIC_API_KEY": "none-is-needed",
        }
    if manifest.database is not None:
        plants["database"] = Plant(_DATABASE_HOST, _address(3, 0), 5432)
        environment["DATABASE_URL"] = f"postgresql://app@{_DATABASE_HOST}:5432/app"
    if manifest.has_queues:
        plants["queue"] = Plant(_QUEUE_HOST, _address(4, 0), 80)
        environment["BAILIWICK_QUEUE_URL"] = f"http://{_QUEUE_HOST}"
    opens = state.guardrails.egress.opens
    traced += [
        target.address
        for target in manifest.egress.declared
        if target.protocol == "http" or (target.protocol == "tls" and opens(target.host) is not None)
    ]
    if manifest.models:
        traced.append(f"{_MODELS_HOST}:80")
    if "queue" in plants:
        traced.append(f"{_QUEUE_HOST}:80")
    if mail:
        environment["BAILIWICK_MAIL_HOSTS"] = " ".join(mail)
    environment["BAILIWICK_TRACED_HOSTS"] = " ".join(traced)
    # A name has one address, so the ports of one host share it.
    hosts = list(dict.fromkeys(target.host for target in manifest.egress.declared))
    for target in manifest.egress.declared:
        plants[f"egress:{target.address}"] = Plant(target.host, _address(1, hosts.index(target.host)), target.port)
    names = {plant.name: plant.address for plant in plants.values()}
    for integration in state.integrations:
        # Libraries put the bucket into the name of the host.
        host = f"{integration.name}.internal"
        names |= {f"{bucket}.{host}": names[host] for bucket in buckets_of(integration)}
    return plants, names, environment


def _address(group: int, number: int) -> str:
    """Return the loopback address of the `number`th thing of a group."""
    return f"127.{1 + group}.{number // 250}.{1 + number % 250}"


def _door(connection: AnyConnection, binding: Binding, shop: Workshop) -> Listener:
    """Return what listens on the socket of an integration, by the kind of system."""
    match connection:
        case ServiceConnection():
            return ServiceListener(shop.services, binding)
        case McpConnection():
            return McpListener(shop.services, binding)
        case MailConnection():
            return MailListener(shop.mail, binding)
        case DatabaseConnection() | MysqlConnection() | FileConnection() | BigQueryConnection() | SnowflakeConnection():
            return SqlListener(shop.gateway, binding)


async def _open_gateways(
    instance: Instance, planted: Mapping[str, socket.socket], names: dict[str, str], shop: Workshop, part: Part
) -> None:
    """Serve on the sockets that were planted, each by what it is for."""
    state = instance.state
    resolver = DnsGateway(names, lambda name: shop.refused_name(state, name))
    await resolver.start(planted["dns-udp"], planted["dns-tcp"])
    instance._closers.append(resolver.close)
    for integration in state.integrations:
        binding = Binding(
            app=state.app,
            release=state.release,
            tenant=state.tenant,
            plane=shop.plane,
            resource=integration.resource,
            grant=integration.grant,
            roles=integration.roles,
            data_classes=frozenset(instance.manifest.app.data_classes),
            name=integration.name,
        )
        door = _door(integration.connection, binding, shop)
        door.room = instance.room
        await door.start(planted[f"integration:{integration.name}"])
        instance._closers.append(door.close)
    if "database" in planted and shop.databases is not None:
        listener = SqlListener(shop.gateway, await _own_database(instance, shop.plane, shop.databases))
        listener.room = instance.room
        await listener.start(planted["database"])
        instance._closers.append(listener.close)
    writer = Writer((instance_name(state.app, state.branch), state.mode), state.release, part.written)
    telemetry = OtlpListener(shop.telemetry, state, lambda record: shop.outputs.take(record, shop.masker(), writer))
    telemetry.room = instance.room
    await telemetry.start(planted["telemetry"])
    instance._closers.append(telemetry.close)
    if "queue" in planted:
        own = part.worker if part.kind == "work" else ""
        workers = {name: worker for name, worker in instance.manifest.workers.items() if worker.queue}
        instance.queue = QueueListener(shop.queues, state, instance_name(state.app, state.branch), workers, own)
        await instance.queue.start(planted["queue"])
        instance._closers.append(instance.queue.close)
    counts = instance.queue if part.kind == "work" else None
    if "models" in planted:
        models = shop.models(state, instance.manifest, counts.step if counts is not None else None)
        models.room = instance.room
        await models.start(planted["models"])
        instance._closers.append(models.close)
    for target in instance.manifest.egress.declared:
        way_out = shop.egress(state, target)
        await way_out.start(planted[f"egress:{target.address}"])
        instance._closers.append(way_out.close)


async def _own_database(instance: Instance, plane: str, databases: Databases) -> Binding:
    state = instance.state
    return Binding(
        app=state.app,
        release=state.release,
        tenant=state.tenant,
        plane=plane,
        resource=state.app,
        grant=await databases.grant(state),
        roles=state.roles,
        data_classes=frozenset(instance.manifest.app.data_classes),
        database_of=state.mode,
        branch=state.branch,
    )


async def _until_ready(instance: Instance, socket: Path, walls: Walls) -> None:
    seconds = instance.manifest.limits.start_seconds
    ended = asyncio.create_task(instance.sandbox.wait())
    asked = asyncio.create_task(_ask(socket))
    try:
        done, _ = await asyncio.wait([ended, asked], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (ended, asked):
            task.cancel()
    if asked in done and asked.exception() is None:
        return
    late = f"it did not answer within {seconds} s (start_seconds of its limits)"
    if ended in done:
        found = ended.result()
        how = walls.ended(instance, None, found)
        # What failed says so itself, in its last lines; what ended well does not know that it was to serve.
        broken = how if found.reached is not None else f"{how}, before it answered" if found.code == 0 else ""
    else:
        broken = late
        walls.reached(instance.state, "start-time", late)
    await asyncio.sleep(0.05)  # the last lines may still be on their way
    words = "\n".join(list(instance.logs)[-12:]) or ("" if broken else "it ended at once")
    raise StartError(f"{broken}\n{words}".strip())


async def _ask(path: Path) -> None:
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_unix_connection(str(path))
            try:
                writer.write(_READY)
                if (await reader.readline()).startswith(b"HTTP/1.1 204"):
                    return
            finally:
                writer.close()
        await asyncio.sleep(0.05)
