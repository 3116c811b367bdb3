"""Every commit that was taken, by the push that brought it, with what it says of how it was made."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.source.provenance import Told, told_by
from bailiwick.control.source.repositories import Commit
from bailiwick.control.source.tables import CommitRow, PushRow
from bailiwick.core.redacting import Redact

_AT_ONCE = 500
_LONGEST_SUBJECT = 200
_LONGEST_AUTHOR = 200


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """A commit that was taken. Author, agent, model and prompts are what it says itself; prompts are redacted."""

    commit: str
    push: str
    time: datetime
    claimed_author: str
    subject: str
    told: Told


def remember_commits(
    session: Session, app_path: str, push: str, commits: Iterable[Commit], told: Told, redact: Redact, branch: str = ""
) -> None:
    """Keep the commits of a push, newest first; `told` is what whoever pushes says of the newest.

    What came by a branch before stays that push's: whoever merges it did not bring it.
    """
    same_branch = CommitRow.push.in_(select(PushRow.id).where(PushRow.branch == branch))
    rows = []
    for place, commit in enumerate(commits):
        said = told_by(f"{commit.subject}\n\n{commit.body}")
        said = redacted(told.over(said) if place == 0 else said, redact)
        rows.append(
            {
                "app": app_path,
                "commit": commit.id,
                "push": push,
                "place": place,
                "time": datetime.fromtimestamp(commit.time, UTC),
                "claimed_author": redact(commit.claimed_author)[:_LONGEST_AUTHOR],
                "subject": redact(commit.subject)[:_LONGEST_SUBJECT],
                "agent": said.agent,
                "model": said.model,
                "prompts": list(said.prompts),
            }
        )
    for start in range(0, len(rows), _AT_ONCE):
        statement = insert(CommitRow).values(rows[start : start + _AT_ONCE])
        # A push that was taken, but whose ref git did not move, comes again under another name.
        again = {"push": statement.excluded.push, "place": statement.excluded.place}
        keys = ["tenant", "app", "commit"]
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_=again, where=same_branch))


def redacted(told: Told, redact: Redact) -> Told:
    """Return what is said without any secret in it, cut to what is kept."""
    prompts = tuple(redact(prompt) for prompt in told.prompts)
    return Told(redact(told.agent), redact(told.model), prompts).bounded()


def commits_of(session: Session, pushes: Collection[str], most_each: int = 20) -> dict[str, list[CommitRecord]]:
    """Return the commits of pushes, newest first, by push; of a long push only the newest."""
    query = select(CommitRow).where(CommitRow.push.in_(pushes), CommitRow.place < most_each)
    found: dict[str, list[CommitRecord]] = {}
    for row in session.scalars(query.order_by(CommitRow.push, CommitRow.place)):
        found.setdefault(row.push, []).append(_record(row))
    return found


def commit_record(session: Session, app_path: str, commit: str) -> CommitRecord | None:
    """Return a commit that was taken, or None when it came before commits were remembered."""
    row = session.scalars(select(CommitRow).where(CommitRow.app == app_path, CommitRow.commit == commit)).one_or_none()
    return _record(row) if row is not None else None


def _record(row: CommitRow) -> CommitRecord:
    told = Told(row.agent, row.model, tuple(row.prompts))
    return CommitRecord(row.commit, row.push, row.time, row.claimed_author, row.subject, told)
