"""How full apps' storage is, as planes last told."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.observe.tables import StorageRow
from bailiwick.core.messages import StorageReport


@dataclass(frozen=True, slots=True)
class StorageSeen:
    """The storage of an app in a mode, and of a branch of it: bytes and files, of how many."""

    mode: str
    branch: str
    used_bytes: int
    size_bytes: int
    files: int
    most_files: int
    time: datetime


def take_storage(session: Session, report: StorageReport) -> None:
    """Keep what a plane saw; what is gone is forgotten."""
    row = StorageRow
    own = {"app": report.app, "mode": report.mode, "branch": report.branch}
    if not report.size_bytes:
        where = (row.app == report.app, row.mode == report.mode, row.branch == report.branch)
        session.execute(delete(row).where(*where))
        return
    sizes = {"used_bytes": report.used_bytes, "size_bytes": report.size_bytes}
    said = {**sizes, "files": report.files, "most_files": report.most_files, "time": report.time}
    statement = insert(row).values(**own, **said)
    session.execute(statement.on_conflict_do_update(index_elements=["tenant", *own], set_=said))


def storage_of(session: Session, app: str) -> list[StorageSeen]:
    """Return the storage that an app has, production's first, main's before that of branches."""
    query = select(StorageRow).where(StorageRow.app == app).order_by(StorageRow.mode.desc(), StorageRow.branch)
    return [
        StorageSeen(row.mode, row.branch, row.used_bytes, row.size_bytes, row.files, row.most_files, row.time)
        for row in session.scalars(query)
    ]
