"""Ends consents of people who left, and forgets what is over; safe to repeat and to run twice."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.consents.attempts import Attempts
from bailiwick.control.consents.model import Place
from bailiwick.control.consents.places import ConsentPlaces
from bailiwick.control.consents.rows import end, has_left, opened
from bailiwick.control.consents.servers import AuthorizationServers
from bailiwick.control.consents.tables import ConsentRow
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
            left = self._end_of_people_who_left(session)
            if left:
                self._store.after_commit(session, self._on_change)
        for place, token in left:
            self._servers.revoke(place, token)

    def _end_of_people_who_left(self, session: Session) -> list[tuple[Place, str]]:
        """Return the tokens that can be taken back at their services, too."""
        query = select(ConsentRow).where(ConsentRow.ended_at.is_(None)).order_by(ConsentRow.id)
        rows = session.scalars(query.with_for_update(skip_locked=True)).all()
        places = {(item.integration, item.plane): item for item in self._places.all(session)}
        left = []
        for row in rows:
            if not has_left(session, row):
                continue
            place = places.get((row.integration, row.plane))
            kept = opened(session, self._vault, row)
            if kept is not None and place is not None and place.fingerprint == row.fingerprint:
                left.append((place, kept.refresh or kept.access))
            why = "its person's access was ended"
            end(session, self._vault, self._audit, row, by="service:consents", reason=why)
        return left
