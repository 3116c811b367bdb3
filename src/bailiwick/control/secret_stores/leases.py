"""Keeps accounts that a store makes in databases: one for each secret that is used, renewed, followed, and revoked.

What a store is asked lies between two transactions. An account that is made and then lost, because the control plane
was killed in that moment, ends by itself with its lease.
"""

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.secret_stores.tables import LeaseRow
from bailiwick.control.vault import Spot, StoreRefusedError, StoreUnavailableError, Vault
from bailiwick.control.vault.stores import MadeAccount
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import ContextFact
from bailiwick.core.ids import new_id
from bailiwick.store import Store
from bailiwick.store.locks import hold

_LOG = logging.getLogger("bailiwick.control.secret_stores")
_BY = "service:vault"
# An account that another one followed goes on for so long: planes and what is at work move to the new one meanwhile.
GRACE = timedelta(minutes=10)
# Planes act on a new version within a minute, also those that do not listen.
_PLANES = timedelta(minutes=2)
# Whoever asks a store has the lease for so long, which is longer than a store is waited for.
_TAKEN = timedelta(seconds=30)
# A lease that is renewed for less than this share of its first life is near its end: another account follows.
_SHARE = 0.75
_UNUSED = "no integration that is switched on uses it"
_ENDED = "its lease is over"
Names = Callable[[Session], Collection[str]]


