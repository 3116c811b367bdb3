"""What differs between levels of isolation when a sandbox starts: each is one value of `Mechanism`."""

from collections.abc import Callable
from dataclasses import dataclass

from bailiwick.dataplane.sandbox.descriptors import DataFiles
from bailiwick.dataplane.sandbox.model import Limits, SandboxSpec
from bailiwick.dataplane.sandbox.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Handed:
    """What the start of a sandbox is handed by descriptor.

    Bubblewrap says on `status_write` that it started, and waits for our word on `gate_read`. Through `door`, when there
    is one, comes the listener of the filter that hands refusals on. `ingress` is the socket that the command is to
    serve, where that is made outside; where it is made inside, `ingress_name` is what it is called there.
    """

    data: DataFiles
    status_write: int
    gate_read: int
    door: int | None = None
    ingress: int | None = None
    ingress_name: str = ""

    @property
    def numbers(self) -> list[int]:
        """The descriptors that the first program must have."""
        there = [number for number in (self.door, self.ingress) if number is not None]
        return [self.status_write, self.gate_read, *self.data.numbers, *there]


@dataclass(frozen=True, slots=True)
class Mechanism:
    """How sandboxes of one level are made.

    `command` starts one, below a `prlimit` with the options that `rlimits` gives; `group_limits` are those of the
    control groups around all of it, and `walls` what it is made of. The first process sees at `root` what the command
    sees as its root; `in_memory` are the folders below that which bubblewrap mounts for the command to write to.
    `own_kernel` says that its calls, descriptors and listening sockets are not the host's.
    """

    command: Callable[[SandboxSpec, Runtime, Handed], list[str]]
    rlimits: Callable[[SandboxSpec, bool], list[str]]
    group_limits: Callable[[Limits], Limits]
    walls: Callable[[SandboxSpec], list[str]]
    root: str
    in_memory: tuple[str, ...]
    own_kernel: bool
