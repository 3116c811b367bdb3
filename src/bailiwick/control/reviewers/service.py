"""Has trees read by independent reviewers, once each, and adds what they object to a review."""

import time
from collections.abc import Callable, Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.inference import Answer, InferenceService, Question
from bailiwick.control.review import Change, Finding
from bailiwick.control.reviewers import prompts
from bailiwick.control.reviewers.findings import findings_of, inconclusive
from bailiwick.control.reviewers.independence import Writers, independent
from bailiwick.control.reviewers.model import Lens, LensReading, Mode, Reading, ReviewerOptions, SeenFile
from bailiwick.control.reviewers.reading import Order, read
from bailiwick.control.reviewers.rows import kept, reading_of
from bailiwick.control.reviewers.seeing import seen_files
from bailiwick.control.reviewers.tables import ReadingRow
from bailiwick.core.clock import Clock
from bailiwick.store import Store

_PURPOSE = "review"
_READING, _READ = "reading", "read"
_NOBODY = "no model is configured to review (models: and reviewers: in the settings)"


class ReviewerService:
    """Reviewers add findings and take none away. Nothing of who wrote a change reaches them."""

    def __init__(self, options: ReviewerOptions, *, inference: InferenceService, store: Store, clock: Clock) -> None:
        self._options = options
        self._inference = inference
        self._store = store
        self._clock = clock

    @property
    def options(self) -> ReviewerOptions:
        """Who reviews, and what that means."""
        return self._options

    @property
    def names(self) -> tuple[str, ...]:
        """The name under which verdicts say that these reviewers have read; none where they are not asked."""
        return () if self._options.mode is Mode.OFF else (f"reviewers {self._by()}",)

    def object_to(
        self,
        app: str,
        change: Change,
        *,
        before: Callable[[], Sequence[tuple[str, bytes]]],
        writers: Writers,
        findings: Sequence[Finding],
    ) -> tuple[Finding, ...]:
        """Return what reviewers find in a tree; `before` are its files as they were, `findings` what engines found."""
        mode = self._options.mode
        if mode is Mode.OFF:
            return ()
        if not self._options.reviewers:
            return (inconclusive(_NOBODY, mode, change.tree),)
        known = self._known(app, change.tree)
        if known is None:
            files = tuple(seen_files(change, set(before()), findings))
            known = self._read(app, change.tree, files, writers)
        return tuple(findings_of(known, mode, change.tree))

    def reading(self, session: Session, app: str, tree: str) -> Reading | None:
        """Return how far reviewers are with a tree, or what they said; None when they were not asked."""
        row = session.scalars(select(ReadingRow).where(ReadingRow.app == app, ReadingRow.tree == tree)).one_or_none()
        return reading_of(row) if row is not None else None

    def _by(self) -> str:
        """Return what tells these reviewers from others: models, lenses, mode and instructions."""
        who = [f"{item.route}:{','.join(sorted(item.lenses))}" for item in self._options.reviewers]
        return f"{self._options.mode.value} {prompts.digest()} {' '.join(who)}".strip()

    def _known(self, app: str, tree: str) -> tuple[LensReading, ...] | None:
        """Return what these reviewers said of the tree before; what was inconclusive is asked again."""
        with self._store.transaction() as session:
            query = select(ReadingRow).where(ReadingRow.app == app, ReadingRow.tree == tree, ReadingRow.state == _READ)
            row = session.scalars(query.where(ReadingRow.by == self._by())).one_or_none()
            lenses = reading_of(row).lenses if row is not None else ()
        return lenses if lenses and not any(item.inconclusive for item in lenses) else None

    def _read(self, app: str, tree: str, files: tuple[SeenFile, ...], writers: Writers) -> tuple[LensReading, ...]:
        ends = time.monotonic() + self._options.seconds
        planned = [self._order(lens, files, writers, ends) for lens in _lenses(files)]
        orders = [item for item in planned if isinstance(item, Order)]
        self._begin(app, tree, sum(order.questions for order in orders))

        def ask(route: str, question: Question, ends: float) -> Answer:
            return self._inference.ask(route, question, purpose=_PURPOSE, app=app, ends=ends)

        readings: list[LensReading] = []
        for item in planned:
            read_now = read(item, ask, lambda: self._step(app, tree)) if isinstance(item, Order) else item
            readings.append(read_now)
        self._end(app, tree, readings)
        return tuple(readings)

    def _order(self, lens: Lens, files: tuple[SeenFile, ...], writers: Writers, ends: float) -> Order | LensReading:
        """Return who reads with a lens and who refutes, or why nobody can."""
        routes = [self._inference.route(item.route) for item in self._options.reviewers if lens in item.lenses]
        free = independent(routes, writers)
        if not free:
            named = ", ".join(route.name for route in routes)
            words = f"{named} may not review what it wrote itself" if named else "no model reads with this lens"
            return LensReading(lens, named or "nobody", inconclusive=words)
        return Order(lens, free[0].name, free[-1].name, files, ends)

    def _begin(self, app: str, tree: str, total: int) -> None:
        fresh = {"by": self._by(), "state": _READING, "started": self._clock(), "done": 0, "total": total, "lenses": []}
        with self._store.transaction() as session:
            row = insert(ReadingRow).values(app=app, tree=tree, **fresh)
            session.execute(row.on_conflict_do_update(index_elements=["tenant", "app", "tree"], set_=fresh))

    def _step(self, app: str, tree: str) -> None:
        with self._store.transaction() as session:
            at = (ReadingRow.app == app, ReadingRow.tree == tree)
            session.execute(update(ReadingRow).where(*at).values(done=ReadingRow.done + 1))

    def _end(self, app: str, tree: str, readings: Sequence[LensReading]) -> None:
        with self._store.transaction() as session:
            at = (ReadingRow.app == app, ReadingRow.tree == tree)
            values = {"state": _READ, "lenses": [kept(item) for item in readings]}
            session.execute(update(ReadingRow).where(*at).values(**values))


def _lenses(files: Sequence[SeenFile]) -> list[Lens]:
    """Return the lenses that there is something to see with."""
    has_migrations = any(file.path.startswith("migrations/") and file.path.endswith(".sql") for file in files)
    return [lens for lens in Lens if lens is not Lens.MIGRATIONS or has_migrations]
