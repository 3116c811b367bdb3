"""Makes a release of Bailiwick of a built wheel: what it runs with by the lock file, and what it changes."""

import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from bailiwick.control.upgrades.bundling import described, migrations_in, requirements_of
from bailiwick.control.upgrades.environments import normal
from bailiwick.control.upgrades.errors import ReleaseRefusedError
from bailiwick.control.upgrades.model import RELEASE_FORMAT, Change, Release

_MIGRATIONS = Path("bailiwick/store/migrations/versions")
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)([^\n]*(?:\n[ \t]+[^\n]*)*)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_TELEMETRY = "telemetry"
_SECONDS = 120
_LAST_WORDS = 400
# Asks a version for its own settings: run with that version's code in the place of ours.
_ASK_SETTINGS = """
import json, sys
sys.path.insert(0, sys.argv[1])
from bailiwick.control.settings import ControlSettings
print(json.dumps(ControlSettings.model_json_schema()))
"""


def release_of(
    wheel: Path,
    *,
    lock: Path,
    previous: Path,
    brings: Sequence[Path] = (),
    now: datetime,
    days: int = 90,
    from_version: str = "0.0",
    notes: str = "",
) -> Release:
    """Return the release of a wheel; `previous` (a wheel, or a folder of its code) is what it is compared with.

    Each package that it runs with must be here in the very version that the lock file pins, and what comes along must
    have a hash of it. Raises `ReleaseRefusedError` that says what does not fit.
    """
    version_made = _metadata(wheel)["Version"]
    pins = _pins(lock)
    requirements = _requirements(wheel)
    for name, version in requirements.items():
        pinned = pins.get(name, ("", frozenset()))[0]
        if version != pinned:
            raise ReleaseRefusedError(
                f"{name} {version} is here, and {lock.name} pins {pinned or 'none'}",
                hint="make the environment from the lock file, and build the bundle in it",
            )
    for brought in brings:
        file = described(brought)
        if file.sha256 not in pins.get(normal(brought.name.split("-", 1)[0]), ("", frozenset()))[1]:
            raise ReleaseRefusedError(f"{brought.name} has none of the hashes that {lock.name} pins")
    with _code(wheel) as new, _code(previous) as old:
        settings = _added(_settings(old), _settings(new))
        known = {number for number, _ in migrations_in(old / _MIGRATIONS)}
        migrations = [
            Change(name=number, says=says) for number, says in migrations_in(new / _MIGRATIONS) if number not in known
        ]
    return Release(
        format=RELEASE_FORMAT,
        version=version_made,
        made=now,
        expires=now + timedelta(days=days),
        from_version=from_version,
        requirements=requirements,
        wheels=tuple(described(item) for item in (wheel, *brings)),
        migrations=tuple(migrations),
        settings=tuple(item for item in settings if not _is_telemetry(item)),
        telemetry=tuple(item for item in settings if _is_telemetry(item)),
        notes=notes,
    )


def _requirements(wheel: Path) -> dict[str, str]:
    try:
        return requirements_of(wheel)
    except importlib.metadata.PackageNotFoundError as fault:
        raise ReleaseRefusedError(
            f"{str(fault.name)[:80]} is not here",
            hint="make the environment from the lock file, and build the bundle in it",
        ) from None


def _pins(lock: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Return version and hashes of each package of a lock file, by name."""
    return {
        normal(found[1]): (found[2], frozenset(_HASH.findall(found[3]))) for found in _PIN.finditer(lock.read_text())
    }


def _metadata(wheel: Path) -> dict[str, str]:
    try:
        with zipfile.ZipFile(wheel) as content:
            (name,) = (name for name in content.namelist() if name.endswith(".dist-info/METADATA"))
            return dict(BytesParser().parsebytes(content.read(name)).items())
    except (OSError, ValueError, zipfile.BadZipFile):
        raise ReleaseRefusedError(f"{wheel} is no wheel", hint="python -m hatchling build --target wheel") from None


@contextmanager
def _code(place: Path) -> Iterator[Path]:
    """Give the folder that the code of a wheel, or of a folder, can be imported from."""
    if place.is_dir():
        yield place
        return
    _metadata(place)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(place) as content:
            content.extractall(folder)
        yield Path(folder)


def _settings(code: Path) -> dict[str, str]:
    """Return the settings of a version by their dotted names, with what it says of each."""
    command = [sys.executable, "-I", "-c", _ASK_SETTINGS, str(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    if done.returncode:
        raise ReleaseRefusedError(f"its settings cannot be read: {done.stderr.strip()[-_LAST_WORDS:]}")
    schema: dict[str, Any] = json.loads(done.stdout)
    return dict(_names(schema, schema.get("$defs", {}), "", frozenset()))


def _names(
    node: Mapping[str, Any], defined: Mapping[str, Any], within: str, seen: frozenset[str]
) -> Iterator[tuple[str, str]]:
    reference = str(node.get("$ref", "")).rpartition("/")[2]
    if reference and reference not in seen:
        yield from _names(defined[reference], defined, within, seen | {reference})
    for choice in node.get("anyOf", ()):
        yield from _names(choice, defined, within, seen)
    for key, inner in node.get("properties", {}).items():
        name = f"{within}.{key}" if within else key
        yield name, str(inner.get("description", ""))
        yield from _names(inner, defined, name, seen)


def _added(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """Return what is new; of a section that is new, the section alone."""
    new = sorted(after.keys() - before.keys())
    return [
        Change(name=name, says=" ".join(after[name].split()))
        for name in new
        if not any(name.startswith(f"{other}.") for other in new)
    ]


def _is_telemetry(change: Change) -> bool:
    return change.name.split(".", 1)[0] == _TELEMETRY
