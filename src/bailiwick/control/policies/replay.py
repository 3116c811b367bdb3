"""Asks past questions again: which of the decisions of the last 30 days would come out differently."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.policies.tables import AskedRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.policy import Asked, Journal, PolicyEngine, read_question
from bailiwick.store import Store

KEPT = timedelta(days=30)
MOST_ASKED_AGAIN = 20_000
_MOST_LISTED = 200
_MOST_KEPT = 200_000
_BATCH = 500
_LOG = logging.getLogger("bailiwick.control.policies")


@dataclass(frozen=True, slots=True)
class Difference:
    """A question that other policies would answer differently than those in force.

    `was_allowed` is how it was answered at the time; `times` how often it was asked, last at `last`.
    """

    principal: str
    action: str
    resource: str
    was_allowed: bool
    allowed_now: bool
    allowed_then: bool
    deciders_now: tuple[str, ...]
    deciders_then: tuple[str, ...]
    times: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of it: how many decisions were asked again, how many of them differ, and which.

    `decisions` and `different` count each time that a question was asked. `complete` is false where there were more
    questions than are asked again, and then the newest were; `unreadable` are questions that cannot be asked again.
    """

    decisions: int
    different: int
    differences: tuple[Difference, ...]
    complete: bool
    unreadable: int

    @property
    def words(self) -> str:
        """The outcome in a sentence."""
        of = f"of {self.decisions:,} decisions in {KEPT.days} days"
        if not self.complete:
            of = f"of the newest {self.decisions:,} decisions"
        return f"{of} {self.different:,} would have come out differently"


@dataclass(frozen=True)
class DecisionMemory:
    """Keeps what the journal holds for 30 days, and of so many questions the newest."""

    store: Store
    journal: Journal
    clock: Clock
    most_kept: int = _MOST_KEPT

    def keep(self) -> None:
        """Write what was asked since the last time."""
        asked = self.journal.take()
        if self.journal.lost:
            _LOG.warning("%d decisions were too many to be remembered for replays", self.journal.lost)
            self.journal.lost = 0
        if asked:
            with self.store.transaction() as session:
                remember(session, asked)

    def forget(self) -> None:
        """Forget what is too old, or more than is kept."""
        with self.store.transaction() as session:
            session.execute(delete(AskedRow).where(AskedRow.last < self.clock() - KEPT))
            newest = select(AskedRow.last).order_by(AskedRow.last.desc())
            first = session.scalar(newest.offset(self.most_kept).limit(1))
            if first is not None:
                session.execute(delete(AskedRow).where(AskedRow.last <= first))

    def replay(
        self,
        session: Session,
        now: PolicyEngine,
        then: PolicyEngine,
        *,
        most: int = MOST_ASKED_AGAIN,
        within: str = "",
    ) -> Replay:
        """Ask past questions, the newest `most`, of the policies in force and of others, and compare.

        `within` is a folder (`folder:finance`): only what was asked about it and what lies in it.
        """
        query = select(AskedRow).where(AskedRow.last >= self.clock() - KEPT)
        if within:
            query = query.where(_lies_in(within))
        newest = session.scalars(query.order_by(AskedRow.last.desc()).limit(most + 1)).all()
        rows = newest[:most]
        found: list[Difference] = []
        unreadable = 0
        for row in rows:
            try:
                found += _compare(row, now, then)
            except (ValueError, TypeError, BailiwickError):
                unreadable += row.times
        return Replay(
            sum(row.times for row in rows),
            sum(item.times for item in found),
            tuple(found[:_MOST_LISTED]),
            len(newest) == len(rows),
            unreadable,
        )


def remember(session: Session, asked: Iterable[Asked]) -> None:
    """Add questions to those that are kept."""
    rows = [
        {
            "day": item.day,
            "key": item.key,
            "question": dict(item.question),
            "allowed": item.allowed,
            "deciders": list(item.deciders),
            "times": item.times,
            "last": item.last,
        }
        # In one order, so that two who write at once never wait for each other crosswise.
        for item in sorted(asked, key=lambda item: (item.day, item.key))
    ]
    for first in range(0, len(rows), _BATCH):
        new = insert(AskedRow).values(rows[first : first + _BATCH])
        more = {"times": AskedRow.times + new.excluded.times, "last": new.excluded.last}
        session.execute(new.on_conflict_do_update(index_elements=["tenant", "day", "key"], set_=more))


def _lies_in(folder: str) -> ColumnElement[bool]:
    resource, path = AskedRow.question["resource"].astext, folder.removeprefix("folder:")
    inside = [resource.startswith(f"{kind}:{path}/", autoescape=True) for kind in ("app", "folder")]
    return or_(resource == folder, *inside)


def _compare(row: AskedRow, now: PolicyEngine, then: PolicyEngine) -> Iterator[Difference]:
    question = read_question(row.question)
    before, after = now.answer(question), then.answer(question)
    if before.allowed != after.allowed:
        yield Difference(
            str(question.identity.principal),
            question.action,
            question.resource.name,
            row.allowed,
            before.allowed,
            after.allowed,
            before.deciders,
            after.deciders,
            row.times,
            row.last,
        )
