"""Readings of a directory as rows: asked for, at work, and how each ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bailiwick.control.identity.directory.tables import RunRow
from bailiwick.core.ids import new_id

_KEPT = 50


class RunState(StrEnum):
    """How far a reading is. `held` is one that would switch off so many people that somebody must agree first."""

    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    HELD = "held"
    FAILED = "failed"


UNFINISHED = frozenset({RunState.ASKED, RunState.RUNNING})


@dataclass(frozen=True, slots=True)
class Run:
    """One reading. `accepted` is how many people it may switch off although that is many, 0 when nobody said so;
    `done` of `total` steps of `stage` are behind it; `counts` and `words` say what came of it.
    """

    id: str
    directory: str
    state: RunState
    asked_by: str
    dry_run: bool
    accepted: int
    asked: datetime
    finished: datetime | None = None
    stage: str = ""
    done: int = 0
    total: int = 0
    counts: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""


def add(session: Session, directory: str, by: str, now: datetime, *, dry_run: bool, accepted: int) -> Run:
    """Keep that a directory is to be read, and forget its oldest readings."""
    run = Run(new_id("run"), directory, RunState.ASKED, by, dry_run, accepted, now)
    row = RunRow(
        id=run.id,
        directory=directory,
        state=run.state,
        asked_by=by,
        dry_run=dry_run,
        accepted=accepted,
        asked=now,
        finished=None,
        stage="",
        done=0,
        total=0,
        counts={},
        words="",
    )
    session.add(row)
    session.flush()
    kept = select(RunRow.id).where(RunRow.directory == directory).order_by(RunRow.id.desc()).limit(_KEPT)
    session.execute(delete(RunRow).where(RunRow.directory == directory, RunRow.id.not_in(kept)))
    return run


def change(session: Session, run_id: str, **fields: Any) -> None:
    """Set columns of a reading."""
    session.execute(update(RunRow).where(RunRow.id == run_id).values(**fields))


def of(session: Session, directory: str, *, limit: int = _KEPT) -> list[Run]:
    """Return a directory's readings, the newest first."""
    query = select(RunRow).where(RunRow.directory == directory).order_by(RunRow.id.desc()).limit(limit)
    return [_run(row) for row in session.scalars(query.execution_options(populate_existing=True))]


def last(session: Session, directory: str) -> Run | None:
    """Return the newest reading that ended and was meant to change something."""
    return next((run for run in of(session, directory) if not run.dry_run and run.state not in UNFINISHED), None)


def _run(row: RunRow) -> Run:
    return Run(
        row.id,
        row.directory,
        RunState(row.state),
        row.asked_by,
        row.dry_run,
        row.accepted,
        row.asked,
        row.finished,
        row.stage,
        row.done,
        row.total,
        row.counts,
        row.words,
    )
