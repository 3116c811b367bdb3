"""What apps ran into at the walls of their sandboxes: limits and refused calls, summed up as planes report them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.observe.tables import WallNoteRow
from bailiwick.core.messages import WallsReport

_KEPT = timedelta(days=30)
_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class WallSeen:
    """A limit that a release reached (`wall` is `limit`) or a call that it was refused (`call`), and how often."""

    mode: str
    branch: str
    release: str
    wall: str
    name: str
    words: str
    count: int
    first: datetime
    last: datetime


def take_walls(session: Session, report: WallsReport) -> None:
    """Add what a plane saw, and forget what is long ago."""
    own = {"app": report.app, "mode": report.mode, "branch": report.branch, "release": report.release}
    for note in report.notes:
        statement = insert(WallNoteRow).values(**own, **note.model_dump())
        new = statement.excluded
        added = {
            "count": WallNoteRow.count + new.count,
            "first": func.least(WallNoteRow.first, new.first),
            "last": func.greatest(WallNoteRow.last, new.last),
            "words": new.words,
        }
        key = ["tenant", "app", "mode", "branch", "release", "wall", "name"]
        session.execute(statement.on_conflict_do_update(index_elements=key, set_=added))
    newest = max((note.last for note in report.notes), default=None)
    if newest is not None:
        session.execute(delete(WallNoteRow).where(WallNoteRow.app == report.app, WallNoteRow.last < newest - _KEPT))


def walls_of(session: Session, app: str) -> list[WallSeen]:
    """Return what an app ran into lately, newest first."""
    query = select(WallNoteRow).where(WallNoteRow.app == app).order_by(WallNoteRow.last.desc()).limit(_MOST_SHOWN)
    return [
        WallSeen(row.mode, row.branch, row.release, row.wall, row.name, row.words, row.count, row.first, row.last)
        for row in session.scalars(query)
    ]
