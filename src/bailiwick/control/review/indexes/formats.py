"""What indexes say of packages, read strictly: our own lines, PEP 691 and 700, PyPI's JSON API, npm's packuments."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_version,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from bailiwick.control.review.indexes.licences import of_classifiers, spdx
from bailiwick.control.review.indexes.model import STATUSES, Listed, Release, Status

PYPI, NPM = "PyPI", "npm"
_NAMES = {
    PYPI: re.compile(r"[a-z0-9]([a-z0-9-]{0,198}[a-z0-9])?"),
    NPM: re.compile(r"(@[\w.~!'()*-]{1,212}/)?[\w.~!'()*-]{1,214}"),
}
_LONGEST_REASON = 160
_LONGEST_VERSION = 200
_LONGEST_FILENAME = 500
_PACKAGE_KEYS = frozenset({"ecosystem", "name", "versions", "licence", "status", "reason"})
_VERSION_KEYS = frozenset({"released", "licence", "withdrawn", "deprecated"})
_HEAD_KEYS = frozenset({"index", "made"})
# What stands for a reason that nobody gave.
_UNSAID = "no reason is given"

Json = Mapping[str, Any]


class NoPackageError(ValueError):
    """Something that should say something of a package does not."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one record says: packages, and of when it is, where it says that."""

    packages: tuple[Listed, ...]
    made: datetime | None = None


def read(document: object) -> Said:
    """Return what a record says; raise `NoPackageError` when it is in no form that is known here."""
    if not isinstance(document, dict):
        raise NoPackageError("not an object")
    if "ecosystem" in document:
        return Said((_own(document),))
    if "index" in document and document.keys() <= _HEAD_KEYS:
        return Said((), _time(document.get("made"), "made"))
    if isinstance(document.get("projects"), list):
        return Said(tuple(_names(document["projects"])))
    if isinstance(document.get("info"), dict):
        return Said((_api(document["info"], document),))
    if isinstance(document.get("files"), list):
        return Said((_simple(document),))
    if isinstance(document.get("versions"), dict):
        return Said((_packument(document),))
    raise NoPackageError("in none of the forms that are known")


def _own(document: Json) -> Listed:
    """Read one of our own lines; what it says and we do not know is refused, as it may be misspelt."""
    _refuse_others(document, _PACKAGE_KEYS)
    ecosystem = {PYPI.lower(): PYPI, NPM: NPM}.get(str(document["ecosystem"]).lower())
    if ecosystem is None:
        raise NoPackageError(f"the ecosystem '{str(document['ecosystem'])[:20]}' is none of PyPI and npm")
    status = document.get("status", "active")
    if status not in STATUSES:
        raise NoPackageError(f"the status '{str(status)[:20]}' is none of {', '.join(STATUSES)}")
    versions = document.get("versions", {})
    if isinstance(versions, list):
        versions = {_version(ecosystem, version): {} for version in versions}
    if not isinstance(versions, dict):
        raise NoPackageError("'versions' is neither an object nor a list")
    releases: dict[str, Release] = {}
    for version, said in versions.items():
        if not isinstance(said, dict):
            raise NoPackageError(f"version {str(version)[:20]} is no object")
        _refuse_others(said, _VERSION_KEYS)
        releases[_version(ecosystem, version)] = Release(
            _day(said.get("released")), spdx(_text(said.get("licence"))),
            _why(said.get("withdrawn")), _why(said.get("deprecated")),
        )  # fmt: skip
    name, licence = _name(ecosystem, document.get("name")), spdx(_text(document.get("licence")))
    return Listed(ecosystem, name, releases, licence, status, _reason(document.get("reason")))


def _names(projects: list[Any]) -> Iterator[Listed]:
    """Read the list of all projects of a simple index (PEP 691, "Project List")."""
    for item in projects:
        if not isinstance(item, dict):
            raise NoPackageError("'projects' holds something else than objects")
        yield Listed(PYPI, _name(PYPI, item.get("name")))


def _simple(document: Json) -> Listed:
    """Read the details of a project of a simple index (PEP 691, 700 and 792)."""
    name = _name(PYPI, document.get("name"))
    by_version: dict[str, list[Json]] = {
        _version(PYPI, version): [] for version in _list(document.get("versions")) if isinstance(version, str)
    }
    for file in document["files"]:
        if not isinstance(file, dict):
            raise NoPackageError("'files' holds something else than objects")
        version = _version_of(str(file.get("filename", "")))
        if version:
            by_version.setdefault(version, []).append(file)
    status, reason = _status(document.get("project-status"))
    releases = {version: _of_files(files, "upload-time") for version, files in by_version.items()}
    return Listed(PYPI, name, releases, "", status, reason)


