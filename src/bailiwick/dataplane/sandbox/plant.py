"""Opens listening sockets inside a sandbox's network namespace and hands them out. Standard library only.

A process of its own, as entering a user namespace needs a single thread; it runs as the sandbox's uid, or the kernel
would not let it in. Reads `{"pid": …, "plants": [[address, port, protocol], …]}` from stdin, sends the sockets over the
Unix socket whose number is its argument (SCM_RIGHTS, unix(7)).
"""

import array
import ctypes
import fcntl
import json
import os
import socket
import sys

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000  # setns(2)
_NS_GET_USERNS = 0xB701  # ioctl_ns(2)
_BACKLOG = 128


def enter(pid: int) -> None:
    """Enter the network namespace of a process, by way of the user namespace that owns it."""
    libc = ctypes.CDLL(None, use_errno=True)
    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    owner = fcntl.ioctl(network, _NS_GET_USERNS)
    for descriptor, kind in ((owner, _CLONE_NEWUSER), (network, _CLONE_NEWNET)):
        if libc.setns(descriptor, kind) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def listen(address: str, port: int, protocol: str) -> socket.socket:
    """Return a socket that listens, or for UDP is bound, on the loopback of the namespace we are in."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    planted = socket.socket(socket.AF_INET, kind)
    planted.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    planted.bind((address, port))
    if protocol == "tcp":
        planted.listen(_BACKLOG)
    return planted


def main() -> None:
    """Enter, listen, hand over."""
    order = json.load(sys.stdin)
    enter(order["pid"])
    planted = [listen(*plant) for plant in order["plants"]]
    handover = socket.socket(fileno=int(sys.argv[1]))
    descriptors = array.array("i", [item.fileno() for item in planted])
    handover.sendmsg([b"planted"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])


if __name__ == "__main__":
    main()
