"""Families of tokens: opened by a person's yes, kept up by refresh tokens that work once, ended as a whole."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from bailiwick.control.identity.credentials import Credentials, hash_of
from bailiwick.control.identity.oauth.model import Issued
from bailiwick.control.identity.tables import FamilyRow, PersonRow, RefreshTokenRow
from bailiwick.core.clock import Clock
from bailiwick.core.ids import new_id, new_secret

ACCESS_LIFETIME = timedelta(minutes=15)
IDLE = timedelta(days=7)
ABSOLUTE = timedelta(days=30)
_MOST_OF_AN_ADDRESS = 64


class Families:
    """Makes, keeps and ends them inside the caller's transaction."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock

    def open(
        self,
        session: Session,
        person: PersonRow,
        *,
        client: str,
        audiences: list[str],
        address: str,
        authenticated: datetime | None,
        second_factor: bool,
    ) -> FamilyRow:
        """Begin a family; `address` is where the client calls from, the rest of the sign-in behind it."""
        now = self._clock()
        family = FamilyRow(
            id=new_id("fam"),
            client=client,
            email=person.email,
            epoch=person.epoch,
            audiences=audiences,
            address=address[:_MOST_OF_AN_ADDRESS],
            created=now,
            last_used=now,
            expires=now + ABSOLUTE,
            authenticated=authenticated,
            second_factor=second_factor,
            ended=None,
        )
        session.add(family)
        session.flush()
        return family

    def issue(self, session: Session, family: FamilyRow, person: PersonRow, audience: str) -> Issued:
        """Make the next pair of tokens; none outlives the family."""
        now = self._clock()
        left = family.expires - now
        access = self._credentials.issue_token(
            session,
            person,
            audience=audience,
            lifetime=min(ACCESS_LIFETIME, left),
            purpose=family.client,
            sign_in=self._credentials.sign_in_of(family),
            family=family.id,
        )
        refresh = new_secret("bwr")
        row = RefreshTokenRow(secret_hash=hash_of(refresh), family=family.id, expires=now + min(IDLE, left), used=None)
        session.add(row)
        seconds = int((access.expires - now).total_seconds())
        return Issued(access.secret, seconds, refresh, audience)

    def end(self, session: Session, family_id: str) -> FamilyRow | None:
        """End a family with every token in it; return it, or None where it had ended already."""
        statement = update(FamilyRow).where(FamilyRow.id == family_id, FamilyRow.ended.is_(None))
        return session.scalar(statement.values(ended=self._clock()).returning(FamilyRow))
