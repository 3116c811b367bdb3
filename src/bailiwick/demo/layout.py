"""Where the demo keeps things and on which ports it listens, all following from `--state` and `--port`."""

import hashlib
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from bailiwick.core.errors import UnavailableError

_SHARED_ROOT = Path("/var/lib/bailiwick")
HOST = "127.0.0.1"
# The file in `state` with the account that makes apps' own databases.
APP_DATABASES, APP_DATABASES_LOG = "app-databases.url", "app-databases-log.url"
_PORT_OFFSETS = (0, 1, 2, 3, 10, 11, 12, 13, 14, 30)
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Layout:
    """One demo's directories and ports.

    `state` is private to whoever runs the demo. `shared` holds what processes under lesser uids must reach (the
    servers' data, runtimes, releases): the same directory where those uids can get to it, else one outside.
    """

    state: Path
    shared: Path
    port: int

    @property
    def console_url(self) -> str:
        """Where the console, the API and git answer."""
        return f"http://{HOST}:{self.port}"

    @property
    def idp_issuer(self) -> str:
        """The development identity provider."""
        return f"http://{HOST}:{self.port + 1}"

    @property
    def planes_port(self) -> int:
        """The planes' door of the control plane."""
        return self.port + 2

    @property
    def business_port(self) -> int:
        """The sample company's business database."""
        return self.port + 3

    @property
    def ingress_url(self) -> str:
        """Where apps are reached, by host name."""
        return f"http://{HOST}:{self.port + 10}"

    @property
    def model_port(self) -> int:
        """The port of the model gateway."""
        return self.port + 30

    @property
    def model_url(self) -> str:
        """Where people and agents call models; each library puts /v1 behind it in its own way."""
        return f"http://{HOST}:{self.model_port}"

    def require_free_ports(self, seconds: float = 0.0) -> None:
        """Return when every port can be had; raise `UnavailableError` that names the first that cannot in time."""
        deadline = time.monotonic() + seconds
        for port in (self.port + offset for offset in _PORT_OFFSETS):
            while not _is_free(port):
                if time.monotonic() >= deadline:
                    raise UnavailableError(
                        f"port {port} is taken by another program",
                        hint=f"stop it (is another demo running?), or choose others: --port {self.port + 100}",
                    )
                time.sleep(_LOOK_SECONDS)

    def plane_port(self, plane: str) -> int:
        """The port on which a plane takes what the front hands on."""
        return self.port + {"editor": 11, "production": 12}[plane]

    def health_port(self, plane: str) -> int:
        """The port on which a plane says whether it is ready."""
        return self.port + {"editor": 13, "production": 14}[plane]


def lay_out(state: Path, port: int) -> Layout:
    """Return the layout for a state directory, which is made (private) when it is not there."""
    state = state.expanduser().resolve()
    state.mkdir(parents=True, exist_ok=True)
    shared = state / "shared"
    if os.geteuid() == 0 and not _others_may_enter(state):
        name = hashlib.sha256(str(state).encode()).hexdigest()[:12]
        shared = _SHARED_ROOT / f"demo-{name}"
    shared.mkdir(parents=True, exist_ok=True)
    for folder in (shared, *(parent for parent in shared.parents if parent == _SHARED_ROOT)):
        folder.chmod(0o755)
    return Layout(state, shared, port)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _others_may_enter(directory: Path) -> bool:
    """Return whether any uid may pass through every directory on the way."""
    return all(folder.stat().st_mode & 0o001 for folder in (directory, *directory.parents))
