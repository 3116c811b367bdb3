"""Settings of directories that are read over LDAP, with what is usual in Active Directory and in OpenLDAP."""

import ipaddress
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from bailiwick.control.identity import Attributes, Brake, LdapSource, Search, check_filter, check_name
from bailiwick.core.errors import UnavailableError

_PORTS = {"ldap": 389, "ldaps": 636}
_FACTS = {
    "title": "title",
    "locale": "preferredLanguage",
    "user_type": "employeeType",
    "region": "st",
    "country": "c",
}
_USUAL = {
    "active-directory": (
        "(&(objectCategory=person)(objectClass=user))",
        "(objectClass=group)",
        Attributes(
            id="objectGUID",
            email=("mail",),
            name=("displayName", "cn"),
            login=("sAMAccountName",),
            group=("cn",),
            member=("member",),
            facts={**_FACTS, "department": "department", "division": "division", "organization": "company"},
        ),
    ),
    "openldap": (
        "(objectClass=inetOrgPerson)",
        "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))",
        Attributes(
            id="entryUUID",
            email=("mail",),
            name=("displayName", "cn"),
            login=("uid",),
            group=("cn",),
            member=("member", "uniqueMember", "memberUid"),
            facts={**_FACTS, "department": "departmentNumber", "organization": "o"},
        ),
    ),
}
Filter = Annotated[str, AfterValidator(check_filter)]
Name = Annotated[str, StringConstraints(min_length=1), AfterValidator(check_name)]
Names = Annotated[tuple[Name, ...], Field(min_length=1)]
Attribute = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,79}$")]
Several = Annotated[tuple[Attribute, ...], Field(min_length=1)]
Fact = Literal[
    "title", "locale", "user_type", "region", "country", "department", "division", "organization", "cost_center"
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LdapAttributes(_Section):
    """Which attributes say what, where it is not as usual; of several the first that an entry has counts."""

    id: Attribute | None = None
    email: Several | None = None
    name: Several | None = None
    login: Several | None = None
    group: Several | None = None
    member: Several | None = None
    facts: dict[Fact, Attribute] = Field(default_factory=dict)


class LdapDirectory(_Section):
    """A directory that is read: `ldaps://`, or `ldap://` with StartTLS; without encryption only on this host.

    The password of `bind_dn` is in a file, or in the environment variable that `password_variable` names.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,38}$")
    kind: Literal["active-directory", "openldap"]
    url: str
    start_tls: bool = True
    ca_file: Path | None = None
    bind_dn: str = Field(min_length=1)
    password_file: Path | None = None
    password_variable: str | None = Field(default=None, pattern=r"^[A-Z_][A-Z0-9_]*$")
    people: Names
    groups: Names
    people_filter: Filter | None = None
    group_filter: Filter | None = None
    attributes: LdapAttributes = LdapAttributes()
    page_size: int = Field(default=500, ge=1, le=10_000)
    timeout: float = Field(default=30, ge=1, le=300, description="seconds that the directory may stay silent")
    interval: float = Field(default=900, ge=30, description="seconds between two readings")
    domains: frozenset[Annotated[str, StringConstraints(to_lower=True, pattern=r"^[^@\s]+$")]] = frozenset()
    brake_percent: int = Field(default=20, ge=1, le=100)
    brake_least: int = Field(default=10, ge=1)

    @model_validator(mode="after")
    def _can_be_read_safely(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
            raise ValueError("url: write ldaps://host or ldap://host, with a port where it is another")
        if parts.scheme == "ldap" and not self.start_tls and not _is_loopback(parts.hostname):
            raise ValueError("url: without TLS a directory is read on this host only; use ldaps:// or start_tls: true")
        if (self.password_file is None) == (self.password_variable is None):
            raise ValueError("say password_file or password_variable: one of them holds the password of bind_dn")
        return self

    @property
    def _security(self) -> Literal["tls", "start-tls", "loopback"]:
        if urlsplit(self.url).scheme == "ldaps":
            return "tls"
        return "start-tls" if self.start_tls else "loopback"

    def source(self) -> LdapSource:
        """Return where and how it is read."""
        parts = urlsplit(self.url)
        people_filter, group_filter, usual = _USUAL[self.kind]
        given = self.attributes
        return LdapSource(
            name=self.name,
            host=parts.hostname or "",
            port=parts.port or _PORTS[parts.scheme],
            security=self._security,
            ca_file=self.ca_file,
            bind_dn=self.bind_dn,
            password=_password(self.name, self.password_file, self.password_variable),
            people=Search(self.people, self.people_filter or people_filter),
            groups=Search(self.groups, self.group_filter or group_filter),
            attributes=Attributes(
                id=given.id or usual.id,
                email=given.email or usual.email,
                name=given.name or usual.name,
                login=given.login or usual.login,
                group=given.group or usual.group,
                member=given.member or usual.member,
                facts={**usual.facts, **{str(ours): theirs for ours, theirs in given.facts.items()}},
            ),
            page_size=self.page_size,
            timeout_seconds=self.timeout,
            interval_seconds=self.interval,
            domains=self.domains,
            brake=Brake(self.brake_percent, self.brake_least),
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _password(name: str, file: Path | None, variable: str | None) -> Callable[[], str]:
    """Return what reads the password anew each time; it is in no setting, and so in nothing that shows settings."""

    def read() -> str:
        place = str(file) if file is not None else f"the variable {variable}"
        try:
            found = file.read_text().rstrip("\r\n") if file is not None else os.environ.get(variable or "", "")
        except (OSError, ValueError) as fault:
            raise UnavailableError(f"the password of the directory '{name}' in {place} cannot be read") from fault
        # With an empty password a server would let us in as nobody (RFC 4513, section 5.1.2).
        if not found:
            raise UnavailableError(f"the password of the directory '{name}' in {place} is empty")
        return found

    return read
