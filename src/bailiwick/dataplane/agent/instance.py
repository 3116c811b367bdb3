"""An instance: one release running in its sandbox, with its gateways on the planted sockets."""

import asyncio
import contextlib
import shutil
import socket
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import AuditEvent
from bailiwick.core.manifest import Manifest
from bailiwick.core.masking import Masker
from bailiwick.core.messages import AppState
from bailiwick.core.offer import missing
from bailiwick.core.policy import Decision
from bailiwick.dataplane.agent.releases import Prepared
from bailiwick.dataplane.gateways.dns import DnsGateway
from bailiwick.dataplane.gateways.egress import AddressPolicy, EgressListener, Opened
from bailiwick.dataplane.gateways.sql import Binding, SqlGateway, SqlListener
from bailiwick.dataplane.instrumentation import launcher, restraint
from bailiwick.dataplane.sandbox import Limits, Mount, Plant, Runtime, Sandbox, SandboxSpec, ensure_layer, launch

LOCK_FILE = "requirements.lock"
_DNS_ADDRESS = "127.0.0.53"
_READY_SECONDS = 60.0
_LOG_LINES = 200
_LOG_LINE_BYTES = 4000
_READY = b"GET /.bailiwick/ready HTTP/1.1\r\nhost: app\r\nconnection: close\r\n\r\n"


class StartError(BailiwickError):
    """The app did not come up; the words are its own last lines, or what it asks for and is not here."""

    code = "app.not-started"
    status = 502


@dataclass(frozen=True)
class Workshop:
    """What every instance of a plane is made with."""

    plane: str
    runtime: Runtime
    runtimes: tuple[str, ...]
    layers: Path
    wheels: Path
    helpers: Path
    gateway: SqlGateway
    emit: Callable[[AuditEvent], None]
    refused_name: Callable[[AppState, str], None]
    egress_authorize: Callable[[AppState, Manifest, str], Decision]
    egress_addresses: AddressPolicy
    egress_ended: Callable[[AppState, Opened], None]
    masker: Callable[[], Masker]


@dataclass
class Instance:
    """A running release. `socket` is where the router reaches it."""

    state: AppState
    sandbox: Sandbox
    folder: Path
    socket: Path
    logs: deque[str]
    manifest: Manifest
    _closers: list[Callable[[], None]] = field(default_factory=list)
    _reader: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        """End it: the sandbox with everything in it, then its gateways and its folder."""
        await self.sandbox.kill()
        await self.sandbox.wait()
        for close in self._closers:
            close()
        self.sandbox.close()
        if self._reader is not None:
            await asyncio.wait([self._reader], timeout=1)
        shutil.rmtree(self.folder, ignore_errors=True)


def prepare_helpers(target: Path) -> Path:
    """Copy the launcher and what it imports to where every sandbox can read it, and return that folder."""
    target.mkdir(parents=True, exist_ok=True)
    for source in (launcher.__file__, restraint.__file__):
        copy = target / Path(source).name
        shutil.copyfile(source, copy)
        copy.chmod(0o644)
    return target


def require_offered(manifest: Manifest, shop: Workshop) -> None:
    """Return when this plane has all that a manifest asks for; raise `StartError` that says what is missing."""
    words = missing(manifest, shop.runtimes)
    if words:
        raise StartError("; ".join(words), hint="change bailiwick.toml, or ask whoever runs this plane")


async def start_instance(state: AppState, prepared: Prepared, shop: Workshop, *, job: str = "") -> Instance:
    """Start a release (or one run of its job) and wait until it answers; raise `StartError` with its words if not."""
    require_offered(prepared.manifest, shop)
    layer = await _layer(prepared, shop)
    folder = Path(tempfile.mkdtemp(prefix="bw-"))
    folder.chmod(0o711)
    path = folder / "ingress.sock"
    ingress = _listen(path)
    plants, names, environment = _plan(state, prepared.manifest)
    manifest = prepared.manifest
    kind, entrypoint = ("run", manifest.jobs[job].run) if job else ("serve", manifest.app.entrypoint or "")
    spec = SandboxSpec(
        id=f"{state.app.replace('/', '.')}.{state.mode}"[:60],
        owner=f"{state.tenant}/{state.app}/{state.mode}",
        command=(shop.runtime.python, "-B", "/overlay/launcher.py", kind, entrypoint, *state.open_capabilities),
        environment=environment,
        mounts=(
            Mount(prepared.tree, "/app"),
            Mount(shop.helpers, "/overlay"),
            *([Mount(layer, "/layer")] if layer else []),
        ),
        plants=tuple(plants.values()),
        ingress=ingress,
        limits=Limits(
            manifest.limits.memory_bytes, manifest.limits.cpu, manifest.limits.processes, manifest.limits.disk_bytes
        ),
        working_directory="/app",
    )
    try:
        sandbox = await launch(spec, shop.runtime)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        ingress.close()
    instance = Instance(state, sandbox, folder, path, deque(maxlen=_LOG_LINES), manifest)
    instance._reader = asyncio.create_task(_read_logs(instance, shop.masker))
    try:
        await _open_gateways(instance, plants, names, shop)
        if not job:
            await _until_ready(instance)
    except BaseException:
        await instance.stop()
        raise
    return instance


