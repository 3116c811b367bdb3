"""Connectors: business systems that many companies have, described as data, from which an integration is made.

A pack is a YAML file: where the system is, which credentials it takes, what its answers and errors look like, and
access rules with the calls that each opens. Those of the platform lie in `packs/`; an organisation's own lie in a
folder that its settings name.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from bailiwick.control.integrations.errors import UnknownConnectorError
from bailiwick.control.integrations.model import Integration
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.grants import RequestGrant
from bailiwick.core.manifest import ACCESS_RULE
from bailiwick.core.messages import AnyConnection, IntegrationLimits, ServiceConnection

_CONNECTION: TypeAdapter[AnyConnection] = TypeAdapter(AnyConnection)
# Values stand in host names and paths: nothing in them may begin another part of an address.
_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
_Words = Annotated[str, Field(max_length=300)]
_CHOSEN = re.compile(r"\$\(([a-z]+)\)")
# In a call these stand for any part, any rest, or a value.
_MEANS_MORE = frozenset("{}*$")
_MOST_BYTES = 2**20


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Paging(_Data):
    """How long lists come: by what an app asks for the next part, and where it finds that in an answer."""

    kind: Literal["none", "link-header", "link", "cursor", "page", "offset", "range"] = "none"
    parameter: _Words = ""
    field: _Words = ""

    @property
    def words(self) -> str:
        """How an app gets the next part."""
        match self.kind:
            case "none":
                return "answers come whole"
            case "link-header":
                return "follow rel=next of the header Link"
            case "link":
                return f"follow the address in {self.field}"
            case "cursor":
                return f"give what {self.field} says as {self.parameter}, until it is empty"
            case _:
                return f"count on with {self.parameter}"


class ErrorShape(_Data):
    """How the system says that something failed. With a `flag` it does so in answers of status 200, too."""

    flag: _Words = ""
    message: _Words = ""

    @property
    def words(self) -> str:
        """How an app sees it."""
        flag = f"also with status 200, when {self.flag}; " if self.flag else ""
        return f"errors: {flag}the reason is in {self.message or 'the status'}"


class PackAccess(_Data):
    """What one access rule opens; `scopes` are what the credential needs for it, `classes` the data in its answers, by
    path and field as in `/users/{id}#email`. `$(name)` in a call stands for a value that whoever registers it says.
    """

    about: _Words
    scopes: tuple[_Words, ...] = ()
    requests: tuple[RequestGrant, ...] = Field(min_length=1)
    classes: Mapping[str, _Name] = Field(default_factory=dict)


class Connector(_Data):
    """A system as a pack describes it. `url` may have names in braces, each said in `variables`, and calls names as in
    `$(name)`, each said in `chosen`; `credentials` are the kinds that it takes, each with what is the same for
    everybody; `rates` are the headers that say what is left.
    """

    name: _Name
    title: _Words
    about: _Words
    docs: str = Field(pattern=r"^https://[!-~]{1,300}$")
    url: str = Field(default="", max_length=1000)
    variables: Mapping[str, _Words] = Field(default_factory=dict)
    chosen: Mapping[str, _Words] = Field(default_factory=dict)
    credentials: Mapping[str, Mapping[str, Any]] = Field(min_length=1)
    paging: Paging = Paging()
    errors: ErrorShape = ErrorShape()
    rates: tuple[_Words, ...] = ()
    limits: IntegrationLimits = IntegrationLimits()
    access: Mapping[Annotated[str, Field(pattern=ACCESS_RULE)], PackAccess] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> "Connector":
        named = set(re.findall(r"\{([a-z_]+)\}", f"{self.url}{self.credentials}"))
        if named != set(self.variables):
            raise ValueError(
                f"variables and the names in braces differ: {', '.join(sorted(named ^ set(self.variables)))}"
            )
        calls = json.dumps([item.model_dump(mode="json") for item in self.access.values()])
        chosen = set(_CHOSEN.findall(calls))
        if chosen != set(self.chosen):
            raise ValueError(f"chosen and the names in the calls differ: {sorted(chosen ^ set(self.chosen))}")
        return self

    @property
    def notes(self) -> tuple[str, ...]:
        """What whoever writes code for it must know."""
        rates = f"what is left of its limits is in {', '.join(self.rates)}" if self.rates else ""
        return tuple(filter(None, (self.paging.words, self.errors.words, rates)))


class Place(_Data):
    """Where one plane finds a system, as far as the connector does not say it."""

    url: str = Field(default="", max_length=1000)
    values: Mapping[str, str] = Field(default_factory=dict)
    credential: Mapping[str, Any] = Field(default_factory=lambda: {"kind": "none"})
    authority: str = Field(default="", max_length=20_000)


class Made(_Data):
    """An integration that is made of a connector: which accesses of it are offered, and what differs from it."""

    connector: _Name
    owner: str = Field(max_length=210)
    description: str = Field(default="", max_length=500)
    access: tuple[str, ...] = Field(min_length=1, max_length=100)
    connections: Mapping[str, Place] = Field(min_length=1, max_length=20)
    limits: IntegrationLimits | None = None
    folder: str = Field(default="", max_length=240)
    values: Mapping[str, Annotated[str, Field(min_length=1, max_length=200)]] = Field(default_factory=dict)


class Connectors:
    """The packs that there are, by name; those of `folder` stand before the platform's own."""

    def __init__(self, folder: Path | None = None) -> None:
        """Read them; raise `InvalidInputError` that names the file of one that is wrong."""
        found = list(_own())
        if folder is not None:
            found += [_read(str(item), item.read_text()) for item in sorted(folder.glob("*.yaml"))]
        self._known = {item.name: item for item in found}

    def all(self) -> tuple[Connector, ...]:
        """Return every connector by name."""
        return tuple(self._known[name] for name in sorted(self._known))

    def get(self, name: str) -> Connector:
        """Return one; raise `UnknownConnectorError` with those that there are."""
        if name not in self._known:
            raise UnknownConnectorError(name, sorted(self._known))
        return self._known[name]

    def integration(self, name: str, made: Made) -> Integration:
        """Return the integration that is made of a connector; raise `InvalidInputError` for what does not fit it."""
        pack = self.get(made.connector)
        unknown = sorted(set(made.access) - set(pack.access))
        if unknown:
            raise InvalidInputError(
                f"the connector {pack.name} has no access '{unknown[0][:80]}'",
                hint=f"it has: {', '.join(sorted(pack.access)) or 'none: register calls of your own'}",
            )
        accesses = {rule: pack.access[rule] for rule in made.access}
        return Integration(
            name=name,
            kind="http",
            description=made.description or pack.about,
            owner=made.owner,
            enabled=True,
            connections={plane: _connection(pack, place, accesses) for plane, place in made.connections.items()},
            offers={rule: _chosen(item.requests, made, pack) for rule, item in accesses.items()},
            limits=made.limits or pack.limits,
            connector=pack.name,
            folder=made.folder,
        )

    def classes(self, made: Made) -> dict[str, str]:
        """Return the classes of data that the accesses bring, by path and field."""
        pack = self.get(made.connector)
        return {field: found for rule in made.access for field, found in pack.access[rule].classes.items()}


