"""What the SQL gateway says when it does not pass a statement on, with the SQLSTATE that drivers show."""

from bailiwick.core.errors import ForbiddenError


class StatementRefusedError(ForbiddenError):
    """A statement asks for more than the grant gives, or cannot be understood; nothing of it reached the database."""

    code = "query.refused"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        sqlstate: str = "42501",
        deciders: tuple[str, ...] = ("data-grant",),
        of_person: bool = False,
    ) -> None:
        """Take what is wrong, what to do, the SQLSTATE (42501: insufficient privilege) and whether others may."""
        super().__init__(message, hint=hint, deciders=deciders)
        self.sqlstate = sqlstate
        self.of_person = of_person
