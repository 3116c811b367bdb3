"""What is known of packages: advisories and the copy of the index with their age, and what the organisation takes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.review import AdvisoryStatus, IndexStatus, PackagePolicy, Source
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import State, ago, count

_ECOSYSTEMS = ("PyPI", "npm")
# Rules whose findings across apps the page leads to.
_RULES = ("package-vulnerable", "package-malicious", "package-withdrawn", "package-unmaintained", "package-licence",
          "package-unknown", "package-look-alike")  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownRow:
    """What is known of an ecosystem: how much, of when, and from where; nothing where nothing was imported."""

    ecosystem: str
    state: State
    held: str = ""
    made: str = ""
    imported: datetime | None = None
    file: str = ""
    sha256: str = ""


def add_packages(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of what is known of packages."""

    @app.get("/packages", response_class=HTMLResponse)
    def packages(request: Request, visitor: Visitor) -> Response:
        advisories = control.advisories.status(visitor.identity)
        index = control.index.status(visitor.identity)
        policy = control.settings.packages.policy
        known = _advisory_rows(advisories)
        return pages.render(
            request,
            "packages",
            visitor,
            glance=_glance(known, advisories),
            bad=advisories.required and any(row.state.kind != "good" for row in known),
            advisories=known,
            index=_index_rows(index),
            takes=tuple(_takes(policy)),
            rules=_RULES,
        )


def _advisory_rows(status: AdvisoryStatus) -> tuple[KnownRow, ...]:
    found = {source.ecosystem: source for source in status.sources}
    return tuple(
        _advisory_row(found[name], status) if name in found else KnownRow(name, State("none", "warn"))
        for name in _ECOSYSTEMS
    )


def _advisory_row(source: Source, status: AdvisoryStatus) -> KnownRow:
    return KnownRow(
        source.ecosystem,
        _age(source.newest, status.now, status.stale_days),
        count(source.advisories, "advisory", "advisories"),
        ago(source.newest, status.now),
        source.imported,
        source.file,
        source.sha256,
    )


def _index_rows(status: IndexStatus) -> tuple[KnownRow, ...]:
    return tuple(
        KnownRow(
            source.ecosystem, _age(source.made, status.now, status.stale_days),
            f"{count(source.packages, 'package')} in {count(source.versions, 'version')}"
            + ("" if source.whole else ", not all that the index has"),
            ago(source.made, status.now), source.imported, source.file, source.sha256,
        )
        for source in status.sources
    )  # fmt: skip


def _age(made: datetime, now: datetime, most_days: int) -> State:
    return State("stale", "warn") if (now - made).days > most_days else State("up to date", "good")


def _glance(rows: Sequence[KnownRow], status: AdvisoryStatus) -> str:
    missing = [row.ecosystem for row in rows if row.state.word == "none"]
    stale = [row.ecosystem for row in rows if row.state.word == "stale"]
    most = count(status.stale_days, "day")
    said = [
        *([f"there are no advisories on {' and '.join(missing)}"] if missing else []),
        *([f"the advisories on {' and '.join(stale)} are older than {most}"] if stale else []),
    ]
    if not said:
        return "Packages are checked against advisories that are up to date."
    words = "; ".join(said)
    blocks = "; apps with such packages do not pass" if status.required else ""
    return f"{words[0].upper()}{words[1:]}{blocks}."


def _takes(policy: PackagePolicy) -> Iterator[tuple[str, str]]:
    """Yield what the organisation says of packages, as facts in words."""
    yield (
        "advisories",
        "apps without them do not pass" if policy.advisories_required else "apps pass without them, with a warning",
    )
    yield "licences that are refused", ", ".join(policy.licences_refused) or "none"
    yield "packages without a known licence", "refused" if policy.licence_required else "taken"
    yield "least age of a version", count(policy.least_days, "day") if policy.least_days else "any"
    left = f", without a release for {count(policy.unmaintained_months, 'month')}" if policy.unmaintained_months else ""
    yield f"packages that nobody maintains{left}", "refused" if policy.unmaintained_refused else "warned of"
    yield "indexes of our own", ", ".join(sorted(policy.indexes)) or "none"
    yield "names of our own packages begin with", ", ".join(policy.internal) or "not said"
