"""Planting: a helper of the owner's uid opens sockets inside a sandbox, hands them over, and bounds its files."""

import array
import asyncio
import contextlib
import json
import socket

from bailiwick.dataplane.sandbox.errors import SandboxStartError
from bailiwick.dataplane.sandbox.mechanism import Mechanism
from bailiwick.dataplane.sandbox.model import Plant, SandboxSpec
from bailiwick.dataplane.sandbox.runtime import Runtime


async def plant_sockets(
    spec: SandboxSpec, runtime: Runtime, pid: int, uid: int | None, mechanism: Mechanism
) -> dict[Plant, socket.socket]:
    """Have a helper of the owner's uid open the sockets inside, and take them over; and bound what folders hold."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs:
        plants = [[plant.address, plant.port, plant.protocol] for plant in spec.plants]
        folders = dict.fromkeys(mechanism.in_memory, spec.limits.files)
        order = {"pid": pid, "plants": plants, "root": mechanism.root, "folders": folders}
        helper = await asyncio.create_subprocess_exec(
            *([] if uid is None else ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"]),
            str(runtime.outside_python), "-I", "-S", "-B", str(runtime.root / ".bailiwick" / "plant.py"),
            str(theirs.fileno()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LD_LIBRARY_PATH": str(runtime.outside_libraries)},
            pass_fds=[theirs.fileno()],
        )  # fmt: skip
        try:
            _, words = await helper.communicate(json.dumps(order).encode())
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                helper.kill()
            await helper.wait()
            raise
        if helper.returncode != 0:
            raise SandboxStartError(
                f"the sandbox could not be prepared: {words.decode(errors='replace').strip()[-300:]}"
            )
        return dict(zip(spec.plants, _received(ours, len(spec.plants)), strict=True))


def _received(handover: socket.socket, count: int) -> list[socket.socket]:
    numbers = array.array("i")
    _, ancillary, _, _ = handover.recvmsg(64, socket.CMSG_SPACE(count * numbers.itemsize))
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
    planted = [socket.socket(fileno=number) for number in numbers]
    for item in planted:
        item.setblocking(False)
    return planted
