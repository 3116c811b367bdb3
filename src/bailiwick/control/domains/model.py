"""Domains as plain values, and which names there can be."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bailiwick.core.errors import InvalidInputError

_LONGEST = 253
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LAST_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Domain:
    """A host name that an app has in production: who bound it, when, and why."""

    host: str
    app: str
    bound_by: str
    bound_at: datetime
    reason: str


def checked_host(text: str, own: Collection[str]) -> str:
    """Return a host name in lower case; raise `InvalidInputError` for what is none, or lies under one of the platform's
    `own`: at those, names are given by the platform.
    """
    host = text.strip().lower().removesuffix(".")
    labels = host.split(".")
    well_formed = len(labels) > 1 and all(map(_LABEL.fullmatch, labels)) and _LAST_LABEL.fullmatch(labels[-1])
    if len(host) > _LONGEST or not well_formed:
        raise InvalidInputError(
            f"'{text[:80]}' is no host name", hint="write it in full, such as refunds.company.example"
        )
    for name in own:
        if host == name or host.endswith(f".{name}"):
            raise InvalidInputError(
                f"{host} lies under {name}, where the platform itself gives names", hint="use a name of another domain"
            )
    return host
