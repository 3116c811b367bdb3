"""Where opened capabilities are kept."""

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped

from bailiwick.control.exceptions import ExceptionRow, Kind


class CapabilityRow(ExceptionRow):
    """A capability of an app: whoever opens it decides."""

    __tablename__ = "capabilities"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index(
            "ix_capabilities_open",
            "tenant",
            "app",
            "capability",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    capability: Mapped[str]
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]

    @property
    def given_at(self) -> datetime:
        """When it was opened."""
        return self.opened_at

    @property
    def gone(self) -> str:
        """What reviews and planes are told once it is over."""
        return f"{self.capability} is not open any more"

    @property
    def facts(self) -> dict[str, str]:
        """What an audit event says of it."""
        return {"capability": self.capability, "until": self.until.isoformat()}


CAPABILITIES = Kind(CapabilityRow, "service:capabilities", ended="capability.closed", ending="capability.ending")
