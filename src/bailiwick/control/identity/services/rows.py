"""Rows of service identities, found, made and turned into plain values."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.identity.services.model import Service, ServiceKey, ServiceView, Trust, TrustDraft
from bailiwick.control.identity.services.tables import ServiceKeyRow, TrustRow
from bailiwick.control.identity.tables import ServiceRow
from bailiwick.core.errors import NotFoundError

_SEEN_EVERY = timedelta(minutes=1)


def row_of(session: Session, name: str, *, lock: bool = False) -> ServiceRow:
    """Return the row of a service identity by its written name; raise `NotFoundError` when there is none."""
    row = find(session, name, lock=lock)
    if row is None:
        raise NotFoundError(
            f"there is no service identity '{name[:80]}', or you may not see it", hint="bailiwick service list"
        )
    return row


def find(session: Session, name: str, *, lock: bool = False) -> ServiceRow | None:
    """Return the row of a service identity, or None."""
    query = select(ServiceRow).where(ServiceRow.name == name).execution_options(populate_existing=True)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def view(session: Session, row: ServiceRow, now: datetime) -> ServiceView:
    """Return a service identity with its credentials."""
    keys = session.scalars(
        select(ServiceKeyRow).where(ServiceKeyRow.service == row.name).order_by(ServiceKeyRow.added, ServiceKeyRow.id)
    )
    trusts = session.scalars(select(TrustRow).where(TrustRow.service == row.name).order_by(TrustRow.added, TrustRow.id))
    service = service_of(row)
    return ServiceView(
        service, service.state(now), tuple(key_of(item) for item in keys), tuple(trust_of(item) for item in trusts)
    )


def seen(row: ServiceRow | ServiceKeyRow | TrustRow, now: datetime) -> None:
    """Remember that something was used, to the minute: a busy service does not write its row at each request."""
    if row.last_used is None or now - row.last_used > _SEEN_EVERY:
        row.last_used = now


def service_of(row: ServiceRow) -> Service:
    """Return the value of a row."""
    return Service(
        name=row.name,
        owner=row.owner,
        purpose=row.purpose,
        public=row.public,
        made_by=row.made_by,
        created=row.created,
        expires=row.expires,
        active=row.active,
        epoch=row.epoch,
        last_used=row.last_used,
        ownerless_since=row.ownerless_since,
    )


def key_of(row: ServiceKeyRow) -> ServiceKey:
    """Return the value of a row."""
    return ServiceKey(row.id, row.service, row.jwk, row.added_by, row.added, row.last_used)


def trust_of(row: TrustRow) -> Trust:
    """Return the value of a row."""
    claims = {name: str(value) for name, value in row.claims.items()}
    terms = TrustDraft(row.issuer, row.audience, row.subject, row.subject_prefix, claims, row.jwks)
    return Trust(row.id, row.service, terms, row.added_by, row.added, row.last_used)
