"""Consents as they are kept: read as values, and the one way in which they lapse and end."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.consents.model import Consent
from bailiwick.control.consents.tables import ConsentRow
from bailiwick.control.identity import person_there
from bailiwick.control.vault import Vault
from bailiwick.core.events import Outcome

_LONGEST_REASON = 300


class Sealed(BaseModel):
    """What the vault keeps of a consent: the token of now, what gets the next one (empty where nothing does), and the
    key that both are bound to (empty for none).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    access: str = Field(repr=False)
    refresh: str = Field(repr=False)
    key: str = Field(default="", repr=False)


def blob_name(row: ConsentRow) -> str:
    """Return under which name the vault keeps what belongs to a consent."""
    return f"consent/{row.id}"


def live(session: Session, integration: str, plane: str, person: str, *, for_update: bool = False) -> ConsentRow | None:
    """Return the consent of a person that has not ended; one that lapsed has not."""
    query = select(ConsentRow).where(
        ConsentRow.integration == integration,
        ConsentRow.plane == plane,
        ConsentRow.person == person,
        ConsentRow.ended_at.is_(None),
    )
    query = query.execution_options(populate_existing=True)
    return session.scalars(query.with_for_update() if for_update else query).one_or_none()


def opened(session: Session, vault: Vault, row: ConsentRow) -> Sealed | None:
    """Return what the vault keeps of a consent, None where that is gone."""
    content = vault.sealed_blob(session, blob_name(row))
    return Sealed.model_validate_json(content) if content is not None else None


def lapse(session: Session, vault: Vault, audit: AuditLog, row: ConsentRow, reason: str) -> None:
    """Note that a consent must be given again: it waits for its person, and no token is got by it."""
    vault.forget_blob(session, blob_name(row))
    row.lapsed_at, row.lapsed_because, row.busy_until = audit.clock(), reason[:_LONGEST_REASON], None
    _note(session, audit, row, "service:consents", "consent.lapsed", reason, Outcome.FAILED)


def end(session: Session, vault: Vault, audit: AuditLog, row: ConsentRow, *, by: str, reason: str) -> None:
    """End a consent: what got tokens is removed, and planes forget those that they have."""
    vault.forget_blob(session, blob_name(row))
    row.ended_at = audit.clock()
    _note(session, audit, row, by, "consent.ended", reason, Outcome.SUCCESS)


def consent_of(row: ConsentRow) -> Consent:
    """Return a row as a consent."""
    return Consent(
        id=row.id,
        integration=row.integration,
        plane=row.plane,
        person=row.person,
        scopes=tuple(row.scopes),
        account=row.account,
        connected_at=row.connected_at,
        token_ends=row.token_ends,
        renewed_by_itself=row.renewed_by_itself,
        refreshed_at=row.refreshed_at,
        lapsed_because=row.lapsed_because,
    )


def has_left(session: Session, row: ConsentRow) -> bool:
    """Return whether the access of whoever consented was ended since, or who they are is not known any more."""
    known = person_there(session, row.person)
    return known is None or row.epoch < known[1]


def is_busy(row: ConsentRow, now: datetime) -> bool:
    """Return whether somebody is renewing its token just now."""
    return row.busy_until is not None and row.busy_until > now


def _note(
    session: Session, audit: AuditLog, row: ConsentRow, by: str, action: str, reason: str, outcome: Outcome
) -> None:
    audit.note(
        session,
        by,
        action,
        f"integration:{row.integration}",
        outcome=outcome,
        reason=reason,
        plane=row.plane,
        context={"person": f"user:{row.person}", "consent": row.id, "account": row.account},
    )
