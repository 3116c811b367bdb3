"""OSV records (ossf.github.io/osv-schema) read strictly: what is not understood is refused, withdrawn ones left out."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bailiwick.control.review.advisories import cvss4
from bailiwick.control.review.advisories.cvss import base_score, level_of
from bailiwick.control.review.advisories.model import Advisory, Level, Range

ECOSYSTEMS = frozenset({"PyPI", "npm"})
_WORDS: Mapping[str, Level] = {"low": "low", "moderate": "medium", "medium": "medium", "high": "high",
                               "critical": "critical"}  # fmt: skip
_EVENTS = ("introduced", "fixed", "last_affected", "limit")
_LEVELS: tuple[Level, ...] = ("low", "medium", "high", "critical")
_MOST_WORDS = 300


class NoRecordError(ValueError):
    """Something that should be an OSV record is none."""


def parsed(document: object) -> tuple[datetime, tuple[Advisory, ...]]:
    """Return when a record was last changed, and what it says of each package; raise `NoRecordError` otherwise.

    A record that was withdrawn, and one about other ecosystems, says nothing.
    """
    if not isinstance(document, dict):
        raise NoRecordError("not an object")
    identity, modified = document.get("id"), _time(document.get("modified"))
    if not isinstance(identity, str) or not re.fullmatch(r"[A-Za-z0-9][\w.:-]{2,100}", identity):
        raise NoRecordError("no id")
    if document.get("withdrawn"):
        return modified, ()
    affected = document.get("affected", [])
    if not isinstance(affected, list):
        raise NoRecordError("'affected' is no list")
    return modified, tuple(_merged(_advisory(document, identity, item) for item in affected if _is_ours(item)))


def _time(value: object) -> datetime:
    try:
        time = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise NoRecordError("'modified' is no time") from None


def _is_ours(item: object) -> bool:
    if not isinstance(item, dict):
        raise NoRecordError("'affected' holds something else than objects")
    package = item.get("package")
    if package is None:
        return False  # git ranges only
    if not isinstance(package, dict) or not isinstance(package.get("name"), str):
        raise NoRecordError("a package without a name")
    if item.get("ranges") and not item.get("versions") and not any(map(_is_of_versions, _list(item["ranges"]))):
        return False  # it speaks of commits only, which no lock file names
    return str(package.get("ecosystem", "")).partition(":")[0] in ECOSYSTEMS


def _advisory(document: Mapping[str, Any], identity: str, item: Mapping[str, Any]) -> Advisory:
    ecosystem = str(item["package"]["ecosystem"]).partition(":")[0]
    name = str(item["package"]["name"])
    versions = item.get("versions") or []
    if not isinstance(versions, list) or not all(isinstance(version, str) for version in versions):
        raise NoRecordError("'versions' are no strings")
    summary = str(document.get("summary") or document.get("details") or "").strip()
    return Advisory(
        id=identity,
        ecosystem=ecosystem,
        name=re.sub(r"[-_.]+", "-", name).lower() if ecosystem == "PyPI" else name,
        aliases=tuple(alias for alias in document.get("aliases") or [] if isinstance(alias, str)),
        summary=re.sub(r"\s+", " ", summary)[:_MOST_WORDS],
        level=_level(document, item),
        malicious=identity.startswith("MAL-") or _is_malware(document),
        ranges=tuple(_range(found) for found in item.get("ranges") or [] if _is_of_versions(found)),
        versions=tuple(versions),
    )


def _is_malware(document: Mapping[str, Any]) -> bool:
    """Return whether a record of another database calls a package harmful itself (CWE-506, malicious code)."""
    said = document.get("database_specific")
    numbers = _list(said.get("cwe_ids")) if isinstance(said, dict) else []
    aliases = _list(document.get("aliases"))
    return "CWE-506" in numbers or any(isinstance(alias, str) and alias.startswith("MAL-") for alias in aliases)


def _is_of_versions(found: object) -> bool:
    if not isinstance(found, dict):
        raise NoRecordError("'ranges' holds something else than objects")
    return found.get("type") in {"SEMVER", "ECOSYSTEM"}


def _range(found: Mapping[str, Any]) -> Range:
    events: list[tuple[str, str]] = []
    for event in found.get("events") or []:
        if not isinstance(event, dict):
            raise NoRecordError("an event that is no object")
        for kind, version in event.items():
            if kind not in _EVENTS or not isinstance(version, str):
                raise NoRecordError(f"an event '{str(kind)[:20]}' that is not known")
            events.append((kind, version))
    if not any(kind == "introduced" for kind, _ in events):
        raise NoRecordError("a range that begins nowhere")
    return Range(found["type"], tuple(events))


def _level(document: Mapping[str, Any], item: Mapping[str, Any]) -> Level:
    """Return how bad it is: by the worst score, else by the word; high where the record says neither that is known."""
    scores = [
        score
        for severity in [*_list(item.get("severity")), *_list(document.get("severity"))]
        if isinstance(severity, dict) and (score := _score(str(severity.get("score", "")))) is not None
    ]
    if scores:
        return level_of(max(scores))
    for place in (document, item):
        for part in ("database_specific", "ecosystem_specific"):
            said = place.get(part)
            word = str(said.get("severity", "")).lower() if isinstance(said, dict) else ""
            if word in _WORDS:
                return _WORDS[word]
    return "high"


def _score(vector: str) -> float | None:
    return cvss4.score(vector) if vector.startswith("CVSS:4") else base_score(vector)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _merged(found: Iterator[Advisory]) -> Iterator[Advisory]:
    """Yield one advisory for each package, where a record names it several times."""
    by_name: dict[tuple[str, str], Advisory] = {}
    for item in found:
        before = by_name.get((item.ecosystem, item.name))
        if before is not None:
            level = _LEVELS[max(_LEVELS.index(before.level), _LEVELS.index(item.level))]
            item = Advisory(  # noqa: PLW2901
                item.id, item.ecosystem, item.name, item.aliases, item.summary, level, item.malicious,
                (*before.ranges, *item.ranges), (*before.versions, *item.versions),
            )  # fmt: skip
        by_name[item.ecosystem, item.name] = item
    yield from by_name.values()
