"""Exceptions from the rules: given to one app by somebody who wrote none of it, for a reason, until a time.

Waivers and opened capabilities are kinds of them; each adds what it lets pass, and how one comes by it.
"""

from bailiwick.control.exceptions.desk import ExceptionDesk, OnChange, WritersOf
from bailiwick.control.exceptions.keeper import ExceptionKeeper
from bailiwick.control.exceptions.kind import WARN_BEFORE, Kind
from bailiwick.control.exceptions.rows import ExceptionRow, in_force, value_of

__all__ = [
    "WARN_BEFORE",
    "ExceptionDesk",
    "ExceptionKeeper",
    "ExceptionRow",
    "Kind",
    "OnChange",
    "WritersOf",
    "in_force",
    "value_of",
]
