"""Attempts on what listens outside, on other networks, and for sockets that see more than their own connections."""

import errno
import socket
from collections.abc import Iterator
from functools import partial

from bailiwick.dataplane.attacks.attempts.model import LIBRARY, Attempt, Bait, in_child

_SECONDS, _DATAGRAM_SECONDS = 2.0, 0.3
_LOOPBACK = ("127.0.0.1", "localhost", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "127.0.0.2", "127.255.255.254")
_LOOPBACK_6 = ("::1", "::ffff:127.0.0.1")
# Where nothing answers on most hosts: that there is no way to them is held against nothing.
_ELSEWHERE = ("169.254.169.254", "169.254.170.2", "100.100.100.200", "10.0.0.1", "172.17.0.1", "192.168.1.1", "8.8.8.8")
_USER_AND_NETWORK = 0x10000000 | 0x40000000
_UNSHARE = 272
_ANSWER = b"bait"


def _connects(address: str, bait: Bait) -> bool:
    with socket.create_connection((address, bait.port), timeout=_SECONDS) as opened:
        return opened.recv(16) == _ANSWER


def _answers(family: int, address: str, bait: Bait) -> bool:
    with socket.socket(family, socket.SOCK_DGRAM) as opened:
        opened.settimeout(_DATAGRAM_SECONDS)
        opened.sendto(b"?", (address, bait.port))
        return opened.recv(16) == _ANSWER


def _unix(address: str, bait: Bait) -> bool:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.settimeout(_SECONDS)
        opened.connect(
            "\0" + bait.abstract if address == "abstract" else address.format(socket=bait.socket, pid=bait.pid)
        )
        return opened.recv(16) == _ANSWER


def _elsewhere(address: str, _: Bait) -> bool:
    with socket.create_connection((address, 80), timeout=_SECONDS):
        return True


def _opens(family: int, kind: int, protocol: int, _: Bait) -> bool:
    """Whether the kernel makes a socket, or has other reasons than a filter's not to make one."""

    def run() -> bool:
        LIBRARY.syscall(_UNSHARE, _USER_AND_NETWORK)
        try:
            socket.socket(family, kind, protocol).close()
        except OSError as fault:
            if fault.errno in {errno.EPERM, errno.EACCES}:
                raise
        return True

    return in_child(run)


def _same_port(bait: Bait) -> bool:
    """Whether the very port that is served outside is in use here, too: one network would be shared."""
    with socket.socket() as opened:
        try:
            opened.bind(("127.0.0.1", bait.port))
        except OSError as fault:
            return fault.errno == errno.EADDRINUSE
    return False


def _interfaces(_: Bait) -> bool:
    return any(name != "lo" for _, name in socket.if_nameindex())


def _attempts() -> Iterator[Attempt]:
    for address in _LOOPBACK:
        yield Attempt("network", f"connect to {address} outside", partial(_connects, address))
    for address in _LOOPBACK_6:
        yield Attempt("network", f"connect to {address} outside", partial(_connects, address))
    yield Attempt("network", "send to UDP outside", partial(_answers, socket.AF_INET, "127.0.0.1"))
    yield Attempt("network", "send to UDP outside by IPv6", partial(_answers, socket.AF_INET6, "::1"))
    yield Attempt("network", "connect to an abstract Unix socket outside", partial(_unix, "abstract"))
    yield Attempt("network", "connect to a Unix socket outside", partial(_unix, "{socket}"))
    yield Attempt(
        "network", "connect to a Unix socket by the root of a process", partial(_unix, "/proc/{pid}/root{socket}")
    )
    yield Attempt("network", "share the ports of the host", _same_port)
    yield Attempt("network", "see an interface besides the loopback", _interfaces)
    for address in _ELSEWHERE:
        yield Attempt("elsewhere", f"connect to {address}", partial(_elsewhere, address))
    families = {
        "the kernel (netlink)": (16, 3, 0), "the routes (netlink)": (16, 2, 0), "packets": (17, 3, 0),
        "packets of the network layer": (17, 2, 0), "raw packets": (2, 3, 1), "raw packets of IPv6": (10, 3, 58),
        "the machine's host (vsock)": (40, 1, 0), "ciphers of the kernel": (38, 5, 0), "keys (af_key)": (15, 3, 2),
        "Bluetooth": (31, 3, 1), "CAN": (29, 3, 1), "TIPC": (30, 1, 0), "packets past the kernel (xdp)": (44, 3, 0),
        "RDS": (21, 5, 0), "X.25": (9, 5, 0), "AppleTalk": (5, 2, 0), "LLC": (26, 2, 0), "NFC": (39, 3, 0),
    }  # fmt: skip
    yield from (
        Attempt("sockets", f"open a socket for {name}", partial(_opens, *kind)) for name, kind in families.items()
    )


ATTEMPTS = tuple(_attempts())
