"""What of a directory could not be taken over: kept until it can be, so that somebody sees it, and audited once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.directory.tables import ProblemRow
from bailiwick.core.events import Outcome

# A directory has few at a time; more are one fault many times, and need no row each.
MOST_PROBLEMS = 500


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be taken over: `key` tells it from others of its directory, `subject` names whom it is about."""

    key: str
    subject: str
    words: str


@dataclass(frozen=True, slots=True)
class StandingProblem:
    """A problem, and since when it has been there."""

    subject: str
    words: str
    since: datetime


def report(session: Session, audit: AuditLog, directory: str, problem: Problem, *, by: str) -> None:
    """Keep a problem and audit it, unless it is there already."""
    found = _row(session, directory, problem.key)
    if found is not None:
        found.words = problem.words
        return
    count = select(func.count()).select_from(ProblemRow).where(ProblemRow.directory == directory)
    if (session.scalar(count) or 0) >= MOST_PROBLEMS:
        return
    session.add(
        ProblemRow(
            directory=directory, key=problem.key, subject=problem.subject, words=problem.words, since=audit.clock()
        )
    )
    audit.note(
        session,
        by,
        "directory.entry-refused",
        f"directory:{directory}",
        outcome=Outcome.REFUSED,
        reason=problem.words,
        context={"subject": problem.subject},
    )


def solved(session: Session, directory: str, key: str) -> None:
    """Forget a problem: what it was about has been taken over, or is there no more."""
    session.execute(delete(ProblemRow).where(ProblemRow.directory == directory, ProblemRow.key == key))


def keys(session: Session, directory: str) -> set[str]:
    """Return what tells a directory's problems apart."""
    return set(session.scalars(select(ProblemRow.key).where(ProblemRow.directory == directory)))


def keep_only(session: Session, directory: str, keys: Collection[str]) -> None:
    """Forget every problem of a directory but these."""
    gone = delete(ProblemRow).where(ProblemRow.directory == directory, ProblemRow.key.not_in(keys))
    session.execute(gone.execution_options(synchronize_session=False))


def standing(session: Session, directory: str) -> list[StandingProblem]:
    """Return a directory's problems, by whom they are about."""
    query = select(ProblemRow).where(ProblemRow.directory == directory).order_by(ProblemRow.subject, ProblemRow.key)
    return [StandingProblem(row.subject, row.words, row.since) for row in session.scalars(query)]


def _row(session: Session, directory: str, key: str) -> ProblemRow | None:
    return session.scalars(
        select(ProblemRow).where(ProblemRow.directory == directory, ProblemRow.key == key)
    ).one_or_none()
