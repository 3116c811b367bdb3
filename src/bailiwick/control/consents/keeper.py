"""Ends consents of people who left and at places that are no more, and forgets what is over; safe to repeat."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.consents.attempts import Attempts
from bailiwick.control.consents.model import Place
from bailiwick.control.consents.places import ConsentPlaces
from bailiwick.control.consents.rows import end, opened
from bailiwick.control.consents.servers import AuthorizationServers
from bailiwick.control.consents.tables import ConsentRow
from bailiwick.control.identity import cuts_of_people
from bailiwick.control.vault import Vault
from bailiwick.store import Store

_KEPT = timedelta(days=1)


class ConsentKeeper:
    """Looks after consents. No token is given out for somebody who left in any case: this removes what got it."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        vault: Vault,
        places: ConsentPlaces,
        servers: AuthorizationServers,
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._audit = audit
        self._vault = vault
        self._places = places
        self._servers = servers
        self._on_change = on_change

    def keep(self) -> None:
        """Do it once."""
        now = self._audit.clock()
        with self._store.transaction() as session:
            Attempts(self._vault, self._audit.clock).forget(session)
            session.execute(delete(ConsentRow).where(ConsentRow.ended_at < now - _KEPT))
            gone, left = self._end_what_is_over(session)
            if gone:
                self._store.after_commit(session, self._on_change)
        for place, token in left:
            self._servers.revoke(place, token)

    def _end_what_is_over(self, session: Session) -> tuple[int, list[tuple[Place, str]]]:
        """Return how many consents were ended, and the tokens that can be taken back at their services, too."""
        places = {(item.integration, item.plane): item for item in self._places.all(session)}
        cuts = cuts_of_people(session)
        gone, left = 0, []
        for row in session.scalars(select(ConsentRow).where(ConsentRow.ended_at.is_(None)).order_by(ConsentRow.id)):
            place, cut = places.get((row.integration, row.plane)), cuts.get(row.person)
            has_gone = cut is None or row.epoch < cut
            if not has_gone and place is not None:
                continue
            locked = self._locked(session, row.id)
            if locked is None:
                continue
            kept = opened(session, self._vault, locked)
            if kept is not None and place is not None and place.fingerprint == locked.fingerprint:
                left.append((place, kept.refresh or kept.access))
            why = "its person's access was ended" if has_gone else "nobody consents to anything there any more"
            end(session, self._vault, self._audit, locked, by="service:consents", reason=why)
            gone += 1
        return gone, left

    @staticmethod
    def _locked(session: Session, consent: str) -> ConsentRow | None:
        """Return a consent that is still there, None while somebody else works on it: it is for the next time then."""
        query = select(ConsentRow).where(ConsentRow.id == consent, ConsentRow.ended_at.is_(None))
        query = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
        return session.scalars(query).one_or_none()
