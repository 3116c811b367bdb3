"""Answers that a form of another site brought: they wait, verified, for the browser that began the sign-in.

Such a form comes without our cookies (they are Lax), so it cannot show which browser it comes from. The browser is sent
on with a code, by a plain GET that carries the cookies, and the sign-in ends there as every other does.
"""

import hmac
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, delete
from sqlalchemy.orm import Session

from bailiwick.control.identity.credentials import hash_of
from bailiwick.control.identity.model import Claims
from bailiwick.control.identity.tables import SignInRow

_CLAIMS: TypeAdapter[Claims] = TypeAdapter(Claims)


def spend_sign_in(session: Session, state: str, now: datetime) -> SignInRow | None:
    """Return the sign-in that was begun with a state and may still end, which it then does: each is found once."""
    return _spend(session, now, SignInRow.state_hash == hash_of(state))


def spend_unanswered(session: Session, state: str, now: datetime) -> SignInRow | None:
    """Return the same, when no answer to it is kept yet: each is answered once, and the first answer stays."""
    return _spend(session, now, SignInRow.state_hash == hash_of(state), SignInRow.kept_for == "")


def _spend(session: Session, now: datetime, *which: ColumnElement[bool]) -> SignInRow | None:
    begun = session.scalars(delete(SignInRow).where(*which).returning(SignInRow)).one_or_none()
    return begun if begun is not None and now <= begun.expires else None


def keep_claims(row: SignInRow, code: str, claims: Claims) -> None:
    """Put verified claims into the row of a sign-in, for whoever shows the code and began it."""
    row.kept_for = hash_of(code)
    row.kept = _CLAIMS.dump_json(claims).decode()


def kept_claims(row: SignInRow, code: str) -> Claims | None:
    """Return the claims that a code was given for, None when none were."""
    if not row.kept_for or not hmac.compare_digest(row.kept_for, hash_of(code)):
        return None
    return _CLAIMS.validate_json(row.kept)
