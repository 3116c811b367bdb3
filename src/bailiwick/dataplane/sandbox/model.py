"""What a sandbox is asked to be, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bailiwick.core.guardrails import IsolationLevel

MIB = 2**20
_PAGE, _LEAST_FILES = 4096, 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What the processes of a sandbox may use together."""

    memory_bytes: int = 256 * MIB
    cpu: float = 0.5
    processes: int = 64
    disk_bytes: int = 64 * MIB
    open_files: int = 256

    @property
    def files(self) -> int:
        """How many files a folder in memory may hold: one for each page of it, as what is not empty takes that."""
        return max(_LEAST_FILES, self.disk_bytes // _PAGE)


@dataclass(frozen=True, slots=True)
class Together:
    """What all sandboxes of a tenant may use together on this host; 0 is no limit of their own."""

    memory_bytes: int = 0
    cpu: float = 0.0
    processes: int = 0

    @property
    def limits_something(self) -> bool:
        """Whether there is any such limit."""
        return bool(self.memory_bytes or self.cpu or self.processes)


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of the host that the sandbox sees, read-only, at `target`."""

    source: Path
    target: str


@dataclass(frozen=True, slots=True)
class Storage:
    """A folder of the owner on a file system of its own, which the sandbox may write to; `size_bytes` is its quota."""

    folder: Path
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Plant:
    """A listening socket that lives on the sandbox's own loopback and is served from outside."""

    name: str
    address: str
    port: int
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """One sandbox. `owner` decides the uid outside: the same owner has the same, two owners never share one.

    All sandboxes of a `tenant` have one share of the processor, however many they are, and no more than `together`.
    `ingress` is the path where a socket is made that the command inherits, listening, as file descriptor 3. Without
    `programs` the command may start threads, but no processes and no other program. `platform` is that of gVisor at
    its level, and empty for what runsc takes by itself.
    """

    id: str
    owner: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    storage: Storage | None = None
    plants: tuple[Plant, ...] = ()
    ingress: Path | None = None
    limits: Limits = Limits()
    tenant: str = ""
    together: Together = Together()
    working_directory: str = "/tmp"  # noqa: S108 - the sandbox's own
    programs: bool = True
    level: IsolationLevel = "process"
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit that a sandbox ran into: its name, and what happened, such as `256 MiB of memory reached`."""

    limit: str
    words: str


@dataclass(frozen=True, slots=True)
class Exit:
    """How a sandbox ended: the command's code, and which limit was broken, in words, if one was."""

    code: int
    broken_limit: str = ""
    reached: Reached | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a sandbox uses now, as far as the host tells."""

    memory_bytes: int
    cpu_seconds: float
    processes: int
