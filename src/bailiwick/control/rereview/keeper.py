"""Reviews again what is in use or near it, by what reviews go by now: asked for as rows, done a few side by side.

A verdict that rests on older rules, policies, advisories or standards is good for nothing new, so production's trees
come first. Nothing that runs is stopped: a release that would not pass any more is listed with who must act.
"""

import logging
import threading
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.background import in_thread
from bailiwick.control.catalog import CatalogService
from bailiwick.control.release import ReleaseService, UsedTree
from bailiwick.control.rereview.model import DUE, KEEPER
from bailiwick.control.rereview.queue import AskedQueue, Taken
from bailiwick.control.rereview.second_reading import SecondReading
from bailiwick.control.rereview.service import RereviewService
from bailiwick.control.rereview.tables import AskedRow, UnsafeRow
from bailiwick.control.review import Basis, Report, ReviewService, StoredReview
from bailiwick.control.source import SourceService
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.store import Store

_LOG = logging.getLogger("bailiwick.control.rereview")
SIDE_BY_SIDE = 4
# How long what was asked for meanwhile waits to be seen; shorter than a lease by far.
_LOOK_SECONDS = 1.0
_MOST_TRIES = 3
_LOOK_AGAIN = timedelta(minutes=5)


class RereviewKeeper:
    """Safe to repeat, and with several processes at once: who takes a tree up holds its row by a lease.

    A review that takes long, as one by models does, holds up no other app's while fewer than `side_by_side` are slow.
    """

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        catalog: CatalogService,
        reviews: ReviewService,
        sources: SourceService,
        releases: ReleaseService,
        asked: RereviewService,
        second: SecondReading,
        clock: Clock,
        side_by_side: int = SIDE_BY_SIDE,
    ) -> None:
        self._store = store
        self._audit = audit
        self._catalog = catalog
        self._reviews = reviews
        self._sources = sources
        self._releases = releases
        self._asked = asked
        self._second = second
        self._clock = clock
        self.ending = threading.Event()
        self._engines = threading.Lock()
        self._side_by_side = side_by_side
        self._queue = AskedQueue(store, clock)
        self._looked: tuple[Basis, datetime] | None = None

    def keep(self) -> None:
        """Ask for what is not up to date, and review what is asked for until nothing is left that can be done now.

        Once `ending` is set, it begins nothing more, waits for nothing, and leaves what is not done to others.
        """
        running: dict[Future[None], Taken] = {}
        while not self.ending.is_set():
            self._look()
            self._fill(running)
            if not running:
                return
            finished, _ = wait(running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in finished:
                self._finish(running.pop(future), future)
            self._queue.renew(running.values())
        self._queue.leave(running.values())

    def _fill(self, running: dict[Future[None], Taken]) -> None:
        """Begin with as many as there is room for."""
        while len(running) < self._side_by_side:
            taken = self._queue.take({item.app for item in running.values()})
            if taken is None:
                return
            running[in_thread(f"reviewing {taken.app} again", self._review, taken)] = taken

    def _finish(self, taken: Taken, future: Future[None]) -> None:
        fault = future.exception()
        if fault is not None:
            _LOG.error("%s at %s could not be reviewed again", taken.app, taken.commit, exc_info=fault)
            self._queue.give_back(taken)

    def _look(self) -> None:
        """Ask for reviews of all in use whose last one rests on something else than a review would now."""
        now = self._clock()
        with self._store.transaction() as session:
            basis = self._reviews.basis_now(session)
            if self._looked is not None and self._looked[0] == basis and now < self._looked[1] + _LOOK_AGAIN:
                return
            used = self._releases.judged(session)
            last = self._reviews.bases(session, {item.app for item in used})
            waiting = {(row.app, row.tree) for row in session.execute(select(AskedRow.app, AskedRow.tree))}
            for item in used:
                rests_on = last.get((item.app, item.tree))
                changed = basis.changed_since(rests_on) if rests_on is not None else ("it was never reviewed",)
                if changed and (item.app, item.tree) not in waiting:
                    self._asked.ask_for(session, [item], " and ".join(changed))
        self._looked = (basis, now)

    def _review(self, taken: Taken) -> None:
        try:
            with self._store.transaction() as session:
                app = self._catalog.app(session, taken.app)
            # Pushes wait for the same workers: one tree of ours at a time stands in their way.
            with self._engines:
                report = self._sources.examine(app, taken.commit)
            report = self._second.add(app, taken.commit, report)
        except (BailiwickError, OSError) as fault:
            _LOG.exception("%s at %s could not be read to be reviewed again", taken.app, taken.commit)
            if taken.tries < _MOST_TRIES:
                self._queue.give_back(taken)
                return
            report = Report(taken.tree, (), (f"source: {type(fault).__name__}",))
        with self._store.transaction() as session:
            author = self._sources.author_of_tree(session, taken.app, taken.tree)
            if author is not None:
                commit, who = author
                report = self._reviews.with_waivers(session, taken.app, report)
                before = self._reviews.of_tree(session, taken.app, taken.tree)
                stored = self._reviews.record(
                    session, app=taken.app, commit=commit, author=who, report=report, cause=taken.because
                )
                if before is not None and before.passed and not stored.passed:
                    self._withdraw(session, stored)
                self._settle(session, stored)
            self._queue.done(session, taken)

    def _withdraw(self, session: Session, stored: StoredReview) -> None:
        """Say in the log that a tree that had passed does not any more."""
        self._audit.note(
            session,
            KEEPER,
            "verdict.withdrawn",
            f"app:{stored.app}",
            reason=f"{sum(item.blocking and not item.waiver for item in stored.findings)} findings block",
            app=stored.app,
            context={"review": stored.id, "tree": stored.tree, "commit": stored.commit, "cause": stored.cause},
        )

    def _settle(self, session: Session, stored: StoredReview) -> None:
        """Remember of the releases that run this tree whether they are unsafe."""
        for used in self._releases.in_use(session, app=stored.app):
            if used.tree != stored.tree or not used.release:
                continue
            known = self._known(session, used)
            if stored.passed and known is not None:
                session.delete(known)
                self._note(session, "release.safe-again", used, stored, "it passes the review again")
            elif not stored.passed:
                self._remember(session, used, stored, new=known is None)

    @staticmethod
    def _known(session: Session, used: UsedTree) -> UnsafeRow | None:
        query = select(UnsafeRow).where(UnsafeRow.app == used.app, UnsafeRow.release == used.release)
        return session.scalars(query).one_or_none()

    def _remember(self, session: Session, used: UsedTree, stored: StoredReview, *, new: bool) -> None:
        worst = next((item for item in stored.findings if item.blocking and not item.waiver), None)
        because = f"{worst.rule} at {worst.path}:{worst.line}" if worst else "it could not be reviewed"
        severity = worst.severity if worst else "high"
        now = self._clock()
        row = insert(UnsafeRow).values(
            app=used.app, release=used.release, review=stored.id, because=because, severity=severity,
            since=now, due=now + DUE[severity],
        )  # fmt: skip
        # Whoever must act has no more time because it was found again.
        newer = {name: row.excluded[name] for name in ("review", "because", "severity")}
        session.execute(row.on_conflict_do_update(index_elements=["tenant", "app", "release"], set_=newer))
        if new:
            self._note(session, "release.unsafe", used, stored, because)

    def _note(self, session: Session, action: str, used: UsedTree, stored: StoredReview, reason: str) -> None:
        self._audit.note(
            session,
            KEEPER,
            action,
            f"app:{used.app}",
            reason=reason,
            app=used.app,
            release=used.release,
            context={"review": stored.id, "tree": stored.tree, "mode": used.mode, "cause": stored.cause},
        )
