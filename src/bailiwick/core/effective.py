"""The effective settings as flat lines: what file and environment come to, secrets by name only; and whose hand."""

import os
import pwd
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

_SECRET = "**********"  # noqa: S105 - how pydantic writes what it hides


def effective(settings: BaseModel) -> dict[str, str]:
    """Return each setting by its dotted name, in JSON's words; secrets are there by name, without their value."""
    return dict(_flat("", settings.model_dump(mode="json")))


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if not value:
            yield name, "{}"
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}" if name else str(key), inner)
    elif isinstance(value, list):
        if not value:
            yield name, "[]"
        for place, inner in enumerate(value):
            yield from _flat(f"{name}[{place}]", inner)
    else:
        yield name, "(secret)" if value == _SECRET else _word(value)


def _word(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    return str(value)


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that is not as it was; empty where it was or is not there."""

    name: str
    before: str
    after: str


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    """Return what differs, by name."""
    names = sorted(before.keys() | after.keys())
    return [
        Difference(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name) != after.get(name)
    ]


def difference_lines(moved: Sequence[Difference]) -> list[str]:
    """Return each difference as a line for people."""
    return [f"{item.name}: {item.before or 'nothing'} → {item.after or 'nothing'}" for item in moved]


def hand_of(file: Path | None) -> tuple[str, datetime | None]:
    """Return who owns a file and when it was last changed."""
    try:
        status = file.stat() if file is not None else None
    except OSError:
        status = None
    if status is None:
        return "nobody that is known", None
    return user_name(status.st_uid), datetime.fromtimestamp(status.st_mtime, UTC)


def user_name(uid: int | None = None) -> str:
    """Return the name of a user of this host, by default of the one that this process runs as."""
    found = os.geteuid() if uid is None else uid
    try:
        return pwd.getpwuid(found).pw_name
    except KeyError:
        return f"uid {found}"
