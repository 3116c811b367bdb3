"""A push as it is remembered."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from bailiwick.control.source.tables import PushRow
from bailiwick.core.principals import Principal


@dataclass(frozen=True, slots=True)
class PushRecord:
    """A push as it is remembered; `author` is who pushed. `agent`, `model` and `prompt` are what is said of its last
    commit, `verified_agent` is the one whose credential it came with. `branch` is empty for main.
    """

    id: str
    app: str
    commit: str
    tree: str
    author: str
    subject: str
    agent: str
    prompt: str
    accepted: bool
    review: str
    time: datetime
    model: str = ""
    door: str = "git"
    branch: str = ""

    @property
    def verified_agent(self) -> str:
        """The agent that pushed, empty when a person or a service did."""
        pusher = Principal.parse(self.author)
        return pusher.own if pusher.kind == "agent" else ""

    @property
    def person(self) -> str:
        """Whoever answers for the push: the person, where an agent works for one."""
        return Principal.parse(self.author).answerable


def last_taken(session: Session) -> dict[str, str]:
    """Return the commit of the last push to main that was taken, by the path of its app."""
    query = (
        select(PushRow.app, PushRow.commit)
        .where(PushRow.accepted, PushRow.branch == "")
        .order_by(PushRow.app, PushRow.time)
    )
    return {row.app: row.commit for row in session.execute(query)}


def last_pushers(session: Session) -> dict[str, str]:
    """Return who answers for the last push to each app that was taken, to whatever branch, by the app's path."""
    query = select(PushRow.app, PushRow.pusher).where(PushRow.accepted).order_by(PushRow.app, PushRow.time.desc())
    rows = session.execute(query.ext(distinct_on(PushRow.app)))
    return {row.app: Principal.parse(row.pusher).answerable for row in rows}


def record_of(row: PushRow) -> PushRecord:
    """Return a row as it is remembered."""
    return PushRecord(
        id=row.id,
        app=row.app,
        commit=row.commit,
        tree=row.tree,
        author=row.pusher,
        subject=row.subject,
        agent=row.agent,
        prompt=row.prompt,
        accepted=row.accepted,
        review=row.review,
        time=row.time,
        model=row.model,
        door=row.door,
        branch=row.branch,
    )