async def _layer(prepared: Prepared, shop: Workshop) -> Path | None:
    lock = prepared.verified.files.get(LOCK_FILE)
    if lock is None:
        return None
    return await ensure_layer(lock.content.decode(), shop.wheels, shop.layers, shop.runtime)


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(256)
    return listener


def _plan(state: AppState, manifest: Manifest) -> tuple[dict[str, Plant], dict[str, str], dict[str, str]]:
    """Return the sockets to plant by what they are for, the names that the resolver knows, and the environment."""
    plants = {
        "dns-udp": Plant("resolver.internal", _DNS_ADDRESS, 53, "udp"),
        "dns-tcp": Plant("resolver.internal", _DNS_ADDRESS, 53),
    }
    environment = {"BAILIWICK_APP": state.app, "BAILIWICK_RELEASE": state.release}
    for number, integration in enumerate(state.integrations):
        host = f"{integration.name}.internal"
        plants[f"sql:{integration.name}"] = Plant(host, _address(0, number), 5432)
        name = integration.name.upper().replace("-", "_")
        environment[f"{name}_URL"] = f"postgresql://app@{host}:5432/{integration.resource}"
    # A name has one address, so the ports of one host share it.
    hosts = list(dict.fromkeys(declared.rpartition(":")[0] for declared in manifest.egress.allow))
    for declared in manifest.egress.allow:
        host, _, port = declared.rpartition(":")
        plants[f"egress:{declared}"] = Plant(host, _address(1, hosts.index(host)), int(port))
    names = {plant.name: plant.address for plant in plants.values()}
    return plants, names, environment


def _address(group: int, number: int) -> str:
    """Return the loopback address of the `number`th thing of a group."""
    return f"127.{1 + group}.{number // 250}.{1 + number % 250}"


async def _open_gateways(instance: Instance, plants: dict[str, Plant], names: dict[str, str], shop: Workshop) -> None:
    planted = instance.sandbox.planted
    state = instance.state
    resolver = DnsGateway(names, lambda name: shop.refused_name(state, name))
    await resolver.start(planted[plants["dns-udp"]], planted[plants["dns-tcp"]])
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
        )
        listener = SqlListener(shop.gateway, binding)
        await listener.start(planted[plants[f"sql:{integration.name}"]])
        instance._closers.append(listener.close)
    for declared in instance.manifest.egress.allow:
        door = _egress(instance, declared, shop)
        await door.start(planted[plants[f"egress:{declared}"]])
        instance._closers.append(door.close)


def _egress(instance: Instance, declared: str, shop: Workshop) -> EgressListener:
    host, _, port = declared.rpartition(":")
    state, manifest = instance.state, instance.manifest
    return EgressListener(
        host,
        int(port),
        lambda: shop.egress_authorize(state, manifest, declared),
        shop.egress_addresses,
        lambda ended: shop.egress_ended(state, ended),
    )


async def _read_logs(instance: Instance, masker: Callable[[], Masker]) -> None:
    while True:
        try:
            line = await instance.sandbox.output.readline()
        except ValueError:
            continue  # longer than we keep: what was read is dropped, the rest follows
        if not line:
            return
        instance.logs.append(masker().mask(line[:_LOG_LINE_BYTES].decode(errors="replace").rstrip()))


async def _until_ready(instance: Instance) -> None:
    ended = asyncio.create_task(instance.sandbox.wait())
    asked = asyncio.create_task(_ask(instance.socket))
    try:
        done, _ = await asyncio.wait([ended, asked], timeout=_READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (ended, asked):
            task.cancel()
    if asked in done and asked.exception() is None:
        return
    broken = ended.result().broken_limit if ended in done else ""
    await asyncio.sleep(0.05)  # the last lines may still be on their way
    words = "\n".join(list(instance.logs)[-12:]) or (
        "it did not answer in time" if ended not in done else "it ended at once"
    )
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
