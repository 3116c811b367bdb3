"""Writes bundles and channels, for whoever releases Bailiwick."""

import hashlib
import importlib.metadata
import io
import re
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.parser import BytesParser
from pathlib import Path

from packaging.requirements import Requirement

from bailiwick.control.upgrades.environments import normal
from bailiwick.control.upgrades.model import (
    CHANNEL_FILE,
    CHANNEL_FORMAT,
    CHANNEL_TYPE,
    RELEASE_FILE,
    RELEASE_TYPE,
    WHEELS,
    Channel,
    File,
    Offer,
    Release,
)
from bailiwick.core.statements import Envelope, SigningKey, seal_by_several


def described(path: Path) -> File:
    """Return a file by name, size and digest."""
    content = path.read_bytes()
    return File(name=path.name, size=len(content), sha256=hashlib.sha256(content).hexdigest())


def write_bundle(target: Path, release: Release, wheels: Iterable[Path], keys: Sequence[SigningKey]) -> Path:
    """Write a bundle of a release, which must name these wheels, signed by each of the keys; return it."""
    sealed = _text(seal_by_several(release.model_dump_json().encode(), keys, RELEASE_TYPE))
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, RELEASE_FILE, sealed)
        for wheel in wheels:
            _add(archive, f"{WHEELS}{wheel.name}", wheel.read_bytes())
    return target


def write_channel(
    folder: Path, sequence: int, expires: datetime, bundles: Iterable[tuple[str, Path]], keys: Sequence[SigningKey]
) -> Path:
    """Write what a channel offers, bundles by version, beside the bundles; return the file."""
    offers = tuple(Offer(version=version, **described(bundle).model_dump()) for version, bundle in bundles)
    channel = Channel(format=CHANNEL_FORMAT, sequence=sequence, expires=expires, releases=offers)
    target = folder / CHANNEL_FILE
    target.write_bytes(_text(seal_by_several(channel.model_dump_json().encode(), keys, CHANNEL_TYPE)))
    return target


def requirements_of(wheel: Path) -> dict[str, str]:
    """Return all packages that a wheel runs with, by name and by the version that is in this environment."""
    found: dict[str, str] = {}
    waiting = [(_requires(wheel), frozenset({""}))]
    while waiting:
        requires, extras = waiting.pop()
        for requirement in map(Requirement, requires):
            wanted = any(_applies(requirement, extra) for extra in extras)
            if wanted and normal(requirement.name) not in found:
                distribution = importlib.metadata.distribution(requirement.name)
                found[normal(requirement.name)] = distribution.version
                waiting.append((distribution.requires or [], frozenset(requirement.extras) | {""}))
    return found


def _requires(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as content:
        (metadata,) = (name for name in content.namelist() if name.endswith(".dist-info/METADATA"))
        return BytesParser().parsebytes(content.read(metadata)).get_all("Requires-Dist", [])


def migrations_in(folder: Path) -> list[tuple[str, str]]:
    """Return the numbers of migrations in a folder with what each says of itself, in order."""
    files = sorted(folder.glob("[0-9]*.py"))
    return [(file.name.split("_", 1)[0], _first_words(file.read_text())) for file in files]


def _first_words(source: str) -> str:
    found = re.match(r'"""(.*?)("""|\n)', source)
    return found[1] if found else ""


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _text(envelope: Envelope) -> bytes:
    return envelope.model_dump_json(by_alias=True).encode()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))
