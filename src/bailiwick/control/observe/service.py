"""Telemetry in and out: take what planes report, and answer how an app is doing."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.observe import egress
from bailiwick.control.observe.model import AppStatus, EgressLine, EgressPoint, KillEvidence, RequestPoint
from bailiwick.control.observe.tables import AppStatusRow, KillEvidenceRow, RequestRollupRow
from bailiwick.core.clock import Clock
from bailiwick.core.ids import new_id
from bailiwick.core.messages import AppReport, EgressRollup, KillReport, RequestRollup


class ObserveService:
    """What is known of apps at work. The caller brings the transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def take_status(self, session: Session, plane: str, report: AppReport) -> None:
        """Remember how an app is doing; an older report never replaces a newer one."""
        ran = {"ran": report.release} if report.status == "running" else {}
        values = {**report.model_dump(exclude={"kind", "branch"}), "plane": plane, **ran}
        statement = insert(AppStatusRow).values(**values)
        newer = {key: statement.excluded[key] for key in ("plane", "release", "status", "words", "time", *ran)}
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant", "app", "mode"], set_=newer, where=AppStatusRow.time <= statement.excluded.time
            )
        )

    def ran(self, session: Session) -> dict[tuple[str, str], str]:
        """Return the release of each app that a plane last said to run, by app and mode."""
        rows = session.execute(select(AppStatusRow.app, AppStatusRow.mode, AppStatusRow.ran))
        return {(row.app, row.mode): row.ran for row in rows}

    def take_rollup(self, session: Session, plane: str, rollup: RequestRollup | EgressRollup) -> None:
        """Remember a period of requests, or of egress."""
        if isinstance(rollup, EgressRollup):
            egress.add(session, plane, rollup)
            return
        values = {**rollup.model_dump(exclude={"kind"}), "plane": plane}
        session.execute(insert(RequestRollupRow).values(**values).on_conflict_do_nothing())

    def egress(self, session: Session, app: str, *, hours: int = 24) -> list[EgressLine]:
        """Return what an app did at each host over the last `hours`, the hosts that it called last first."""
        return egress.lines(session, app, self._clock() - timedelta(hours=hours))

    def egress_points(self, session: Session, app: str, *, hours: int = 24) -> list[EgressPoint]:
        """Return an app's egress in production hour by hour, oldest first; hours without any are left out."""
        return egress.points(session, app, self._clock() - timedelta(hours=hours))

    def take_evidence(self, session: Session, report: KillReport) -> str:
        """Freeze the evidence of an automatic stop; return its id."""
        evidence_id = new_id("evi")
        body = report.model_dump(mode="json")
        session.add(KillEvidenceRow(id=evidence_id, app=report.app, time=report.time, body=body))
        session.flush()
        return evidence_id

    def statuses(self, session: Session, app: str = "") -> list[AppStatus]:
        """Return the last word on each app and mode, or on one app."""
        query = select(AppStatusRow).order_by(AppStatusRow.app, AppStatusRow.mode)
        rows = session.scalars(query.where(AppStatusRow.app == app) if app else query)
        return [AppStatus(row.app, row.mode, row.plane, row.release, row.status, row.words, row.time) for row in rows]

    def requests(
        self, session: Session, app: str, mode: str, *, minutes: int = 60, bucket_seconds: int = 60
    ) -> list[RequestPoint]:
        """Return an app's requests over the last `minutes`, summed in buckets, oldest first."""
        since = self._clock() - timedelta(minutes=minutes)
        bucket = func.to_timestamp(
            func.floor(func.extract("epoch", RequestRollupRow.start) / bucket_seconds) * bucket_seconds
        )
        query = (
            select(
                bucket.label("start"),
                func.sum(RequestRollupRow.ok),
                func.sum(RequestRollupRow.client_errors),
                func.sum(RequestRollupRow.server_errors),
                func.avg(RequestRollupRow.p50_ms),
                func.max(RequestRollupRow.p95_ms),
            )
            .where(RequestRollupRow.app == app, RequestRollupRow.mode == mode, RequestRollupRow.start >= since)
            .group_by(bucket)
            .order_by(bucket)
        )
        return [RequestPoint(row[0], *map(int, row[1:4]), *map(float, row[4:6])) for row in session.execute(query)]

    def answered(self, session: Session, app: str, release: str, *, minutes: int = 60) -> tuple[int, int]:
        """Return how many requests a release answered in production over the last `minutes`, and how many failed."""
        since = self._clock() - timedelta(minutes=minutes)
        row = RequestRollupRow
        every = func.sum(row.ok + row.client_errors + row.server_errors)
        query = select(func.coalesce(every, 0), func.coalesce(func.sum(row.server_errors), 0)).where(
            row.app == app, row.mode == "production", row.release == release, row.start >= since
        )
        found = session.execute(query).one()
        return int(found[0]), int(found[1])

    def answered_since(self, session: Session, app: str, mode: str, since: datetime) -> int:
        """Return how many requests an app answered in a mode since a time."""
        row = RequestRollupRow
        every = func.coalesce(func.sum(row.ok + row.client_errors + row.server_errors), 0)
        query = select(every).where(row.app == app, row.mode == mode, row.start >= since)
        return int(session.scalar(query) or 0)

    def evidence(self, session: Session, app: str, limit: int = 5) -> list[KillEvidence]:
        """Return the evidence of an app's automatic stops, newest first."""
        query = select(KillEvidenceRow).where(KillEvidenceRow.app == app).order_by(KillEvidenceRow.time.desc())
        return [
            KillEvidence(row.id, KillReport.model_validate(row.body)) for row in session.scalars(query.limit(limit))
        ]
