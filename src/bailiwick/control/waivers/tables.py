"""Where waivers are kept."""

from datetime import datetime

from sqlalchemy import ColumnElement, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.control.exceptions import ExceptionRow, Kind
from bailiwick.control.waivers.model import WaiverState


class WaiverRow(ExceptionRow):
    """A waiver: asked for, then decided about."""

    __tablename__ = "waivers"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index("ix_waivers_app", "tenant", "app", "state"),
        Index("ix_waivers_state", "tenant", "state", "until"),
        # Two who ask at once ask once.
        Index(
            "ix_waivers_open",
            "tenant",
            "app",
            "fingerprint",
            unique=True,
            postgresql_where=text("state IN ('requested', 'approved')"),
        ),
    )

    fingerprint: Mapped[str]
    rule: Mapped[str]
    severity: Mapped[str]
    path: Mapped[str]
    line: Mapped[int]
    message: Mapped[str]
    review: Mapped[str]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    state: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str]
    flow: Mapped[str] = mapped_column(server_default="")

    @classmethod
    def stands(cls) -> ColumnElement[bool]:
        """Return the condition of what is asked for or given."""
        return cls.state.in_((WaiverState.REQUESTED, WaiverState.APPROVED))

    @classmethod
    def given(cls) -> ColumnElement[bool]:
        """Return the condition of what somebody approved."""
        return cls.state == WaiverState.APPROVED

    @property
    def is_given(self) -> bool:
        """Whether somebody approved it, and nobody ended it."""
        return self.state == WaiverState.APPROVED

    @property
    def given_at(self) -> datetime | None:
        """When it was approved."""
        return self.decided_at

    @property
    def gone(self) -> str:
        """What reviews are told once it is over."""
        return f"waiver {self.id} ended"

    @property
    def facts(self) -> dict[str, str]:
        """What an audit event says of it."""
        return {
            "waiver": self.id,
            "rule": self.rule,
            "fingerprint": self.fingerprint,
            "path": self.path,
            "until": self.until.isoformat(),
        }

    def end(self, by: str, now: datetime, reason: str) -> None:
        """Write its end down."""
        super().end(by, now, reason)
        self.state = WaiverState.ENDED


WAIVERS = Kind(WaiverRow, "service:waivers", ended="waiver.ended", ending="waiver.ending")
