"""The server name in a TLS ClientHello (RFC 8446 section 4.1.2, RFC 6066 section 3), without any TLS of our own."""

_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME, _HOST_NAME = 22, 1, 0, 0
MAX_HELLO_BYTES = 16 * 1024 + 5


class HelloError(ValueError):
    """The bytes are not a ClientHello that names its server."""


def needed(data: bytes) -> int:
    """Return how many bytes the first record has, as far as its head tells; raise when it is no handshake."""
    if data[:1] and data[0] != _HANDSHAKE:
        raise HelloError("the connection does not begin with TLS")
    return 5 + int.from_bytes(data[3:5]) if len(data) >= 5 else 5  # noqa: PLR2004 - the record's head


def server_name(record: bytes) -> str:
    """Return the host that a ClientHello names, in lower case."""
    try:
        if record[0] != _HANDSHAKE or record[5] != _CLIENT_HELLO:
            raise HelloError("the connection does not begin with a ClientHello")
        place = 5 + 4 + 2 + 32
        place += 1 + record[place]
        place += 2 + int.from_bytes(record[place : place + 2])
        place += 1 + record[place]
        end = place + 2 + int.from_bytes(record[place : place + 2])
        place += 2
        while place + 4 <= min(end, len(record)):
            kind = int.from_bytes(record[place : place + 2])
            length = int.from_bytes(record[place + 2 : place + 4])
            if kind == _SERVER_NAME:
                return _host(record[place + 4 : place + 4 + length])
            place += 4 + length
    except IndexError as fault:
        raise HelloError("the ClientHello is cut short") from fault
    raise HelloError("the ClientHello names no server")


def _host(extension: bytes) -> str:
    if len(extension) < 5 or extension[2] != _HOST_NAME:  # noqa: PLR2004 - list length, type, name length
        raise HelloError("the server name is malformed")
    length = int.from_bytes(extension[3:5])
    name = extension[5 : 5 + length]
    if len(name) != length or not name.isascii():
        raise HelloError("the server name is malformed")
    return name.decode().lower()
