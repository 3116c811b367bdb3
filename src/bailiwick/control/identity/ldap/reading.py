"""Reads a directory over LDAP: encrypted, in pages, whole or not at all; writes nothing and follows nowhere.

Nothing that a person typed gets into a search: filters and bases come from the settings.
"""

import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import ldap3
from ldap3.core.exceptions import LDAPException

from bailiwick.control.identity.ldap.errors import DirectoryUnreadableError
from bailiwick.control.identity.ldap.model import Entry, LdapSource, Search, Snapshot

_PAGED_RESULTS = "1.2.840.113556.1.4.319"
_SUCCESS = 0
# More than any company has: a directory that never ends must not fill the memory.
_MOST_ENTRIES = 1_000_000
_LONGEST_SECONDS = 3600.0
# What says that somebody may not sign in, on the servers that have it.
STATE_ATTRIBUTES = ("userAccountControl", "accountExpires", "nsAccountLock", "pwdAccountLockedTime")

Progress = Callable[[int], None]


def read(source: LdapSource, progress: Progress) -> Snapshot:
    """Return all people and groups of a directory; `progress` hears how many entries were read so far.

    Raises `DirectoryUnreadableError` when anything is missing: a part must never be taken for the whole.
    """
    try:
        connection = _connected(source)
        try:
            reading = _Reading(connection, source, progress)
            attributes = source.attributes
            of_people = (*attributes.email, *attributes.name, *attributes.login, *attributes.facts.values())
            people = tuple(reading.entries(source.people, [attributes.id, *of_people, *STATE_ATTRIBUTES]))
            groups = tuple(reading.entries(source.groups, [attributes.id, *attributes.group, *attributes.member]))
            return Snapshot(people, groups, reading.referrals)
        finally:
            connection.unbind()
    except (LDAPException, OSError) as fault:
        raise _unreadable(source, f"{type(fault).__name__}: {_reason(fault)}") from None


class _VerifiedTls(ldap3.Tls):  # type: ignore[misc]
    """TLS by a context that checks chain and host name itself: ldap3's own switches the host name's check off."""

    def __init__(self, source: LdapSource) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = ssl.create_default_context(cafile=str(source.ca_file) if source.ca_file else None)
        self._host = source.host

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        """Put TLS around a connection's socket; the handshake is done, and checked, in here."""
        del do_handshake
        connection.socket = self._context.wrap_socket(connection.socket, server_hostname=self._host)


def _connected(source: LdapSource) -> Any:
    """Return a connection that is encrypted, then bound; the password goes over nothing else."""
    server = ldap3.Server(
        source.host,
        port=source.port,
        use_ssl=source.security == "tls",
        tls=_VerifiedTls(source) if source.security != "loopback" else None,
        get_info=ldap3.NONE,
        connect_timeout=source.timeout_seconds,
    )
    connection = ldap3.Connection(
        server,
        user=source.bind_dn,
        password=source.password(),
        authentication=ldap3.SIMPLE,
        auto_bind=ldap3.AUTO_BIND_NONE,
        auto_referrals=False,
        auto_range=False,
        check_names=False,
        read_only=True,
        return_empty_attributes=False,
        receive_timeout=source.timeout_seconds,
    )
    connection.open()
    if source.security == "start-tls" and not connection.start_tls():
        raise _unreadable(source, "it does not start TLS")
    if not connection.bind():
        raise _unreadable(source, f"it does not let {source.bind_dn} in ({connection.result['description']})")
    return connection


class _Reading:
    """Searches of one connection, and what they came across."""

    def __init__(self, connection: Any, source: LdapSource, progress: Progress) -> None:
        self._connection = connection
        self._source = source
        self._progress = progress
        self._deadline = time.monotonic() + _LONGEST_SECONDS
        self._count = 0
        self.referrals = 0

    def entries(self, search: Search, attributes: list[str]) -> Iterator[Entry]:
        """Yield what a search finds, each entry once even where bases overlap."""
        seen: set[str] = set()
        for base in search.bases:
            for entry in self._below(base, search.filter, sorted(set(attributes))):
                if entry.dn not in seen:
                    seen.add(entry.dn)
                    yield entry

    def _below(self, base: str, text: str, attributes: list[str]) -> Iterator[Entry]:
        cookie: bytes | None = None
        while True:
            found, cookie = self._page(base, text, attributes, cookie)
            self._count += len(found)
            if self._count > _MOST_ENTRIES:
                raise _unreadable(self._source, f"it has more than {_MOST_ENTRIES:,} entries")
            if time.monotonic() > self._deadline:
                raise _unreadable(self._source, f"it took more than {_LONGEST_SECONDS:.0f} s")
            self._progress(self._count)
            for item in found:
                yield Entry(item["dn"], self._values(item))
            if not cookie:
                return

    def _page(
        self, base: str, text: str, attributes: list[str], cookie: bytes | None
    ) -> tuple[list[Any], bytes | None]:
        """Return the entries of a page and where the next begins (RFC 2696)."""
        self._connection.search(
            base,
            text,
            search_scope=ldap3.SUBTREE,
            dereference_aliases=ldap3.DEREF_NEVER,
            attributes=attributes,
            paged_size=self._source.page_size,
            paged_cookie=cookie,
        )
        items = self._answer(base)
        control = self._connection.result.get("controls", {}).get(_PAGED_RESULTS, {})
        return items, control.get("value", {}).get("cookie") or None

    def _answer(self, base: str) -> list[Any]:
        """Return the entries that the last search found; raise when the answer is not whole."""
        result, response = self._connection.result, self._connection.response or []
        if result["result"] != _SUCCESS:
            raise _unreadable(self._source, f"reading below {base} ended with {result['description']}")
        self.referrals += sum(1 for item in response if item["type"] == "searchResRef")
        return [item for item in response if item["type"] == "searchResEntry"]

    def _values(self, item: Any) -> dict[str, tuple[bytes, ...]]:
        values: dict[str, tuple[bytes, ...]] = {}
        for name, found in item["raw_attributes"].items():
            plain, _, option = name.lower().partition(";")
            whole = list(found)
            if option.startswith("range="):
                whole += self._rest(item["dn"], plain, option)
            values[plain] = (*values.get(plain, ()), *whole)
        return values

    def _rest(self, dn: str, attribute: str, option: str) -> list[bytes]:
        """Return the values that Active Directory left out of an answer (MS-ADTS, 3.1.1.3.1.3.3): `range=0-1499` is
        followed by a search for what begins at 1500, and the last one ends with `*`.
        """
        rest: list[bytes] = []
        while not option.endswith("-*"):
            begin = int(option.rpartition("-")[2]) + 1
            self._connection.search(
                dn, "(objectClass=*)", search_scope=ldap3.BASE, attributes=[f"{attribute};range={begin}-*"]
            )
            found = {
                name.lower().partition(";")[2]: values
                for item in self._answer(dn)
                for name, values in item["raw_attributes"].items()
                if name.lower().startswith(f"{attribute};range={begin}-")
            }
            if len(found) != 1:
                raise _unreadable(self._source, f"{dn} does not give all values of {attribute}")
            option, values = next(iter(found.items()))
            rest += values
        return rest


def _reason(fault: Exception) -> str:
    """Return what a fault says in one short line."""
    return " ".join(str(fault).split())[:200]


def _unreadable(source: LdapSource, words: str) -> DirectoryUnreadableError:
    return DirectoryUnreadableError(
        f"the directory '{source.name}' at {source.host}:{source.port} cannot be read: {words}",
        hint="nothing was changed; mend it, then: bailiwick directory sync " + source.name,
    )
