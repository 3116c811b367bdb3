"""What entries of an LDAP directory mean: users and groups as every directory describes them, and who is in which."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bailiwick.control.identity.directory.model import Draft, Kind, fold
from bailiwick.control.identity.directory.people import attributes_of, usable_address
from bailiwick.control.identity.directory.problems import Problem
from bailiwick.control.identity.ldap.model import Entry, LdapSource, Snapshot
from bailiwick.control.identity.ldap.names import dn_key

_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_OWN_FACTS = {"title": "title", "user_type": "userType", "locale": "locale"}
_COMPANY_FACTS = {
    "department": "department",
    "division": "division",
    "organization": "organization",
    "cost_center": "costCenter",
}
_PLACE_FACTS = ("region", "country")
FACTS = (*_OWN_FACTS, *_COMPANY_FACTS, *_PLACE_FACTS)
_LONGEST_VALUE = 1000
_GUID_BYTES = 16
_ACCOUNT_DISABLED = 2
# Active Directory counts time in steps of 100 ns from here; this value and zero stand for never.
_AD_EPOCH_SECONDS = 11_644_473_600
_AD_NEVER = 0x7FFFFFFFFFFFFFFF


@dataclass(frozen=True, slots=True)
class WantedUser:
    """A user as the directory has it."""

    id: str
    draft: Draft


@dataclass(frozen=True, slots=True)
class WantedGroup:
    """A group as the directory has it; `members` are the directory's own identifiers of users and groups."""

    id: str
    draft: Draft
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that a directory says. `without_address` users cannot sign in anywhere; `outside` counts memberships of
    what was not read.
    """

    users: tuple[WantedUser, ...]
    groups: tuple[WantedGroup, ...]
    problems: tuple[Problem, ...]
    without_address: int
    outside: int


def understand(source: LdapSource, snapshot: Snapshot, now: datetime) -> Wanted:
    """Return what a snapshot means; `now` says which accounts have expired. Order is by the directory's identifiers."""
    reader = _Reader(source, now)
    users = sorted(reader.users(_by_name(snapshot.people)), key=lambda user: user.id)
    named = list(reader.named_groups(_by_name(snapshot.groups)))
    groups = sorted((reader.group(identifier, entry) for identifier, entry in named), key=lambda group: group.id)
    return Wanted(tuple(users), tuple(groups), tuple(reader.problems), reader.without_address, reader.outside)


