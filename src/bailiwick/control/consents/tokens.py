"""The tokens that planes get for people: short-lived, renewed here, by one at a time.

What renews a token is often good once only: whoever shows it twice loses the consent. So whoever renews marks the row
first, asks the service outside of any transaction, and only then writes down what came; others wait for that.
"""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.consents.errors import ConsentNeededError
from bailiwick.control.consents.model import Place
from bailiwick.control.consents.places import ConsentPlaces
from bailiwick.control.consents.rows import Sealed, blob_name, has_left, is_busy, lapse, live, opened
from bailiwick.control.consents.servers import AuthorizationServers
from bailiwick.control.consents.service import PAGE
from bailiwick.control.consents.tables import ConsentRow
from bailiwick.control.identity import Authorizer, person_there
from bailiwick.control.vault import Vault
from bailiwick.core.artifacts import digest
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotFoundError, UnavailableError
from bailiwick.core.events import Outcome
from bailiwick.core.ids import new_id
from bailiwick.core.messages import PersonTokenAnswer, PersonTokenRequest
from bailiwick.core.oauth import GrantEndedError, IssuedToken
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity, Principal
from bailiwick.store import Store

# A token is renewed before it ends; planes ask again at least this often.
_RENEW_BEFORE = timedelta(seconds=30)
_LONGEST_KEPT_SECONDS = 900.0
# Longer than a service may take to answer: after a crash somebody else renews then.
_BUSY = timedelta(seconds=30)
# With the service's time to answer less than planes wait for us.
_WAIT_SECONDS, _LOOK_SECONDS = 4.0, 0.05


@dataclass(frozen=True, slots=True)
class _Renewal:
    """A token that is to be renewed by whoever has this."""

    consent: str
    by: str
    sealed: Sealed


