"""Whether something answers at an address: a TCP connection that is closed at once; nothing is sent.

A sandbox runs this file alone, so it uses nothing but the standard library.
"""

import errno
import json
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

SECONDS = 2.0
MARK = "reached: "
TARGETS = "REACHING_TARGETS"
_MOST_AT_ONCE = 16
# These say something of this process, not of the network.
_OUR_OWN = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
# From the worst: where a name has several addresses, one that answers is a way through.
ORDER = ("open", "untried", "silent", "refused", "unreachable", "unresolved")


def reach(host: str, port: int, seconds: float = SECONDS) -> str:
    """Return how an address is: `open`, or `refused`, `silent`, `unreachable`, `unresolved`; `untried` tells nothing.

    Every address that a name has is tried, for so many seconds each.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return "unresolved"
    reached = {_reach_one(family, address, seconds) for family, *_, address in found}
    return next(item for item in ORDER if item in reached)


def _reach_one(family: int, address: tuple[object, ...], seconds: float) -> str:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as opened:
            opened.settimeout(seconds)
            opened.connect(address)
            # On the loopback a socket can meet itself, where nobody listens (RFC 9293 section 3.5, simultaneous open).
            return "refused" if opened.getsockname() == opened.getpeername() else "open"
    except TimeoutError:
        return "silent"
    except ConnectionRefusedError:
        return "refused"
    except OSError as fault:
        return "untried" if fault.errno in _OUR_OWN else "unreachable"


def reach_all(targets: list[tuple[str, int]], seconds: float = SECONDS) -> list[str]:
    """Return how each address is, in order."""
    if not targets:
        return []
    with ThreadPoolExecutor(min(len(targets), _MOST_AT_ONCE)) as pool:
        return list(pool.map(lambda target: reach(target[0], target[1], seconds), targets))


def main() -> None:
    """Try what the environment names, and say what came of it on a line of its own."""
    targets = [(str(host), int(port)) for host, port in json.loads(os.environ[TARGETS])]
    sys.stdout.write(MARK + json.dumps(reach_all(targets)) + "\n")


if __name__ == "__main__":
    main()
