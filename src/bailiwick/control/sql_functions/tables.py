"""Where the functions that were allowed are kept: every version, by the name of the integration."""

from sqlalchemy import Index, PrimaryKeyConstraint, text

from bailiwick.control.versions import VersionRow


class SqlFunctionVersionRow(VersionRow):
    """A version of what may be called in one database."""

    __tablename__ = "sql_function_versions"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "name", "version"),
        Index(
            "ix_sql_function_versions_active", "tenant", "name", unique=True, postgresql_where=text("state = 'active'")
        ),
    )
