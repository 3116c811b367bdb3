"""Apps' own databases at this plane: made, migrated, taken back, kept safe, and opened to their apps."""

from bailiwick.dataplane.databases.branches import BranchDatabases
from bailiwick.dataplane.databases.errors import DatabaseError, WouldLoseError
from bailiwick.dataplane.databases.keeper import Databases, keeper_of
from bailiwick.dataplane.databases.moving import Moved
from bailiwick.dataplane.databases.rehearsal import Rehearsed, rehearse
from bailiwick.dataplane.databases.server import DatabaseServer, Opened

__all__ = [
    "BranchDatabases",
    "DatabaseError",
    "DatabaseServer",
    "Databases",
    "Moved",
    "Opened",
    "Rehearsed",
    "WouldLoseError",
    "keeper_of",
    "rehearse",
]
