"""What a file's database says when it fails: a SQLSTATE and words of ours. Its own words may hold values of rows."""


class FileFaultError(Exception):
    """A statement failed."""

    def __init__(self, words: str, sqlstate: str) -> None:
        super().__init__(words)
        self.words = words
        self.sqlstate = sqlstate


CANCELLED = ("the statement was cancelled", "57014")
"""As PostgreSQL has it (query_canceled)."""