@cache
def _own() -> tuple[Connector, ...]:
    """Return the platform's own packs, which do not change while it runs."""
    packs = resources.files("bailiwick.control.integrations") / "packs"
    files = [item for item in packs.iterdir() if item.name.endswith(".yaml")]
    return tuple(_read(item.name, item.read_text()) for item in sorted(files, key=lambda item: item.name))


def _connection(pack: Connector, place: Place, accesses: Mapping[str, PackAccess]) -> ServiceConnection:
    given = dict(place.credential)
    kind = str(given.get("kind", ""))
    if kind not in pack.credentials:
        raise InvalidInputError(
            f"{pack.title} does not take a credential of the kind '{kind[:40]}'",
            hint=f"it takes: {', '.join(sorted(pack.credentials))}",
        )
    values = _values(pack, place)
    fixed = {name: _filled(value, values) for name, value in pack.credentials[kind].items()}
    scopes = list(dict.fromkeys(scope for item in accesses.values() for scope in item.scopes))
    if "scopes" in fixed and scopes:
        fixed["scopes"] = scopes
    url = place.url or _filled(pack.url, values)
    written = {"kind": "http", "url": url, "credential": {**fixed, **given}, "authority": place.authority}
    try:
        found = _CONNECTION.validate_python(written)
    except ValidationError as fault:
        first = fault.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        raise InvalidInputError(f"a connection of {pack.title} is not right: {where}: {first['msg']}") from None
    assert isinstance(found, ServiceConnection)  # noqa: S101 - said by its kind
    missing = set(scopes) - set(getattr(found.credential, "scopes", scopes))
    if missing:
        raise InvalidInputError(
            f"the credential has not the scope '{min(missing)}', which the accesses need", hint="leave scopes out"
        )
    return found