class ConsentTokens:
    """Answers planes, which are known by their certificates. `on_change` tells planes of consents that lapse."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        vault: Vault,
        places: ConsentPlaces,
        servers: AuthorizationServers,
        public_url: str,
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._vault = vault
        self._places = places
        self._servers = servers
        self._page = f"{public_url}{PAGE}"
        self._clock = clock
        self._on_change = on_change

    def token(self, plane: str, asked: PersonTokenRequest) -> PersonTokenAnswer:
        """Return a token of a person for an integration that an app of this plane uses; audited either way.

        Raises `ConsentNeededError` when the person must consent first, `UnavailableError` when the service that gives
        tokens does not do so now.
        """
        place = self._permitted(plane, asked)
        over = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < over:
            found = self._found(place, asked)
            if isinstance(found, PersonTokenAnswer):
                return found
            if found is not None:
                return self._renewed(place, asked, found)
            time.sleep(_LOOK_SECONDS)
        raise UnavailableError("the token is being renewed, which takes long", hint="try again in a moment")

    def _permitted(self, plane: str, asked: PersonTokenRequest) -> Place:
        with self._store.transaction() as session:
            try:
                place = self._places.place(session, asked.integration, plane)
            except NotFoundError:
                place = None
            used_here = place is not None and place.enabled and any(use.app == asked.app for use in place.apps)
            known = person_there(session, asked.person)
            may = place is not None and known is not None and self._places.may_use(session, known[0], place, asked.app)
            decision = self._authorizer.settle(
                session, _plane(plane), "consent.fetch", f"integration:{asked.integration}",
                {"used_here": used_here, "person_may": may},
            )  # fmt: skip
            self._note_fetched(session, plane, asked, decision)
        decision.require()
        assert place is not None  # noqa: S101 - policy says no without one
        return place

    def _note_fetched(self, session: Session, plane: str, asked: PersonTokenRequest, decision: Decision) -> None:
        self._audit.note(
            session,
            str(_plane(plane).principal),
            "consent.fetched",
            f"integration:{asked.integration}",
            outcome=Outcome.SUCCESS if decision.allowed else Outcome.REFUSED,
            reason="" if decision.allowed else decision.reason,
            plane=plane,
            app=asked.app,
            deciders=decision.deciders,
            context={"person": f"user:{asked.person}"},
        )

    def _found(self, place: Place, asked: PersonTokenRequest) -> PersonTokenAnswer | _Renewal | None:
        """Return the token that there is, or what renews it for the caller to use, None while somebody else does."""
        now = self._clock()
        with self._store.transaction() as session:
            row = live(session, place.integration, place.plane, asked.person, for_update=True)
            if row is not None and has_left(session, row):
                # Whoever has the address now inherits nothing; what there is is taken back by the keeper.
                row = None
            reason = _against(place, row)
            known = opened(session, self._vault, row) if row is not None and not reason else None
            if row is not None and known is not None:
                left = row.token_ends - now
                refused = hmac.compare_digest(digest(known.access.encode()), asked.refused)
                if left > _RENEW_BEFORE and not refused:
                    return _answer(row, known, now)
                if known.refresh:
                    return _taken(row, known, now)
                reason = "the service does not take it any more" if refused else "it ended, and nothing renews it"
            if row is not None and not row.lapsed_because:
                lapse(session, self._vault, self._audit, row, reason or "what renews it is gone")
                self._store.after_commit(session, self._on_change)
        raise self._needed(place, asked.person, lapsed=row is not None)

    def _renewed(self, place: Place, asked: PersonTokenRequest, renewal: _Renewal) -> PersonTokenAnswer:
        try:
            token = self._servers.refresh(place, renewal.sealed.refresh, renewal.sealed.key)
        except GrantEndedError:
            self._lapsed(place, asked, renewal, "the service says that it was taken back or has ended")
            raise self._needed(place, asked.person, lapsed=True) from None
        except BaseException as fault:
            self._given_back(place, asked, renewal, type(fault).__name__)
            raise
        now = self._clock()
        with self._store.transaction() as session:
            row = self._own(session, place, asked, renewal)
            if row is not None:
                return _answer(row, self._keep(session, row, token, renewal, now), now)
        # It was ended while the service was asked.
        self._servers.revoke(place, token.refresh or renewal.sealed.refresh)
        raise self._needed(place, asked.person, lapsed=False)

    def _keep(self, session: Session, row: ConsentRow, token: IssuedToken, renewal: _Renewal, now: datetime) -> Sealed:
        before = renewal.sealed
        content = Sealed(access=token.value, refresh=token.refresh or before.refresh, key=before.key)
        self._vault.replace_blob(session, blob_name(row), content.model_dump_json().encode())
        row.token_ends, row.refreshed_at, row.busy_until = now + timedelta(seconds=token.lasts_seconds), now, None
        if token.scopes is not None:
            row.scopes = list(token.scopes)
        self._note(session, row, "consent.refreshed", Outcome.SUCCESS, "")
        return content

    def _lapsed(self, place: Place, asked: PersonTokenRequest, renewal: _Renewal, reason: str) -> None:
        with self._store.transaction() as session:
            row = self._own(session, place, asked, renewal)
            if row is not None:
                lapse(session, self._vault, self._audit, row, reason)
                self._store.after_commit(session, self._on_change)

    def _given_back(self, place: Place, asked: PersonTokenRequest, renewal: _Renewal, fault: str) -> None:
        with self._store.transaction() as session:
            row = self._own(session, place, asked, renewal)
            if row is not None:
                row.busy_until = None
                self._note(session, row, "consent.refreshed", Outcome.FAILED, f"the service gave no token ({fault})")

    @staticmethod
    def _own(session: Session, place: Place, asked: PersonTokenRequest, renewal: _Renewal) -> ConsentRow | None:
        """Return the row that somebody renews, None when it is not theirs any more."""
        row = live(session, place.integration, place.plane, asked.person, for_update=True)
        if row is None or row.id != renewal.consent or row.busy_by != renewal.by or row.lapsed_because:
            return None
        return None if has_left(session, row) else row

    def _note(self, session: Session, row: ConsentRow, action: str, outcome: Outcome, reason: str) -> None:
        self._audit.note(
            session,
            "service:consents",
            action,
            f"integration:{row.integration}",
            outcome=outcome,
            reason=reason,
            plane=row.plane,
            context={"person": f"user:{row.person}", "consent": row.id},
        )

    def _needed(self, place: Place, person: str, *, lapsed: bool) -> ConsentNeededError:
        words = "must connect their account again" if lapsed else "has not connected their account"
        return ConsentNeededError(
            f"{person} {words} at {place.integration}", hint=f"they do that once, at {self._page}"
        )


def _against(place: Place, row: ConsentRow | None) -> str:
    """Return what speaks against a consent, empty for nothing."""
    if row is None:
        return "nobody consented"
    changed = row.fingerprint != place.fingerprint
    return row.lapsed_because or ("where it is, or what it lets apps do, was changed" if changed else "")


def _answer(row: ConsentRow, known: Sealed, now: datetime) -> PersonTokenAnswer:
    left = max((row.token_ends - now).total_seconds(), 0.0)
    kept = min(left, _LONGEST_KEPT_SECONDS)
    return PersonTokenAnswer(consent=row.id, token=known.access, seconds=kept, key=known.key)


def _taken(row: ConsentRow, known: Sealed, now: datetime) -> _Renewal | None:
    if is_busy(row, now):
        return None
    row.busy_by, row.busy_until = new_id("ren"), now + _BUSY
    return _Renewal(row.id, row.busy_by, known)


def _plane(plane: str) -> Identity:
    return Identity.of_service(Principal("plane", plane))
