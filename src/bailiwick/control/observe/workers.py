"""Workers as their planes tell of them: whether they run, how their queues stand, and what they gave up."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.observe.jobs import take_job
from bailiwick.control.observe.tables import WorkerRow
from bailiwick.core.messages import DeadMessage, JobReport, WorkerReport


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A worker in a mode, and its queue: how many messages wait, are being handled and were given up."""

    mode: str
    branch: str
    worker: str
    release: str
    status: str
    words: str
    waiting: int
    taken: int
    dead: int
    letters: tuple[DeadMessage, ...]
    log_lines: tuple[str, ...]
    time: datetime


def _take_worker(session: Session, report: WorkerReport) -> None:
    """Remember how a worker is doing; an older report never replaces a newer one."""
    values = report.model_dump(exclude={"kind", "letters"}) | {"log_lines": list(report.log_lines)}
    values["letters"] = [item.model_dump(mode="json") for item in report.letters]
    key = ["app", "mode", "branch", "worker"]
    row = insert(WorkerRow).values(**values)
    newer = {name: row.excluded[name] for name in values if name not in key}
    session.execute(
        row.on_conflict_do_update(
            index_elements=["tenant", *key], set_=newer, where=WorkerRow.time <= row.excluded.time
        )
    )


def take_work(session: Session, report: JobReport | WorkerReport) -> None:
    """Remember how what works by itself is doing."""
    if isinstance(report, JobReport):
        take_job(session, report)
    else:
        _take_worker(session, report)


def workers_of(session: Session, app: str) -> list[WorkerSeen]:
    """Return the workers of an app, production first."""
    query = select(WorkerRow).where(WorkerRow.app == app)
    rows = session.scalars(query.order_by(WorkerRow.mode.desc(), WorkerRow.branch, WorkerRow.worker))
    return [
        WorkerSeen(
            row.mode, row.branch, row.worker, row.release, row.status, row.words, row.waiting, row.taken, row.dead,
            tuple(DeadMessage.model_validate(item) for item in row.letters), tuple(row.log_lines), row.time,
        )
        for row in rows
    ]  # fmt: skip
