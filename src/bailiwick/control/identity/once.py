"""What an identity provider says may be taken once: each assertion and logout is remembered while it could be shown."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.identity.errors import SignInRefusedError
from bailiwick.control.identity.tables import UsedAssertionRow

# A clock that jumped ahead and back must not have us forget what could be shown again.
_KEPT_LONGER = timedelta(days=1)


def use_once(session: Session, now: datetime, issuer: str, message_id: str, expires: datetime) -> None:
    """Remember in the caller's transaction that a message was taken; raise `SignInRefusedError` when it was before.

    `expires` is when it is refused for its age anyway.
    """
    session.execute(delete(UsedAssertionRow).where(UsedAssertionRow.expires < now - _KEPT_LONGER))
    row = insert(UsedAssertionRow).values(issuer=issuer, id=message_id, expires=expires)
    if session.scalar(row.on_conflict_do_nothing().returning(UsedAssertionRow.id)) is None:
        raise SignInRefusedError("this message of the identity provider was used before", hint="start again")
