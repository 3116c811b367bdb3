"""Apps' own databases as planes tell of them, rehearsals of their migrations, and snapshots to go back to."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.orm import Session

from bailiwick.control.databases.errors import MomentGoneError
from bailiwick.control.databases.model import MigrationLine, OwnDatabase, Rehearsal, RehearsalState, SnapshotLine
from bailiwick.control.databases.rehearsals import RehearsalService
from bailiwick.control.databases.service import GIVE_UP_DATA, DatabaseService
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.manifest import Manifest


class Rehearsals(Protocol):
    """What releases need of rehearsals."""

    def ask(
        self,
        session: Session,
        deploy: str,
        app: str,
        tree: str,
        manifest: Manifest,
        files: Sequence[TreeFile],
        running: Sequence[TreeFile],
    ) -> None:
        """Have the migrations of a deploy rehearsed, when it brings any; `running` is what is in production now."""

    def of_deploy(self, session: Session, deploy: str) -> Rehearsal | None:
        """Return how the rehearsal of a deploy stands, or None when it needs none."""


__all__ = [
    "GIVE_UP_DATA",
    "DatabaseService",
    "MigrationLine",
    "MomentGoneError",
    "OwnDatabase",
    "Rehearsal",
    "RehearsalService",
    "RehearsalState",
    "Rehearsals",
    "SnapshotLine",
]