def _api(info: Json, document: Json) -> Listed:
    """Read what PyPI's JSON API says of a project, or of one version of it."""
    releases: dict[str, Release] = {}
    found = document.get("releases")
    if not isinstance(found, dict):
        found = {str(info.get("version", "")): document.get("urls")}
    for version, files in found.items():
        usable = [file for file in _list(files) if isinstance(file, dict)]
        releases[_version(PYPI, version)] = _of_files(usable, "upload_time_iso_8601", "yanked_reason")
    licence = spdx(_text(info.get("license_expression"))) or _of_info(info)
    status, reason = _status(document.get("project-status") or document.get("project_status"))
    return Listed(PYPI, _name(PYPI, info.get("name")), releases, licence, status, reason)


def _of_info(info: Json) -> str:
    classifiers = [item for item in _list(info.get("classifiers")) if isinstance(item, str)]
    return spdx(_text(info.get("license"))) or of_classifiers(classifiers)


def _of_files(files: Sequence[Json], time: str, reason: str = "yanked") -> Release:
    """Return a version as its files say it: out since the first of them, withdrawn when each of them is."""
    days = [day for file in files if (day := _day(file.get(time)))]
    yanked = [file for file in files if file.get("yanked")]
    why = next((_why(file.get(reason) or True) for file in yanked), "") if len(yanked) == len(files) else ""
    return Release(min(days, default=None), withdrawn=why)


def _packument(document: Json) -> Listed:
    """Read what an npm registry says of a package: whole, not the short form for installers, which has no times."""
    times = document.get("time") if isinstance(document.get("time"), dict) else {}
    releases: dict[str, Release] = {}
    for version, said in document["versions"].items():
        if not isinstance(said, dict):
            raise NoPackageError(f"version {str(version)[:20]} is no object")
        deprecated = said.get("deprecated")
        releases[_version(NPM, version)] = Release(
            _day((times or {}).get(version)), _npm_licence(said), deprecated=_why(deprecated) if deprecated else ""
        )
    tags = document.get("dist-tags")
    latest = releases.get(str(tags.get("latest"))) if isinstance(tags, dict) else None
    deprecated_whole = latest is not None and bool(latest.deprecated)
    name = _name(NPM, document.get("name") or document.get("_id"))
    licence = _npm_licence(document) or (latest.licence if latest else "")
    status: Status = "deprecated" if deprecated_whole else "active"
    reason = latest.deprecated if latest and deprecated_whole else ""
    return Listed(NPM, name, releases, licence, status, reason)


def _npm_licence(said: Json) -> str:
    """Return the licence of a package.json: a text, or in old ones an object or a list of them to choose from."""
    found = said.get("license") or said.get("licenses")
    choice = [_text(item.get("type")) if isinstance(item, dict) else _text(item) for item in _list(found) or [found]]
    known = [spdx(item) for item in choice if item]
    return " OR ".join(dict.fromkeys(known)) if known and all(known) else ""


def _status(said: object) -> tuple[Status, str]:
    """Return a project's status marker (PEP 792); one that we do not know is no reason to think well of it."""
    if not isinstance(said, dict):
        return "active", ""
    status = said.get("status", "active")
    found: Status = next((known for known in STATUSES if known == status), "quarantined")
    return found, _reason(said.get("reason"))


def _version_of(filename: str) -> str:
    """Return the version that a file of a Python package is of; empty when it cannot be told."""
    if len(filename) > _LONGEST_FILENAME:
        return ""
    try:
        if filename.endswith(".whl"):
            return canonicalize_version(parse_wheel_filename(filename)[1])
        return canonicalize_version(parse_sdist_filename(filename)[1])
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return ""


def same_version(ecosystem: str, version: str) -> str:
    """Return a version as a copy of an index writes it, so that `1.0` finds `1.0.0`."""
    if ecosystem == PYPI and len(version) <= _LONGEST_VERSION:
        try:
            return canonicalize_version(Version(version))
        except InvalidVersion:
            return version
    return version


def _version(ecosystem: str, version: object) -> str:
    if not isinstance(version, str) or not version or len(version) > _LONGEST_VERSION:
        raise NoPackageError("a version that is none")
    return same_version(ecosystem, version)


def _name(ecosystem: str, name: object) -> str:
    written = str(name) if isinstance(name, str) else ""
    if ecosystem == PYPI:
        written = re.sub(r"[-_.]+", "-", written).lower()
    if not _NAMES[ecosystem].fullmatch(written):
        raise NoPackageError(f"'{written[:40]}' is no name of a package")
    return written


def _time(value: object, key: str) -> datetime:
    try:
        found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise NoPackageError(f"'{key}' is no time") from None


def _day(value: object) -> date | None:
    return _time(value, "released").date() if value else None


def _why(value: object) -> str:
    """Return the reason of a mark that is a text, or only set."""
    return (_reason(value) or _UNSAID) if value else ""


def _reason(value: object) -> str:
    """Return a text of strangers as one short line without signs that do not show."""
    text = "".join(sign if sign.isprintable() else " " for sign in _text(value))
    return " ".join(text.split())[:_LONGEST_REASON]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _refuse_others(document: Json, known: frozenset[str]) -> None:
    others = sorted(str(key) for key in document.keys() - known)
    if others:
        raise NoPackageError(f"'{others[0][:30]}' is none of {', '.join(sorted(known))}")
