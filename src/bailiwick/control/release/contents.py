"""The packages of each release, kept when it is packed, so that all that contain one are found at once."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, literal, select, tuple_
from sqlalchemy.orm import Session

from bailiwick.control.release.tables import CandidateRow, CurrentRow, ReleasePackageRow, ReleaseRow
from bailiwick.control.review import Contained, contents_of
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.modes import PRODUCTION, Mode

READ, UNREADABLE = "read", "unreadable"


@dataclass(frozen=True, slots=True)
class RunningRelease:
    """A release that is served in a mode, and what is known of it; `contents` as the row says it."""

    app: str
    mode: str
    release: str
    commit: str
    tree: str
    integrations: frozenset[str]
    contents: str


def remember_contents(session: Session, release: str, files: Iterable[TreeFile]) -> None:
    """Keep which packages are in a release's files; safe to repeat."""
    contents = contents_of(files)
    session.execute(delete(ReleasePackageRow).where(ReleasePackageRow.release == release))
    rows = [
        {"release": release, "place": place, "ecosystem": item.ecosystem, "name": item.name, "version": item.version,
         "path": item.path}
        for place, item in enumerate(contents.packages)
    ]  # fmt: skip
    if rows:
        session.execute(insert(ReleasePackageRow), rows)
    row = session.get_one(ReleaseRow, release)
    row.contents = UNREADABLE if contents.unreadable else READ
    session.flush()


def packages_in(
    session: Session, releases: Collection[str], packages: Sequence[tuple[str, str]]
) -> dict[str, list[Contained]]:
    """Return which of some packages (ecosystem and name) some releases contain, by release."""
    named = tuple_(ReleasePackageRow.ecosystem, ReleasePackageRow.name).in_(list(packages))
    query = select(ReleasePackageRow).where(named, ReleasePackageRow.release.in_(releases))
    found: dict[str, list[Contained]] = {}
    for row in session.scalars(query):
        found.setdefault(row.release, []).append(Contained(row.ecosystem, row.name, row.version, row.path))
    return found


def running_releases(session: Session, *, mode: Mode | None = None) -> list[RunningRelease]:
    """Return what is served and what runs beside it, production first, then by app; in one mode only, when that is
    given.
    """
    query = select(ReleaseRow, CurrentRow.mode).join(CurrentRow, CurrentRow.release == ReleaseRow.id)
    rows = list(session.execute(query.where(CurrentRow.mode == mode) if mode else query).all())
    if mode in {None, PRODUCTION}:
        beside = select(ReleaseRow, literal(PRODUCTION)).join(CandidateRow, CandidateRow.release == ReleaseRow.id)
        rows += session.execute(beside).all()
    rows.sort(key=lambda found: (found[1] != PRODUCTION, found[0].app, found[0].created_at))
    return [_running(row, served) for row, served in rows]


def unread_releases(session: Session, most: int) -> list[RunningRelease]:
    """Return releases that are served and were packed before packages were kept, so that theirs are not known yet."""
    query = (
        select(ReleaseRow, CurrentRow.mode)
        .join(CurrentRow, CurrentRow.release == ReleaseRow.id)
        .where(ReleaseRow.contents == "")
        .order_by(ReleaseRow.id)
    )
    return [_running(row, mode) for row, mode in session.execute(query.limit(most))]


def mark_unreadable(session: Session, release: str) -> None:
    """Remember that a release's files cannot be read, so that nobody knows what it contains."""
    session.get_one(ReleaseRow, release).contents = UNREADABLE
    session.flush()


def contents_known(session: Session, release: str) -> str:
    """Return what is known of the packages of a release, as its row says it."""
    return session.scalar(select(ReleaseRow.contents).where(ReleaseRow.id == release)) or ""


def integrations_of(kept: dict[str, list[dict[str, object]]]) -> frozenset[str]:
    """Return the integrations that a release reaches, from what is kept of its reach."""
    return frozenset(str(state["resource"]) for state in kept.get("states", ()))


def _running(row: ReleaseRow, mode: str) -> RunningRelease:
    return RunningRelease(row.app, mode, row.id, row.commit, row.tree, integrations_of(row.integrations), row.contents)
