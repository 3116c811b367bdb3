"""Directories as administrators see them: what each described, how its last reading went, and what is wrong."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bailiwick.control.identity.directory import problems, runs
from bailiwick.control.identity.directory.model import Kind
from bailiwick.control.identity.directory.problems import StandingProblem
from bailiwick.control.identity.directory.runs import Run
from bailiwick.control.identity.directory.tables import ResourceRow
from bailiwick.control.identity.tables import DirectoryTokenRow, PersonRow


@dataclass(frozen=True, slots=True)
class DirectoryView:
    """One directory: `protocol` is `ldap` (read by us) or `scim` (it tells us); `changed` is when it last said
    something new; `runs` are its readings, the newest first.
    """

    name: str
    protocol: str
    people: int
    active: int
    groups: int
    changed: datetime | None
    problems: tuple[StandingProblem, ...]
    runs: tuple[Run, ...]

    @property
    def last(self) -> Run | None:
        """The newest reading that ended and was meant to change something."""
        ended = (run for run in self.runs if not run.dry_run and run.state not in runs.UNFINISHED)
        return next(ended, None)


def names(session: Session, read_by_us: Collection[str]) -> list[str]:
    """Return every directory: those that we read, those that described somebody, those that hold a token."""
    described = session.scalars(select(ResourceRow.directory).distinct())
    holding = session.scalars(select(DirectoryTokenRow.directory).distinct())
    return sorted({*read_by_us, *described, *holding})


def view(session: Session, name: str, *, read_by_us: bool) -> DirectoryView:
    """Return how one directory stands."""
    of_it = ResourceRow.directory == name
    by_kind = select(ResourceRow.kind, func.count().label("number")).where(of_it).group_by(ResourceRow.kind)
    kinds = {row.kind: row.number for row in session.execute(by_kind)}
    active = (
        select(func.count())
        .select_from(ResourceRow)
        .join(PersonRow, PersonRow.email == ResourceRow.email)
        .where(of_it, ResourceRow.kind == Kind.USER, PersonRow.active)
    )
    return DirectoryView(
        name=name,
        protocol="ldap" if read_by_us else "scim",
        people=kinds.get(Kind.USER, 0),
        active=session.scalar(active) or 0,
        groups=kinds.get(Kind.GROUP, 0),
        changed=session.scalar(select(func.max(ResourceRow.modified)).where(of_it)),
        problems=tuple(problems.standing(session, name)),
        runs=tuple(runs.of(session, name, limit=10)),
    )
