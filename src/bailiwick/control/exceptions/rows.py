"""What rows of every kind of exception have, and which of them are in force."""

from collections.abc import Sequence
from dataclasses import Field, fields
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Mapped, Session

from bailiwick.store import Base


class ExceptionRow(Base):
    """An exception of one app. Whether one whose time is over still stands says nothing: `until` is asked, too."""

    __abstract__ = True

    id: Mapped[str]
    app: Mapped[str]
    reason: Mapped[str]
    until: Mapped[datetime]
    ended_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str]
    warned_at: Mapped[datetime | None]

    @classmethod
    def stands(cls) -> ColumnElement[bool]:
        """Return the condition of what nobody ended or refused."""
        return cls.ended_at.is_(None)

    @classmethod
    def given(cls) -> ColumnElement[bool]:
        """Return the condition of what stands and was given, not only asked for."""
        return cls.stands()

    @property
    def is_given(self) -> bool:
        """Whether it was given, not only asked for."""
        return True

    @property
    def given_at(self) -> datetime | None:
        """When it was given."""
        raise NotImplementedError

    @property
    def gone(self) -> str:
        """What is to be said to reviews and planes once it is over."""
        raise NotImplementedError

    @property
    def facts(self) -> dict[str, str]:
        """What an audit event says of it."""
        raise NotImplementedError

    def end(self, by: str, now: datetime, reason: str) -> None:
        """Write its end down."""
        self.ended_by, self.ended_at, self.end_reason = by, now, reason


class Value(Protocol):
    """A dataclass with the columns that people may see."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


_Row = TypeVar("_Row", bound=ExceptionRow)
_Value = TypeVar("_Value", bound=Value)


def value_of(kind: type[_Value], row: ExceptionRow, **read: object) -> _Value:
    """Return a row as a value; `read` is what its columns hold in another form."""
    return kind(**{**{item.name: getattr(row, item.name) for item in fields(kind)}, **read})


def in_force(session: Session, row: type[_Row], app_path: str, now: datetime) -> Sequence[_Row]:
    """Return what was given to an app and whose time is not over, the oldest first.

    Read at the moment of each decision, so that none outlives its time.
    """
    query = select(row).where(row.app == app_path, row.given(), row.until > now)
    return session.scalars(query.order_by(row.id)).all()
