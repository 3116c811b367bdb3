"""Asks for reviews of what is in use, and answers which releases became unsafe."""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.catalog import CatalogService
from bailiwick.control.release import PRODUCTION, ReleaseService, UsedTree
from bailiwick.control.rereview.model import Progress, UnsafeRelease
from bailiwick.control.rereview.tables import AskedRow, UnsafeRow
from bailiwick.core.clock import Clock
from bailiwick.core.principals import Identity
from bailiwick.store import Store


class RereviewService:
    """What is asked for is a row, so that it outlives the process; asking twice is asking once."""

    def __init__(self, *, store: Store, catalog: CatalogService, releases: ReleaseService, clock: Clock) -> None:
        self._store = store
        self._catalog = catalog
        self._releases = releases
        self._clock = clock

    def ask(self, session: Session, app_path: str, because: str) -> None:
        """Ask for reviews of all that an app runs, waits to, or would be rolled back to, in the transaction of whatever
        changed.
        """
        self.ask_for(session, self._releases.judged(session, app=app_path), because)

    def ask_for_tree(self, app_path: str, commit: str, tree: str, because: str) -> None:
        """Ask for a review of one tree, in a transaction of its own: whoever asks is refused meanwhile."""
        with self._store.transaction() as session:
            self.ask_for(session, [UsedTree(app_path, tree, commit, "", "")], because)

    def ask_for(self, session: Session, trees: Iterable[UsedTree], because: str) -> None:
        """Ask for reviews of trees; what production runs comes first."""
        now = self._clock()
        for used in trees:
            rank = 0 if used.mode == PRODUCTION else 1
            row = insert(AskedRow).values(
                app=used.app, tree=used.tree, commit=used.commit, because=because[:300], rank=rank,
                asked_at=now, tries=0, not_before=now,
            )  # fmt: skip
            newer = {"because": row.excluded.because, "tries": 0, "not_before": now}
            lower = func.least(AskedRow.rank, row.excluded.rank)
            session.execute(
                row.on_conflict_do_update(index_elements=["tenant", "app", "tree"], set_={**newer, "rank": lower})
            )

    def progress(self, session: Session) -> Progress:
        """Return how much waits to be reviewed again."""
        waiting, since = session.execute(select(func.count(), func.min(AskedRow.asked_at))).one()
        return Progress(waiting, since)

    def unsafe(
        self, session: Session, identity: Identity, *, apps: Collection[str] | None = None
    ) -> list[UnsafeRelease]:
        """Return the running releases that became unsafe, of apps that the asker may read, the most urgent first."""
        query = select(UnsafeRow).order_by(UnsafeRow.due, UnsafeRow.app)
        rows = session.scalars(query.where(UnsafeRow.app.in_(apps)) if apps is not None else query).all()
        readable = self._catalog.readable(session, identity, {row.app for row in rows})
        running = {used.release: used for used in self._releases.in_use(session) if used.app in readable}
        owners = self._catalog.owners(session, readable)
        return [_unsafe(row, running[row.release], owners) for row in rows if row.release in running]


def _unsafe(row: UnsafeRow, used: UsedTree, owners: Mapping[str, str]) -> UnsafeRelease:
    return UnsafeRelease(
        app=row.app,
        mode=used.mode,
        release=row.release,
        commit=used.commit,
        review=row.review,
        because=row.because,
        severity=row.severity,
        since=row.since,
        due=row.due,
        owner=owners.get(row.app, ""),
    )
