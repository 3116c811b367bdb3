"""The register: every field that leaves, with its purpose and its class of data, and the version that brought it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Given

from bailiwick.core.errors import BailiwickError


class RegisterError(BailiwickError):
    """A text is no register of telemetry."""

    code = "telemetry.register-unreadable"
    status = 400


@dataclass(frozen=True, slots=True)
class Field:
    """A field that may leave: `fact.holder` goes to receivers of the audit log as a fact called `holder`.

    One that is `required` cannot be switched off; one that is `off` leaves only where somebody turned it on. A name
    that ends with `.*` is all below it.
    """

    name: str
    purpose: str
    data_class: str
    since: int
    required: bool = False
    off: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """What another register has that one has not, what it has not any more, and what it says otherwise."""

    added: tuple[Field, ...]
    removed: tuple[Field, ...]
    changed: tuple[tuple[Field, Field], ...]


@dataclass(frozen=True)
class Register:
    """Fields by name, as of a version."""

    version: int
    fields: Mapping[str, Field]

    def on(self, baseline: int, switched: Mapping[str, bool]) -> frozenset[str]:
        """Return the fields that leave: those that were there from the `baseline` on, and what was switched."""
        return frozenset(
            name
            for name, field in self.fields.items()
            if field.required or switched.get(name, field.since <= baseline and not field.off)
        )

    def as_of(self, version: int) -> "Register":
        """Return what of it was there at an older version."""
        kept = {name: field for name, field in self.fields.items() if field.since <= version}
        return replace(self, version=version, fields=kept)

    def difference(self, newer: "Register") -> Difference:
        """Return what changes from this register to another one."""
        both = [(self.fields[name], field) for name, field in newer.fields.items() if name in self.fields]
        return Difference(
            tuple(field for name, field in newer.fields.items() if name not in self.fields),
            tuple(field for name, field in self.fields.items() if name not in newer.fields),
            tuple((old, new) for old, new in both if replace(old, since=0) != replace(new, since=0)),
        )


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    to: str = Given(pattern=r"^[a-z-]+$")
    purpose: str = Given(min_length=5, max_length=300)
    data_class: str = Given(alias="class", pattern=r"^[a-z]+$")
    since: int = Given(ge=1)
    required: bool = False
    off: bool = False
    names: tuple[str, ...] = Given(min_length=1)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Given(ge=1)
    fields: tuple[_Group, ...]


def read_register(text: str) -> Register:
    """Return the register that a text (TOML) is; raise `RegisterError` when it is none, or says something twice."""
    try:
        told = _File.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as fault:
        raise RegisterError(f"this is no register of telemetry: {str(fault).splitlines()[0][:200]}") from fault
    found: dict[str, Field] = {}
    for group in told.fields:
        for name in group.names:
            field = Field(f"{group.to}.{name}", group.purpose, group.data_class, group.since, group.required, group.off)
            if field.name in found:
                raise RegisterError(f"the register declares {field.name} twice")
            if field.since > told.version:
                raise RegisterError(f"{field.name} is of version {field.since}, and the register of {told.version}")
            found[field.name] = field
    return Register(told.version, found)


@cache
def own_register() -> Register:
    """Return the register of this version of the platform."""
    return read_register(files("bailiwick.core.telemetry").joinpath("register.toml").read_text())
