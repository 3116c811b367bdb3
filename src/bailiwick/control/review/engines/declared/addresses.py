"""Addresses in texts: which host and port a URL means, and which hosts mean nothing outside."""

import ipaddress
import re
from urllib.parse import urlsplit

HOLE = "\0"  # stands for a part of a text that is not known
PORTS = {
    "https": 443, "http": 80, "wss": 443, "ws": 80, "ftp": 21, "ftps": 990, "sftp": 22, "ssh": 22, "smtp": 25,
    "smtps": 465, "imap": 143, "imaps": 993, "ldap": 389, "ldaps": 636, "amqp": 5672, "amqps": 5671, "mqtt": 1883,
    "mqtts": 8883, "nats": 4222, "kafka": 9092, "grpc": 443, "telnet": 23, "git": 9418,
}  # fmt: skip
DATABASES = {
    "postgres": 5432, "postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "oracle": 1521,
    "mongodb": 27017, "mongodb+srv": 27017, "redis": 6379, "rediss": 6380, "snowflake": 443, "clickhouse": 8123,
    "cassandra": 9042, "neo4j": 7687, "bolt": 7687, "cockroachdb": 26257, "redshift": 5439, "trino": 8080,
}  # fmt: skip
_URL = re.compile(r"([a-z][a-z0-9]*(?:\+[a-z0-9_]+)?)://([^\s\"'<>`\\/?#]*)", re.IGNORECASE)
# Names of namespaces and schemas, which are no places to call; names that documents reserve (RFC 2606, 6761).
_NAMESPACES = frozenset({
    "www.w3.org", "w3.org", "json-schema.org", "schemas.xmlsoap.org", "schemas.microsoft.com",
    "schemas.openxmlformats.org", "schemas.android.com", "purl.org", "xmlns.com", "ogp.me", "schema.org",
    "xml.org", "java.sun.com", "www.sitemaps.org", "docs.oasis-open.org", "tempuri.org", "ns.adobe.com",
    "www.opengis.net", "itunes.apple.com.dtds", "rdfs.org",
})  # fmt: skip
_PLACEHOLDERS = frozenset(f"{start}example.{end}" for start in ("", "www.") for end in ("com", "org", "net"))
_OWN = frozenset({"localhost", "0.0.0.0", "::1", "::", "testserver", "test", "host", "hostname"})  # noqa: S104


def address_in(text: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of the URL that a text begins with; None when it begins with none to call.

    A host of which a part is not known is none: it is judged where it is known.
    """
    found = _URL.match(text.lstrip(" \t\r\n'\"(<"))
    if found is None:
        return None
    scheme, authority = found[1].lower(), found[2]
    plain = scheme.partition("+")[0] if scheme != "mongodb+srv" else scheme
    host, port = _host(authority.rpartition("@")[2])
    known = PORTS.get(plain) or DATABASES.get(plain)
    if not host or known is None or not is_outside(host):
        return None
    return plain, host, port or known


def _host(authority: str) -> tuple[str, int]:
    first = authority.split(",", maxsplit=1)[0]
    if HOLE in first.partition(":")[0]:
        return "", 0
    name, colon, port = first.partition(":")
    if colon and HOLE in port:
        return name.lower().rstrip("."), 0
    try:
        parts = urlsplit(f"//{first}")
        return (parts.hostname or "").rstrip("."), parts.port or 0
    except ValueError:
        return "", 0


def is_outside(host: str) -> bool:
    """Return whether a host is a place outside: no loopback, no planted name, no placeholder, no namespace."""
    host = host.lower().rstrip(".")
    if host in _OWN | _NAMESPACES | _PLACEHOLDERS or host.endswith((".internal", ".localhost", ".invalid", ".test")):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        pass
    labels = host.split(".")
    return all(re.fullmatch(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", label) for label in labels) and (
        len(labels) > 1 or bool(re.fullmatch(r"[a-z][a-z0-9-]{2,}", host))
    )
