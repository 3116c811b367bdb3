"""Access tokens of services and agents: short, for one door, and dead as soon as anybody behind them is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bailiwick.control.identity.credentials import Credentials, hash_of, identity_of
from bailiwick.control.identity.errors import CredentialRefusedError
from bailiwick.control.identity.services import owners, rows
from bailiwick.control.identity.services.errors import ServiceRefusedError
from bailiwick.control.identity.services.model import TOKEN_LIFETIME, MachineToken, State
from bailiwick.control.identity.services.tables import MachineTokenRow
from bailiwick.control.identity.tables import ServiceRow
from bailiwick.core.clock import Clock
from bailiwick.core.ids import new_secret
from bailiwick.core.principals import Identity, Principal, SignIn

_PREFIX = "bwm"
_WORDS = {
    State.DISABLED: ("is switched off", "ask its owner: bailiwick service enable"),
    State.EXPIRED: ("has expired", "an administrator prolongs it: bailiwick service prolong"),
    State.OWNERLESS: ("has nobody who answers for it", "an administrator gives it an owner: bailiwick service change"),
}


def is_machine_token(secret: str) -> bool:
    """Return whether a secret looks like one of these tokens."""
    return secret.startswith(f"{_PREFIX}_")


def require_active(session: Session, row: ServiceRow, now: datetime) -> None:
    """Return when a service identity may act at this moment; raise `ServiceRefusedError` that says why not."""
    state = rows.service_of(row).state(now)
    if state is State.ACTIVE and row.name.startswith("agent:") and not owners.is_there(session, row.owner):
        state = State.OWNERLESS
    if state is not State.ACTIVE:
        words, hint = _WORDS[state]
        raise ServiceRefusedError(f"{row.name} {words}", hint=hint)


@dataclass(frozen=True, slots=True)
class MachineTokens:
    """Makes and checks these tokens inside the caller's transaction."""

    clock: Clock

    def issue(
        self,
        session: Session,
        row: ServiceRow,
        *,
        audience: str,
        person: Identity | None = None,
        family: str | None = None,
        latest: datetime | None = None,
    ) -> MachineToken:
        """Make a token for one door; in a person's name where there is one.

        Such a token remembers the person's sign-in, and dies with the `family` that it came of. It ends after 15
        minutes, or at `latest` when that is before.
        """
        now = self.clock()
        require_active(session, row, now)
        expires = min(now + TOKEN_LIFETIME, latest or now + TOKEN_LIFETIME)
        identity = _identity(row)
        sign_in = person.sign_in if person is not None else None
        token = MachineToken(
            new_secret(_PREFIX), identity.for_person(person) if person is not None else identity, audience, expires
        )
        session.add(
            MachineTokenRow(
                secret_hash=hash_of(token.secret),
                service=row.name,
                epoch=row.epoch,
                person=person.principal.name if person is not None else None,
                person_epoch=person.epoch if person is not None else None,
                family=family,
                audience=audience,
                created=now,
                expires=expires,
                authenticated=now - timedelta(seconds=sign_in.age_seconds) if sign_in is not None else None,
                second_factor=sign_in is not None and sign_in.second_factor,
            )
        )
        rows.seen(row, now)
        return token

    def owner(self, session: Session, secret: str, *, audience: str) -> Identity:
        """Return whose token this is when it was made for this door; raise `CredentialRefusedError` otherwise."""
        token = session.get(MachineTokenRow, hash_of(secret), populate_existing=True)
        now = self.clock()
        if token is None or token.audience != audience or now >= token.expires:
            raise CredentialRefusedError("this credential is not valid here", hint="exchange for a fresh token")
        row = rows.find(session, token.service)
        if row is None or row.epoch != token.epoch:
            raise CredentialRefusedError("this credential was revoked", hint="exchange for a fresh token")
        require_active(session, row, now)
        rows.seen(row, now)
        if token.family is not None and not Credentials(self.clock).goes_on(session, token.family):
            raise CredentialRefusedError("the person behind this credential signed out", hint="sign in again")
        if token.person is None:
            return _identity(row)
        return _identity(row).for_person(self._person(session, token, now))

    def own(self, session: Session, row: ServiceRow) -> Identity:
        """Return a service identity as it acts in this process; raise `ServiceRefusedError` when it may not."""
        now = self.clock()
        require_active(session, row, now)
        rows.seen(row, now)
        return _identity(row)

    def end(self, session: Session, secret: str) -> str | None:
        """Forget a token; return whose it was, or None when there is none."""
        gone = delete(MachineTokenRow).where(MachineTokenRow.secret_hash == hash_of(secret)).returning(MachineTokenRow)
        token = session.scalars(gone).one_or_none()
        if token is None:
            return None
        return token.service if token.person is None else f"{token.service}/for/user:{token.person}"

    def _person(self, session: Session, token: MachineTokenRow, now: datetime) -> Identity:
        assert token.person is not None and token.person_epoch is not None  # noqa: S101 - they come together
        person = Credentials(self.clock).living(session, token.person, token.person_epoch)
        if token.authenticated is None:
            return identity_of(person)
        age = max(0, int((now - token.authenticated).total_seconds()))
        return identity_of(person, SignIn(age, token.second_factor))


def _identity(row: ServiceRow) -> Identity:
    return Identity(Principal.parse(row.name), frozenset({row.name}), epoch=row.epoch)