def _by_name(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries in an order that does not depend on the server's."""
    return sorted(entries, key=lambda entry: dn_key(entry.dn))


class _Reader:
    """Goes through the entries, and remembers where each name leads."""

    def __init__(self, source: LdapSource, now: datetime) -> None:
        self._source = source
        self._now = now
        self._places: dict[str, str] = {}
        self._logins: dict[str, str] = {}
        self._seen: set[str] = set()
        self.problems: list[Problem] = []
        self.without_address = 0
        self.outside = 0

    def users(self, entries: Iterable[Entry]) -> Iterable[WantedUser]:
        for entry in entries:
            identifier = self._identifier(entry)
            if identifier is None:
                continue
            address = entry.first(*self._source.attributes.email)
            if not address:
                self.without_address += 1
                continue
            email = usable_address(address)
            if email is None or not self._is_ours(email):
                words = f"{address[:100]!r} is no e-mail address of this directory's domains"
                self.problems.append(Problem(f"entry:{identifier}", entry.dn[:200], words))
                continue
            self._places[dn_key(entry.dn)] = identifier
            for login in entry.texts(self._source.attributes.login[0]) if self._source.attributes.login else ():
                self._logins[fold(login)] = identifier
            yield WantedUser(identifier, _user_draft(self._source, entry, identifier, email, self._now))

    def named_groups(self, entries: Iterable[Entry]) -> Iterable[tuple[str, Entry]]:
        """Yield the groups that have an identifier and a name; all of them, before members are looked for."""
        for entry in entries:
            identifier = self._identifier(entry)
            if identifier is None:
                continue
            if not entry.first(*self._source.attributes.group):
                self.problems.append(Problem(f"entry:{identifier}", entry.dn[:200], "the group has no name"))
                continue
            self._places[dn_key(entry.dn)] = identifier
            yield identifier, entry

    def group(self, identifier: str, entry: Entry) -> WantedGroup:
        members = set()
        for attribute in self._source.attributes.member:
            for value in entry.texts(attribute):
                by_login = attribute.lower() == "memberuid"
                member = self._logins.get(fold(value)) if by_login else self._places.get(dn_key(value))
                if member is None:
                    self.outside += 1
                elif member != identifier:
                    members.add(member)
        name = entry.first(*self._source.attributes.group)[:_LONGEST_VALUE]
        document = {"schemas": [_GROUP], "externalId": identifier, "displayName": name}
        draft = Draft(Kind.GROUP, name, fold(name), document, comparable(document))
        return WantedGroup(identifier, draft, frozenset(members))

    def _identifier(self, entry: Entry) -> str | None:
        attribute = self._source.attributes.id
        values = entry.values.get(attribute.lower(), ())
        if len(values) == 1 and attribute.lower() == "objectguid" and len(values[0]) == _GUID_BYTES:
            return self._once(entry, str(uuid.UUID(bytes_le=values[0])))
        found = entry.first(attribute)
        if not found:
            words = f"the entry has no {attribute}, so a later change of its name could not be told from a new entry"
            self.problems.append(Problem(f"dn:{dn_key(entry.dn)}"[:500], entry.dn[:200], words))
            return None
        return self._once(entry, found.lower()[:_LONGEST_VALUE])

    def _once(self, entry: Entry, identifier: str) -> str | None:
        """Return an identifier, unless another entry has it: then nobody can say who is meant."""
        if identifier in self._seen:
            words = f"the entry has the same {self._source.attributes.id} as another one, which came first"
            self.problems.append(Problem(f"dn:{dn_key(entry.dn)}"[:500], entry.dn[:200], words))
            return None
        self._seen.add(identifier)
        return identifier

    def _is_ours(self, email: str) -> bool:
        return not self._source.domains or email.rpartition("@")[2] in self._source.domains


def is_disabled(entry: Entry, now: datetime) -> bool:
    """Return whether an account is switched off or expired, by the marks of Active Directory, 389 Directory Server and
    OpenLDAP's password policy. What cannot be read counts as switched off.

    A lock that began at some time was set by wrong passwords and ends by itself: else guessing would end somebody's
    sessions. An administrator's is written as the year 0 (draft-behera-ldap-password-policy-11, section 5.3.3).
    """
    control, expires = entry.first("userAccountControl"), entry.first("accountExpires")
    if control and (not _is_number(control) or int(control) & _ACCOUNT_DISABLED):
        return True
    if expires and (not _is_number(expires) or _is_past(int(expires), now)):
        return True
    return entry.first("nsAccountLock").lower() == "true" or _is_locked_for_good(entry)


def _is_locked_for_good(entry: Entry) -> bool:
    return entry.first("pwdAccountLockedTime").startswith("0000")


def comparable(value: Any) -> Any:
    """Return a document with its strings folded."""
    if isinstance(value, Mapping):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return fold(value) if isinstance(value, str) else value


def _user_draft(source: LdapSource, entry: Entry, identifier: str, email: str, now: datetime) -> Draft:
    facts = {
        ours: value[:_LONGEST_VALUE]
        for ours, theirs in source.attributes.facts.items()
        if theirs and (value := entry.first(theirs))
    }
    name = (entry.first(*source.attributes.name) or email)[:_LONGEST_VALUE]
    document: dict[str, Any] = {
        "schemas": [_USER, _ENTERPRISE],
        "externalId": identifier,
        "userName": email,
        "displayName": name,
        "active": not is_disabled(entry, now),
        "emails": [{"value": email, "primary": True}],
        **{key: facts[ours] for ours, key in _OWN_FACTS.items() if ours in facts},
    }
    company = {key: facts[ours] for ours, key in _COMPANY_FACTS.items() if ours in facts}
    place = {key: facts[key] for key in _PLACE_FACTS if key in facts}
    document |= {_ENTERPRISE: company} if company else {}
    document |= {"addresses": [{**place, "primary": True}]} if place else {}
    return Draft(
        Kind.USER,
        email,
        fold(email),
        document,
        comparable(document),
        email=email,
        display_name=name,
        active=document["active"],
        attributes=attributes_of(document),
    )


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def _is_past(ticks: int, now: datetime) -> bool:
    if ticks in {0, _AD_NEVER}:
        return False
    return ticks / 10_000_000 - _AD_EPOCH_SECONDS <= now.astimezone(UTC).timestamp()