class LeaseKeeper:
    """Safe to run twice and to be cut off anywhere.

    `used` returns the secrets that integrations use which are switched on, `leaked` those whose value was found
    somewhere and that wait for another one. `on_made` is called when there are new accounts.
    """

    def __init__(
        self,
        store: Store,
        audit: AuditLog,
        vault: Vault,
        *,
        used: Names,
        leaked: Names,
        on_made: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._store = store
        self._audit = audit
        self._vault = vault
        self._used = used
        self._leaked = leaked
        self._on_made = on_made
        self._clock = clock

    def keep(self) -> None:
        """Make, renew, replace and revoke what is due."""
        with self._store.transaction() as session:
            spots = self._vault.leased.spots(session)
            used, leaked = set(self._used(session)) if spots else set(), set(self._leaked(session)) if spots else set()
        down: dict[str, BailiwickError] = {}
        made = False
        for name, spot in spots.items():
            try:
                if spot.store in down:  # it is waited for once
                    raise down[spot.store]
                made |= self._keep(name, spot, used=name in used, leaked=name in leaked)
            except BailiwickError as fault:
                if isinstance(fault, StoreUnavailableError):
                    down[spot.store] = fault
                self._failed(name, f"{fault.message}; {fault.hint}" if fault.hint else fault.message)
        if made:
            self._on_made()
        self._revoke_due()

    def _keep(self, name: str, spot: Spot, *, used: bool, leaked: bool) -> bool:
        """Do what is due for one secret; return whether another account was made."""
        with self._store.transaction() as session:
            lease, now = self._current(session, name), self._clock()
            if not used:
                if lease is not None:
                    lease.revoke_at = now
                    self._vault.leased.close(session, name, _UNUSED)
                return False
            known = lease.lease if lease is not None else ""
            renews = False
            if lease is not None and lease.ends_at <= now:
                self._vault.leased.close(session, name, _ENDED)
            elif lease is not None and not leaked and (lease.store, lease.role) == (spot.store, spot.path):
                if lease.renew_at > now:
                    return False
                # Nobody else asks for it meanwhile, and when this fails it is tried again.
                lease.renew_at, renews, seconds = now + _TAKEN, True, lease.seconds
        if renews and self._renewed(name, spot, known, seconds):
            return False
        return self._make(name, spot, known, at_once=leaked)

    def _renewed(self, name: str, spot: Spot, identifier: str, seconds: int) -> bool:
        """Renew a lease; return whether its account goes on, or another one must follow it."""
        try:
            left = self._vault.linked.stores.accounts(spot).renew(identifier, seconds)
        except StoreRefusedError:
            return False  # it was revoked there, or is over
        with self._store.transaction() as session:
            lease, now = self._current(session, name), self._clock()
            if lease is None or lease.lease != identifier:
                return True
            lease.ends_at, lease.renew_at = now + timedelta(seconds=left), now + timedelta(seconds=left / 2)
            self._vault.leased.say(session, name, "")
        return left >= seconds * _SHARE

    def _make(self, name: str, spot: Spot, known: str, *, at_once: bool) -> bool:
        """Have an account made in the place of the `known` one, unless somebody else did so meanwhile."""
        store = self._vault.linked.stores.accounts(spot)
        with self._store.transaction() as session:
            self._vault.keys.check(session)  # what cannot be sealed is not made
        made = store.make(spot.path)
        ours = False
        try:
            with self._store.transaction() as session:
                ours = self._taken(session, name, spot, known, made, at_once=at_once)
        finally:
            if not ours:
                store.revoke(made.lease)
        return ours

    def _taken(self, session: Session, name: str, spot: Spot, known: str, made: MadeAccount, *, at_once: bool) -> bool:
        hold(session, f"lease/{name}")
        lease, now = self._current(session, name), self._clock()
        if (lease.lease if lease is not None else "") != known:
            return False
        if lease is not None:
            lease.revoke_at = min(now + (_PLANES if at_once else GRACE), max(now, lease.ends_at))
        version = self._vault.leased.take(session, name, made.username, made.password)
        session.add(_row(name, spot, made, version, now))
        self._note(session, name, "secret.account-made", version, made.username)
        return True

    def _revoke_due(self) -> None:
        with self._store.transaction() as session:
            due = list(session.scalars(select(LeaseRow.id).where(LeaseRow.revoke_at <= self._clock())))
        for identifier in due:
            self._revoke(identifier)

    def _revoke(self, identifier: str) -> None:
        """Revoke an account that another one followed, or that nobody uses; what fails is tried again."""
        with self._store.transaction() as session:
            query = select(LeaseRow).where(LeaseRow.id == identifier, LeaseRow.revoke_at <= self._clock())
            row = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return
            row.revoke_at, over = self._clock() + _TAKEN, row.ends_at <= self._clock()
            spot, lease = Spot(row.store, row.role), row.lease
        try:
            self._vault.linked.stores.accounts(spot).revoke(lease)
        except BailiwickError as fault:
            _LOG.warning("an account of %s was not revoked: %s", spot.words, fault.message)
            if not over:
                return
        with self._store.transaction() as session:
            gone = session.get(LeaseRow, (self._store.tenant, identifier))
            if gone is not None:
                self._note(session, gone.name, "secret.account-revoked", gone.version, gone.account)
                session.delete(gone)

    def _failed(self, name: str, words: str) -> None:
        """Say what is wrong; an account whose lease is good goes on until that is over."""
        with self._store.transaction() as session:
            lease = self._current(session, name)
            if lease is None or lease.ends_at <= self._clock():
                self._vault.leased.close(session, name, words)
            else:
                self._vault.leased.say(session, name, words)

    def _current(self, session: Session, name: str) -> LeaseRow | None:
        query = select(LeaseRow).where(LeaseRow.name == name, LeaseRow.revoke_at.is_(None))
        return session.scalars(query.order_by(LeaseRow.made_at.desc()).limit(1).with_for_update()).one_or_none()

    def _note(self, session: Session, name: str, action: str, version: int, account: str) -> None:
        context: dict[str, ContextFact] = {"version": version, "account": account}
        self._audit.note(session, _BY, action, f"secret:{name}", context=context)


def _row(name: str, spot: Spot, made: MadeAccount, version: int, now: datetime) -> LeaseRow:
    return LeaseRow(
        id=new_id("lea"),
        name=name,
        store=spot.store,
        role=spot.path,
        lease=made.lease,
        account=made.username,
        version=version,
        seconds=made.seconds,
        made_at=now,
        renew_at=now + timedelta(seconds=made.seconds / 2),
        ends_at=now + timedelta(seconds=made.seconds),
        revoke_at=None,
    )
