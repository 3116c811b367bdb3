"""Tokens of directories: given by an administrator for a limited time, good for one door only, kept as hashes."""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bailiwick.control.identity.credentials import hash_of
from bailiwick.control.identity.directory.model import DirectoryClient, DirectoryToken
from bailiwick.control.identity.errors import CredentialRefusedError
from bailiwick.control.identity.tables import DirectoryTokenRow, PersonRow
from bailiwick.core.clock import Clock
from bailiwick.core.principals import Identity, Principal

TOKEN_PREFIX = "bwd"  # noqa: S105 - how the secret begins


def authenticate(session: Session, secret: str, clock: Clock) -> DirectoryClient:
    """Return which directory shows this secret; raise `CredentialRefusedError` when it is none's, or not any more.

    A token dies with its date, and with the person who answers for it: when they are switched off.
    """
    row = session.get(DirectoryTokenRow, hash_of(secret), populate_existing=True)
    owner = None if row is None else session.scalar(select(PersonRow.active).where(PersonRow.email == row.owner))
    if row is None or clock() >= row.expires or not owner:
        raise CredentialRefusedError(
            "this token opens no directory", hint="an administrator gives a new one: bailiwick directory issue-token"
        )
    return DirectoryClient(
        row.directory, Identity.of_service(Principal("service", f"directory/{row.directory}")), row.id
    )


def still_holds(session: Session, client: DirectoryClient, clock: Clock) -> bool:
    """Return whether a client's token is still good: it may have been withdrawn since it was shown."""
    query = (
        select(DirectoryTokenRow.id)
        .join(PersonRow, PersonRow.email == DirectoryTokenRow.owner)
        .where(DirectoryTokenRow.id == client.token_id, DirectoryTokenRow.expires > clock(), PersonRow.active)
    )
    return session.scalar(query) is not None


def keep(session: Session, secret: str, token: DirectoryToken) -> None:
    """Keep a new token, as a hash of its secret."""
    row = DirectoryTokenRow(
        secret_hash=hash_of(secret),
        id=token.id,
        directory=token.directory,
        owner=token.owner,
        purpose=token.purpose,
        created=token.created,
        expires=token.expires,
    )
    session.add(row)


def listed(session: Session) -> list[DirectoryToken]:
    """Return every token, the oldest first."""
    rows = session.scalars(select(DirectoryTokenRow).order_by(DirectoryTokenRow.created, DirectoryTokenRow.id))
    return [_token(row) for row in rows]


def withdraw(session: Session, token_id: str) -> DirectoryToken | None:
    """Forget a token; return what it was, or None when there is none of this id."""
    statement = delete(DirectoryTokenRow).where(DirectoryTokenRow.id == token_id).returning(DirectoryTokenRow)
    row = session.scalars(statement).one_or_none()
    return None if row is None else _token(row)


def lifetime_of(days: int, most: timedelta) -> timedelta | None:
    """Return a lifetime of so many days, or None when that is none or longer than `most`."""
    lifetime = timedelta(days=days)
    return lifetime if timedelta(0) < lifetime <= most else None


def _token(row: DirectoryTokenRow) -> DirectoryToken:
    return DirectoryToken(row.id, row.directory, row.owner, row.purpose, row.created, row.expires)
