"""The server name in a TLS ClientHello (RFC 8446 section 4.1.2, RFC 6066 section 3), without any TLS of our own."""

TLS_RECORD = 22
_CLIENT_HELLO, _SERVER_NAME, _HOST_NAME, _HIDDEN_HELLO = 1, 0, 0, 0xFE0D
MAX_HELLO_BYTES = 16 * 1024 + 5


class HelloError(ValueError):
    """The bytes are not a ClientHello that names its server."""


class NamelessError(HelloError):
    """It is a whole ClientHello, which names no server."""


def needed(data: bytes) -> int:
    """Return how many bytes the first record has, as far as its head tells; raise when it is no handshake."""
    if data[:1] and data[0] != TLS_RECORD:
        raise HelloError("the connection does not begin with TLS")
    count = 5 + int.from_bytes(data[3:5]) if len(data) >= 5 else 5  # noqa: PLR2004 - the record's head
    if count > MAX_HELLO_BYTES:
        raise HelloError("the ClientHello is too large")
    return count


def server_name(record: bytes) -> str:
    """Return the host that a ClientHello names, in lower case; raise `HelloError` when it does not say one for sure.

    One that is encrypted (draft-ietf-tls-esni, extension 0xfe0d) may be for another host than it says: it is refused.
    """
    found = _extensions_of(record)
    if _HIDDEN_HELLO in found:
        raise HelloError("the ClientHello hides for which server it is (ECH)")
    return _named(found)


def outer_name(record: bytes) -> str:
    """Return the host that a ClientHello shows to everybody on the way; browsers add to it what hides nothing here."""
    return _named(_extensions_of(record))


def _named(extensions: dict[int, bytes]) -> str:
    if _SERVER_NAME not in extensions:
        raise NamelessError("the ClientHello names no server")
    return _host(extensions[_SERVER_NAME])


def _extensions_of(record: bytes) -> dict[int, bytes]:
    try:
        if record[0] != TLS_RECORD or record[5] != _CLIENT_HELLO:
            raise HelloError("the connection does not begin with a ClientHello")
        if int.from_bytes(record[6:9]) != len(record) - 9:
            raise HelloError("the ClientHello is cut short")
        place = 5 + 4 + 2 + 32
        place += 1 + record[place]
        place += 2 + int.from_bytes(record[place : place + 2])
        place += 1 + record[place]
        if place == len(record):
            raise NamelessError("the ClientHello names no server")
        return _extensions(record, place)
    except IndexError as fault:
        raise HelloError("the ClientHello is cut short") from fault


def _extensions(record: bytes, place: int) -> dict[int, bytes]:
    """Return the extensions by their number; raise `HelloError` when they do not fill the place that they say."""
    if place + 2 + int.from_bytes(record[place : place + 2]) != len(record):
        raise HelloError("the ClientHello is cut short")
    place += 2
    found: dict[int, bytes] = {}
    while place < len(record):
        kind = int.from_bytes(record[place : place + 2])
        length = int.from_bytes(record[place + 2 : place + 4])
        if place + 4 + length > len(record) or kind in found:
            raise HelloError("the ClientHello's extensions are malformed")
        found[kind] = record[place + 4 : place + 4 + length]
        place += 4 + length
    return found


def _host(extension: bytes) -> str:
    if len(extension) < 5 or extension[2] != _HOST_NAME:  # noqa: PLR2004 - list length, type, name length
        raise HelloError("the server name is malformed")
    length = int.from_bytes(extension[3:5])
    name = extension[5:]
    if len(name) != length or int.from_bytes(extension[:2]) != length + 3 or not name.isascii():
        raise HelloError("the server name is malformed")
    return name.decode().lower()
