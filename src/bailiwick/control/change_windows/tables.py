"""Where change windows are kept, every version of them."""

from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import VersionedRow, Versions, versioned_by


class ChangeWindowRow(VersionedRow):
    """A version of the window of a folder."""

    __tablename__ = "change_windows"
    __table_args__ = versioned_by(__tablename__, "folder")

    folder: Mapped[str]
    days: Mapped[list[int]] = mapped_column(JSONB)
    opens: Mapped[str]
    closes: Mapped[str]
    zone: Mapped[str]
    closed: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


WINDOWS = Versions(ChangeWindowRow, "folder")
