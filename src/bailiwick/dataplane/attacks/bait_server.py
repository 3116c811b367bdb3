"""The process that is attacked: it holds a secret and serves sockets, as the uid of the sandbox. Standard library only.

Started with the folder of the bait as its argument. It says on standard output which port it serves and which file it
holds open, and ends with its standard input.
"""

import json
import os
import socket
import sys
import threading

_ADDRESSES = ("127.0.0.2", "127.255.255.254")
_ANSWER = b"bait"


def _listening(kind: int, family: int, address: object) -> socket.socket:
    opened = socket.socket(family, kind)
    if family == socket.AF_INET6:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    opened.bind(address)  # type: ignore[arg-type]
    if kind == socket.SOCK_STREAM:
        opened.listen(64)
    return opened


def _serve(listener: socket.socket) -> None:
    while True:
        if listener.type == socket.SOCK_DGRAM:
            _, sender = listener.recvfrom(64)
            listener.sendto(_ANSWER, sender)
        else:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(_ANSWER)


def main() -> None:
    """Serve until nobody wants it any more."""
    folder, abstract = sys.argv[1], sys.argv[2]
    os.chdir(folder)
    held = os.open("secret", os.O_RDONLY)
    first = _listening(socket.SOCK_STREAM, socket.AF_INET, ("127.0.0.1", 0))
    port = first.getsockname()[1]
    listeners = [
        first,
        *(_listening(socket.SOCK_STREAM, socket.AF_INET, (address, port)) for address in _ADDRESSES),
        _listening(socket.SOCK_STREAM, socket.AF_INET6, ("::1", port)),
        _listening(socket.SOCK_DGRAM, socket.AF_INET, ("127.0.0.1", port)),
        _listening(socket.SOCK_DGRAM, socket.AF_INET6, ("::1", port)),
        _listening(socket.SOCK_STREAM, socket.AF_UNIX, f"\0{abstract}"),
        _listening(socket.SOCK_STREAM, socket.AF_UNIX, f"{folder}/socket"),
    ]
    for listener in listeners:
        threading.Thread(target=_serve, args=(listener,), daemon=True).start()
    sys.stdout.write(json.dumps({"port": port, "fd": held}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
