"""Takes attestations in, holds them against what was signed, and says where something else runs than was approved."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.attestation.tables import AttestationRow, PlaneKeyRow
from bailiwick.control.audit import AuditLog
from bailiwick.control.observe import AppStatus
from bailiwick.core.attestation import (
    CHECKS,
    JOB_STARTED,
    RUNNING,
    WORKER_STARTED,
    Running,
    changed,
    differences,
    read_running,
)
from bailiwick.core.clock import Clock
from bailiwick.core.events import Outcome
from bailiwick.core.messages import AttestationReport
from bailiwick.core.statements import Envelope, Keyring, SignatureError, Statement, key_id, open_statement

# A plane attests every day: what is older than this was not renewed.
_FRESH = timedelta(hours=26)


class Statuses(Protocol):
    """What is needed of whoever knows how apps are doing."""

    def statuses(self, session: Session, app: str = "") -> list[AppStatus]:
        """Return the last word on an app in each mode."""


class Approved(Protocol):
    """What is needed of the release domain."""

    def approved(self, session: Session, release: str) -> Mapping[str, str] | None:
        """Return tree, dependencies and reach of a release as they were signed; None for one that is not known."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An attestation as a person reads it. `stale` says that it was not renewed in time."""

    app: str
    mode: str
    plane: str
    release: str
    time: datetime
    runs: Mapping[str, str]
    differs: tuple[str, ...]
    changed: Mapping[str, list[str]]
    checks: tuple[str, ...]
    stale: bool
    key: str

    @property
    def good(self) -> bool:
        """Whether what runs is what was approved, as far as anybody said lately."""
        return not self.differs and not self.stale


class AttestationService:
    """The caller brings the transaction."""

    def __init__(self, audit: AuditLog, approved: Approved, statuses: Statuses, clock: Clock) -> None:
        self._audit = audit
        self._statuses = statuses
        self._approved = approved
        self._clock = clock

    def take(self, session: Session, plane: str, report: AttestationReport) -> None:
        """Take an attestation in, once its signature is that of the plane's key; what differs is audited as a failure.

        What the plane compares with is not believed: it is held against what was signed here.
        """
        try:
            said = self._read(session, plane, report)
        except SignatureError as fault:
            self._note(session, plane, report, "attestation.refused", Outcome.REFUSED, fault.message, {})
            return
        differs = self._differences(session, said)
        if report.branch:
            # What an app's page shows is main's; of previews of branches the log alone tells.
            self._tell(session, plane, report, differs, {**said.runs, "checks": CHECKS})
            return
        own = AttestationRow.app == report.app, AttestationRow.mode == report.mode, AttestationRow.plane == plane
        before = session.scalars(select(AttestationRow).where(*own).with_for_update()).one_or_none()
        if before is not None and before.time > said.time:
            return
        news = changed(_read_row(before.envelope).runs, said.runs) if before is not None else {}
        values = {
            "release": report.release,
            "time": said.time,
            "differs": differs,
            "changed": news,
            "envelope": json.loads(report.envelope.model_dump_json(by_alias=True)),
        }
        row = insert(AttestationRow).values(app=report.app, mode=report.mode, plane=plane, **values)
        keys = ["tenant", "app", "mode", "plane"]
        session.execute(row.on_conflict_do_update(index_elements=keys, set_=values))
        facts: dict[str, str | tuple[str, ...]] = {
            **said.runs,
            "changed": tuple(f"{name}: {old} to {new}" for name, (old, new) in news.items()),
            "checks": CHECKS,
        }
        self._tell(session, plane, report, differs, facts)

    def _tell(
        self,
        session: Session,
        plane: str,
        report: AttestationReport,
        differs: Sequence[str],
        facts: Mapping[str, str | tuple[str, ...]],
    ) -> None:
        if differs:
            words = f"what runs is not what was approved: {', '.join(differs)}"
            self._note(session, plane, report, "instance.drifted", Outcome.FAILED, words, facts)
        else:
            self._note(session, plane, report, "instance.attested", Outcome.SUCCESS, "", facts)

    def shown(self, session: Session, app: str) -> list[Shown]:
        """Return the last attestations of an app, production first."""
        query = select(AttestationRow).where(AttestationRow.app == app)
        rows = session.scalars(query.order_by(AttestationRow.mode.desc(), AttestationRow.plane))
        up = {item.mode for item in self._statuses.statuses(session, app) if item.status == "running"}
        return [self._shown(row, up=row.mode in up) for row in rows]

    def envelopes(self, session: Session, app: str) -> list[Envelope]:
        """Return the last attestations of an app as they were signed."""
        query = select(AttestationRow.envelope).where(AttestationRow.app == app)
        return [Envelope.model_validate(found) for found in session.scalars(query)]

    def key_of(self, session: Session, plane: str, public: str) -> str:
        """Return the key that a plane attests with: the one that was seen first, whatever it says now."""
        first = insert(PlaneKeyRow).values(plane=plane, public=public, since=self._clock())
        session.execute(first.on_conflict_do_nothing())
        return session.scalars(select(PlaneKeyRow.public).where(PlaneKeyRow.plane == plane)).one()

    def _read(self, session: Session, plane: str, report: AttestationReport) -> Running:
        ring = Keyring.of([self.key_of(session, plane, report.public_key)])
        said = read_running(open_statement(report.envelope, ring, RUNNING))
        if (said.app, said.mode, said.release) != (report.app, report.mode, report.release):
            raise SignatureError("the attestation is of another instance than the report")
        return said

    def _differences(self, session: Session, said: Running) -> list[str]:
        approved = self._approved.approved(session, said.release)
        if approved is None:
            return ["release"]
        return sorted({*said.differs, *differences(approved, said.runs)})

    def _shown(self, row: AttestationRow, *, up: bool) -> Shown:
        said = _read_row(row.envelope)
        # What does not run, and what ran as a job or a worker, has nothing to renew.
        renewable = up and said.because not in (JOB_STARTED, WORKER_STARTED)
        envelope = Envelope.model_validate(row.envelope)
        return Shown(
            row.app,
            row.mode,
            row.plane,
            row.release,
            row.time,
            said.runs,
            tuple(row.differs),
            dict(row.changed),
            CHECKS,
            renewable and self._clock() - row.time > _FRESH,
            envelope.signatures[0].keyid,
        )

    def _note(
        self,
        session: Session,
        plane: str,
        report: AttestationReport,
        action: str,
        outcome: Outcome,
        reason: str,
        facts: Mapping[str, str | tuple[str, ...]],
    ) -> None:
        self._audit.note(
            session,
            f"plane:{plane}",
            action,
            f"app:{report.app}",
            outcome=outcome,
            reason=reason,
            app=report.app,
            release=report.release,
            plane=plane,
            context={
                "mode": report.mode,
                "key": _id_of(report.public_key),
                **({"branch": report.branch} if report.branch else {}),
                **facts,
            },
        )


def _id_of(public: str) -> str:
    try:
        return key_id(public)
    except SignatureError:
        return "none"


def _read_row(envelope: Mapping[str, Any]) -> Running:
    """Return what an attestation says that was taken in, and so verified, before."""
    return read_running(Statement.from_bytes(Envelope.model_validate(envelope).payload_bytes()))
