"""Rows in versions: for each key one is in force at most, and every earlier one is kept with who ended it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Index, PrimaryKeyConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session

from bailiwick.store.base import Base
from bailiwick.store.locks import hold

_MOST_EARLIER = 100
Row = TypeVar("Row", bound="VersionedRow")


class VersionedRow(Base):
    """A version of what is said under a key: in force while nobody ended it; the version counts the changes there."""

    __abstract__ = True

    version: Mapped[int]
    reason: Mapped[str]
    set_by: Mapped[str]
    set_at: Mapped[datetime]
    ended_by: Mapped[str]
    ended_at: Mapped[datetime | None]


def versioned_by(table: str, *key: str) -> tuple[PrimaryKeyConstraint, Index]:
    """Return the constraints of a table whose rows are versions under the columns of `key`."""
    in_force = Index(f"uq_{table}_in_force", "tenant", *key, unique=True, postgresql_where=text("ended_at IS NULL"))
    return PrimaryKeyConstraint("tenant", *key, "version"), in_force


class Versions(Generic[Row]):
    """What is read and written of one kind of versioned rows, each in the session of the caller's transaction."""

    def __init__(self, kind: type[Row], *key: str) -> None:
        """Take the kind of rows, and the columns that are its key."""
        self._kind = kind
        self._key = key

    def hold(self, session: Session) -> None:
        """Let nobody else change rows of this kind in the tenant until the transaction ends."""
        hold(session, self._kind.__tablename__)

    def all_in_force(self, session: Session) -> Sequence[Row]:
        """Return every row in force."""
        return session.scalars(select(self._kind).where(self._kind.ended_at.is_(None))).all()

    def in_force(self, session: Session, *key: object) -> Row | None:
        """Return the row in force under a key."""
        query = select(self._kind).where(*self._under(key), self._kind.ended_at.is_(None))
        return session.scalars(query).one_or_none()

    def earlier(self, session: Session) -> Sequence[Row]:
        """Return rows that were in force before, those that ended last first."""
        query = select(self._kind).where(self._kind.ended_at.is_not(None))
        return session.scalars(query.order_by(self._kind.ended_at.desc()).limit(_MOST_EARLIER)).all()

    def put(self, session: Session, key: Sequence[object], by: str, now: datetime, reason: str, **values: Any) -> Row:
        """Put a new version into force under a key, instead of the one there."""
        self.end(session, *key, by=by, now=now)
        newest = session.scalar(select(func.max(self._kind.version)).where(*self._under(key)))
        said = dict(zip(self._key, key, strict=True)) | values
        made = self._kind(
            **said, version=(newest or 0) + 1, reason=reason, set_by=by, set_at=now, ended_by="", ended_at=None
        )
        session.add(made)
        session.flush()
        return made

    def end(self, session: Session, *key: object, by: str, now: datetime) -> Row | None:
        """End what is in force under a key, and return it."""
        row = self.in_force(session, *key)
        if row is not None:
            row.ended_by, row.ended_at = by, now
            session.flush()
        return row

    def _under(self, key: Sequence[object]) -> list[Any]:
        return [getattr(self._kind, name) == value for name, value in zip(self._key, key, strict=True)]
