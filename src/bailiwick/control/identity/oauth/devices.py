"""The device authorization grant (RFC 8628): a program without a browser asks, a person answers from another one."""

import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bailiwick.control.identity.credentials import hash_of
from bailiwick.control.identity.model import SignedIn
from bailiwick.control.identity.oauth.clients import CLIENTS, Client
from bailiwick.control.identity.oauth.errors import OAuthError, TooManyTriesError, bad_grant
from bailiwick.control.identity.oauth.families import Families
from bailiwick.control.identity.oauth.model import DeviceAsks, DeviceCodes, Granted, Issued
from bailiwick.control.identity.oauth.outcomes import lasting
from bailiwick.control.identity.oauth.resources import Resources
from bailiwick.control.identity.tables import DeviceRow, PersonRow, WrongUserCodeRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotFoundError
from bailiwick.core.ids import new_secret
from bailiwick.core.policy import StepUp
from bailiwick.store import Store

# No vowels, so that no code is a word, and nothing that reads as something else (RFC 8628, section 6.1): 34 bits,
# of which a person may guess a handful.
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
_LETTERS = 8
_LIFETIME = timedelta(minutes=10)
_INTERVAL_SECONDS = 5
_JITTER = timedelta(seconds=1)
_MOST_WAITING = 50
_MOST_WRONG = 5
_WRONG_WITHIN = timedelta(minutes=10)
_PENDING, _APPROVED, _REFUSED, _USED = "pending", "approved", "refused", "used"


class Devices:
    """Begins, answers and fetches device authorizations."""

    def __init__(self, store: Store, families: Families, resources: Resources, clock: Clock) -> None:
        self._store = store
        self._families = families
        self._resources = resources
        self._clock = clock

    def begin(self, client: Client, *, resources: tuple[str, ...], wanted: StepUp, address: str) -> DeviceCodes:
        """Take what a program asks for and return its codes. `address` is where it calls from.

        Raises `OAuthError`, and `TooManyTriesError` when too much that was asked from there waits for an answer.
        """
        audiences = self._resources.audiences(resources, client.audiences)
        device_code, user_code = new_secret("bwd"), "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))
        now = self._clock()
        row = DeviceRow(
            device_hash=hash_of(device_code),
            user_code_hash=hash_of(user_code),
            client=client.id,
            audiences=list(audiences),
            address=address,
            max_age=wanted.max_age_seconds,
            wants_second_factor=wanted.second_factor,
            created=now,
            expires=now + _LIFETIME,
            interval_seconds=_INTERVAL_SECONDS,
            polled=None,
            state=_PENDING,
            email="",
            epoch=0,
            authenticated=None,
            second_factor=False,
            family=None,
        )
        with self._store.transaction() as session:
            waiting = select(func.count()).where(DeviceRow.address == address, DeviceRow.expires > now)
            if (session.scalar(waiting) or 0) >= _MOST_WAITING:
                raise TooManyTriesError("too many programs wait for an answer there", hint="wait for ten minutes")
            session.add(row)
        shown = f"{user_code[: _LETTERS // 2]}-{user_code[_LETTERS // 2 :]}"
        return DeviceCodes(device_code, shown, int(_LIFETIME.total_seconds()), _INTERVAL_SECONDS)

    def asked(self, owner: SignedIn, user_code: str) -> DeviceAsks:
        """Return what the program asks that shows this code; raise `NotFoundError` when none does.

        Raises `TooManyTriesError` when somebody typed too many codes that no program shows.
        """
        return lasting(self._store, lambda session: _asks(self._find(session, owner, user_code)))

    def answer(self, owner: SignedIn, user_code: str, *, yes: bool) -> None:
        """Let the program that shows a code have what it asked for, or not; an answer is given once."""

        def answered(session: Session) -> None:
            row, identity = self._find(session, owner, user_code), owner.identity
            row.state = _APPROVED if yes else _REFUSED
            row.email, row.epoch = identity.principal.name, identity.epoch
            row.authenticated = self._families.signed_in_at(identity.sign_in)
            row.second_factor = identity.sign_in is not None and identity.sign_in.second_factor

        lasting(self._store, answered)

    def fetch(self, client: Client, device_code: str, *, resources: tuple[str, ...], address: str) -> Issued:
        """Return the tokens once a person said yes; until then raise `OAuthError` with what to do (section 3.5)."""

        def fetched(session: Session) -> Issued:
            query = select(DeviceRow).where(DeviceRow.device_hash == hash_of(device_code))
            row = session.scalars(query.with_for_update()).one_or_none()
            if row is None or row.client != client.id:
                raise bad_grant()
            if row.state == _USED:
                because = "a device code was shown after its tokens were fetched"
                self._families.end_reused(session, row.family, "code.reused", because)
                raise bad_grant()
            self._require_answered(row)
            granted = Granted(
                row.client, tuple(row.audiences), row.email, row.epoch, row.authenticated, row.second_factor
            )
            audience = self._resources.audiences(resources, granted.audiences)[0]
            row.state = _USED
            row.family, issued = self._families.open(session, granted, audience=audience, address=address)
            return issued

        return lasting(self._store, fetched)

    def _require_answered(self, row: DeviceRow) -> None:
        now = self._clock()
        if row.state == _REFUSED:
            raise OAuthError("access_denied", "the person did not say yes")
        if now >= row.expires:
            raise OAuthError("expired_token", "nobody answered in time", hint="begin again")
        if row.state == _APPROVED:
            return
        too_soon = row.polled is not None and now - row.polled + _JITTER < timedelta(seconds=row.interval_seconds)
        row.polled = now
        if too_soon:
            row.interval_seconds += _INTERVAL_SECONDS
            raise OAuthError("slow_down", "wait five seconds longer between questions from now on")
        raise OAuthError("authorization_pending", "nobody has answered yet")

    def _find(self, session: Session, owner: SignedIn, user_code: str) -> DeviceRow:
        now, email = self._clock(), owner.identity.principal.name
        self._require_few_wrong(session, email, now)
        letters = re.sub(r"[^A-Z]", "", user_code.upper())[: _LETTERS + 1]
        query = select(DeviceRow).where(
            DeviceRow.user_code_hash == hash_of(letters), DeviceRow.state == _PENDING, DeviceRow.expires > now
        )
        row = session.scalars(query.with_for_update()).one_or_none()
        if row is None:
            session.add(WrongUserCodeRow(email=email, time=now))
            raise NotFoundError(
                "no program waits under this code",
                hint="look at the code where the program shows it; it works once and for ten minutes",
            )
        return row

    def _require_few_wrong(self, session: Session, email: str, now: datetime) -> None:
        # One person's tries go one after the other: else they would all be counted before any was wrong.
        session.execute(select(PersonRow.email).where(PersonRow.email == email).with_for_update())
        session.execute(delete(WrongUserCodeRow).where(WrongUserCodeRow.time < now - _WRONG_WITHIN))
        wrong = select(func.count()).where(WrongUserCodeRow.email == email)
        if (session.scalar(wrong) or 0) >= _MOST_WRONG:
            raise TooManyTriesError(
                "too many codes were wrong", hint="wait for ten minutes, then look at the code again"
            )


def _asks(row: DeviceRow) -> DeviceAsks:
    wanted = StepUp(row.max_age, row.wants_second_factor)
    return DeviceAsks(CLIENTS[row.client], tuple(row.audiences), row.address, row.created, wanted)
