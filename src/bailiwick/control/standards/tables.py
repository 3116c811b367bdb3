"""Where standards are kept: every version."""

from sqlalchemy import Index, PrimaryKeyConstraint, text

from bailiwick.control.versions import VersionRow


class StandardVersionRow(VersionRow):
    """A version of a standard."""

    __tablename__ = "standard_versions"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "name", "version"),
        Index("ix_standard_versions_active", "tenant", "name", unique=True, postgresql_where=text("state = 'active'")),
    )
