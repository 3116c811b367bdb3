"""Prepares a sandbox from inside before its command runs: opens listening sockets in its network namespace and hands
them out, and bounds how many files its folders in memory may hold. Standard library only.

A process of its own, as entering a user namespace needs a single thread; it runs as the sandbox's uid, or the kernel
would not let it in. Reads `{"pid": …, "plants": [[address, port, protocol], …], "root": path, "folders": {path: files,
…}}` from stdin, sends the sockets over the Unix socket whose number is its argument (SCM_RIGHTS, unix(7)).
"""

import array
import ctypes
import errno
import fcntl
import json
import os
import socket
import sys
import time

_CLONE_NEWUSER, _CLONE_NEWNET, _CLONE_NEWNS = 0x10000000, 0x40000000, 0x00020000  # setns(2)
_NS_GET_USERNS = 0xB701  # ioctl_ns(2)
_NOSUID, _NODEV, _REMOUNT = 2, 4, 32  # mount(2)
_BACKLOG = 128
_ROOT_MARK = "/.bailiwick/plant.py"
_SECONDS, _LOOK_SECONDS = 10.0, 0.002


def _checked(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def enter(pid: int) -> None:
    """Enter the network namespace of a process, by way of the user namespace that owns it."""
    libc = ctypes.CDLL(None, use_errno=True)
    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    owner = fcntl.ioctl(network, _NS_GET_USERNS)
    for descriptor, kind in ((owner, _CLONE_NEWUSER), (network, _CLONE_NEWNET)):
        _checked(libc.setns(descriptor, kind), "setns")


class _Patience:
    """How long to wait for what bubblewrap does: not for ever, and not once whoever started us is gone."""

    def __init__(self, handover: socket.socket) -> None:
        self._handover = handover
        self._deadline = time.monotonic() + _SECONDS

    def wait(self) -> bool:
        """Wait for a moment; return whether there is any point in looking again."""
        time.sleep(_LOOK_SECONDS)
        try:
            is_gone = self._handover.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            is_gone = False
        return not is_gone and time.monotonic() < self._deadline


def listen(address: str, port: int, protocol: str, handover: socket.socket) -> socket.socket:
    """Return a socket that listens, or for UDP is bound, on the loopback of the namespace we are in."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    planted = socket.socket(socket.AF_INET, kind)
    planted.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _bind(planted, address, port, _Patience(handover))
    if protocol == "tcp":
        planted.listen(_BACKLOG)
    return planted


def _bind(planted: socket.socket, address: str, port: int, patience: _Patience) -> None:
    """Bind once loopback is up: bubblewrap says its pid first, and brings it up then."""
    while True:
        try:
            planted.bind((address, port))
            return
        except OSError as fault:
            if fault.errno != errno.EADDRNOTAVAIL or not patience.wait():
                raise


def bound_files(pid: int, root: str, folders: dict[str, int], handover: socket.socket) -> None:
    """Let each of these folders below `root`, file systems in memory, hold so many files (tmpfs(5)) and no more.

    Bubblewrap gives them a size only: empty files take none of it, but memory of the kernel's all the same.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    patience = _Patience(handover)
    # Bubblewrap says its pid first and mounts then; whoever enters meanwhile sees the root of before.
    namespace = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
    while True:
        _checked(libc.setns(namespace, _CLONE_NEWNS), "setns")
        if os.access(root + _ROOT_MARK, os.F_OK) and all(os.path.ismount(root + path) for path in folders):
            break
        if not patience.wait():
            raise TimeoutError("the sandbox's folders were not mounted in time")
    for path, files in folders.items():
        options = f"nr_inodes={files}".encode()
        _checked(libc.mount(None, (root + path).encode(), None, _REMOUNT | _NOSUID | _NODEV, options), f"mount {path}")


def main() -> None:
    """Enter, listen, hand over, and bound."""
    order = json.load(sys.stdin)
    enter(order["pid"])
    handover = socket.socket(fileno=int(sys.argv[1]))
    planted = [listen(address, port, protocol, handover) for address, port, protocol in order["plants"]]
    descriptors = array.array("i", [item.fileno() for item in planted])
    handover.sendmsg([b"planted"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)] if planted else [])
    bound_files(order["pid"], order["root"], order["folders"], handover)


if __name__ == "__main__":
    main()
