"""A push as it is remembered."""

from dataclasses import dataclass
from datetime import datetime

from bailiwick.control.source.tables import PushRow
from bailiwick.core.principals import Principal


@dataclass(frozen=True, slots=True)
class PushRecord:
    """A push as it is remembered; `author` is who pushed. `agent`, `model` and `prompt` are what is said of its last
    commit, `verified_agent` is the one whose credential it came with.
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

    @property
    def verified_agent(self) -> str:
        """The agent that pushed, empty when a person or a service did."""
        pusher = Principal.parse(self.author)
        return pusher.own if pusher.kind == "agent" else ""

    @property
    def person(self) -> str:
        """Whoever answers for the push: the person, where an agent works for one."""
        return Principal.parse(self.author).answerable


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
    )
