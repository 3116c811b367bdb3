"""Functions of databases that statements of apps may call beside the gateway's own list: versions, and who approved."""

from bailiwick.control.sql_functions.service import SqlFunctionService

__all__ = ["SqlFunctionService"]