def _chosen(requests: Sequence[RequestGrant], made: Made, pack: Connector) -> tuple[RequestGrant, ...]:
    """Return calls with the values in them that were said; raise `InvalidInputError` for others than are wanted."""
    written = [item.model_dump(mode="json") for item in requests]
    wanted = set(_CHOSEN.findall(json.dumps(written)))
    missing = sorted(wanted - set(made.values)) or sorted(set(made.values) - set(pack.chosen))
    if missing:
        known = "; ".join(f"{name}: {words}" for name, words in pack.chosen.items()) or "none"
        raise InvalidInputError(
            f"{pack.title} wants other values: {', '.join(missing)[:80]}", hint=f"values are {known}"
        )
    for name, value in made.values.items():
        odd = not _MEANS_MORE.isdisjoint(value) or ".." in value.split("/") or value.strip("/") != value
        if odd or not value.isprintable():
            raise InvalidInputError(f"the value of {name} cannot stand in a call", hint=pack.chosen[name])
    try:
        return tuple(RequestGrant.model_validate(_said(item, made.values)) for item in written)
    except ValidationError as fault:
        first = fault.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(f"a value cannot stand in a call of {pack.title}: {where}: {first['msg']}") from None


def _said(written: Any, values: Mapping[str, str]) -> Any:
    if isinstance(written, dict):
        return {name: _said(item, values) for name, item in written.items()}
    if isinstance(written, list):
        return [_said(item, values) for item in written]
    return _CHOSEN.sub(lambda found: values[found[1]], written) if isinstance(written, str) else written


def _values(pack: Connector, place: Place) -> dict[str, str]:
    wrong = sorted(set(place.values) ^ set(pack.variables)) if not place.url or place.values else []
    if wrong:
        known = "; ".join(f"{name}: {words}" for name, words in pack.variables.items()) or "none"
        raise InvalidInputError(f"{pack.title} wants other values: {', '.join(wrong)[:80]}", hint=f"values are {known}")
    for name, value in place.values.items():
        if not _VALUE.fullmatch(value) or ".." in value:
            raise InvalidInputError(f"the value of {name} cannot stand in an address", hint=pack.variables[name])
    return dict(place.values)


def _filled(written: Any, values: Mapping[str, str]) -> Any:
    if not isinstance(written, str):
        return written
    for name, value in values.items():
        written = written.replace(f"{{{name}}}", value)
    return written


def _read(name: str, text: str) -> Connector:
    try:
        if len(text) > _MOST_BYTES:
            raise ValueError("it is larger than 1 MiB")
        return Connector.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        raise InvalidInputError(f"the connector {name} is not right: {str(fault)[:500]}") from None
