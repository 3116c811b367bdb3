"""Waivers: ask for one, decide about it, end it, and list them."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bailiwick.control.exceptions import WARN_BEFORE, ExceptionDesk
from bailiwick.control.review import ReviewService, StoredFinding, StoredReview
from bailiwick.control.waivers.book import waiver_of
from bailiwick.control.waivers.errors import NotWaivableError, WaiverNotOpenError
from bailiwick.control.waivers.model import (
    DEFAULT_DAYS,
    MOST_DAYS,
    Waiver,
    WaiverFilter,
    WaiverPage,
    WaiverState,
)
from bailiwick.control.waivers.request import new_row
from bailiwick.control.waivers.tables import WAIVERS, WaiverRow
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.core.policy import ContextValue, Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason

MAX_PAGE = 200
_OPEN = (WaiverState.REQUESTED, WaiverState.APPROVED)


class WaiverService:
    """Each verb is one transaction with its audit event. Whoever wrote at the app, or asked, may not decide."""

    def __init__(self, desk: ExceptionDesk, reviews: ReviewService) -> None:
        self._desk = desk
        self._store = desk.store
        self._authorizer = desk.authorizer
        self._clock = desk.clock
        self._reviews = reviews

    def request(
        self, identity: Identity, review_id: str, fingerprint: str, reason: str, days: int = DEFAULT_DAYS
    ) -> Waiver:
        """Ask that one finding of a review may pass for some days; the push may have been refused.

        Raises `NotWaivableError` where no waiver can help, `WaiverNotOpenError` when one is asked for or given already.
        """
        reason = given_reason(
            reason, "say why this finding does no harm here, and what will be done about it", what="a waiver"
        )
        if not 1 <= days <= MOST_DAYS:
            raise InvalidInputError(
                f"a waiver is for 1 to {MOST_DAYS} days, and this asks for {days}", hint="ask again before it ends"
            )
        try:
            with self._store.transaction() as session:
                review, finding = self._finding(session, identity, review_id, fingerprint)
                decision = self._authorizer.require(session, identity, "waiver.request", f"app:{review.app}")
                _require_waivable(finding)
                row = new_row(review, finding, reason, str(identity.principal), self._clock(), days)
                session.add(row)
                session.flush()
                self._desk.note(session, identity, "waiver.requested", row, decision, reason)
                return waiver_of(row)
        except IntegrityError as fault:
            raise WaiverNotOpenError(
                "a waiver of this finding is asked for, or given, already", hint="bailiwick waiver list shows it"
            ) from fault

    def approve(self, identity: Identity, waiver_id: str, reason: str) -> Waiver:
        """Let the finding pass, from now until the waiver's time. Whoever wrote at the app or asked may not."""
        reason = given_reason(reason, "say what you looked at", what="an approval")
        return self._decide(identity, waiver_id, reason, WaiverState.APPROVED)

    def refuse(self, identity: Identity, waiver_id: str, reason: str) -> Waiver:
        """Say no, with a reason for whoever asked."""
        reason = given_reason(reason, "say what must change", what="a refusal")
        return self._decide(identity, waiver_id, reason, WaiverState.REFUSED)

    def end(self, identity: Identity, waiver_id: str, reason: str) -> Waiver:
        """End a waiver before its time, or take back one that was asked for."""
        reason = given_reason(reason, "say what changed", what="an early end")
        with self._store.transaction() as session:
            row = self._row(session, identity, waiver_id)
            decision = self._authorizer.require(session, identity, "waiver.end", f"app:{row.app}")
            if row.state not in _OPEN:
                raise WaiverNotOpenError(f"this waiver is {row.state} already")
            self._desk.end(session, identity, WAIVERS.ended, row, decision, reason)
            return waiver_of(row)

    def waiver(self, session: Session, identity: Identity, waiver_id: str) -> Waiver:
        """Return a waiver of an app that the asker may read."""
        return waiver_of(self._row(session, identity, waiver_id, lock=False))

    def explain_approval(self, session: Session, identity: Identity, waiver: Waiver) -> Decision:
        """Answer whether this person may decide about a waiver, and by which policies; nothing is done."""
        facts = self._facts(session, waiver.app, waiver.requested_by, waiver.severity)
        return self._authorizer.decide(session, identity, "waiver.approve", f"app:{waiver.app}", facts)

    def list(
        self, session: Session, identity: Identity, wanted: WaiverFilter, *, cursor: str = "", limit: int = 50
    ) -> WaiverPage:
        """Return the waivers of apps that the asker may read. SQL finds candidates, policy decides about each app."""
        most = min(max(limit, 1), MAX_PAGE)
        found: list[Waiver] = []
        place = cursor
        while len(found) <= most:
            query = select(WaiverRow).where(*self._conditions(wanted)).order_by(WaiverRow.id.desc()).limit(MAX_PAGE)
            rows = session.scalars(query.where(WaiverRow.id < place) if place else query).all()
            readable = self._desk.catalog.readable(session, identity, {row.app for row in rows})
            found += [waiver_of(row) for row in rows if row.app in readable]
            if len(rows) < MAX_PAGE:
                break
            place = rows[-1].id
        page = tuple(found[:most])
        return WaiverPage(page, page[-1].id if len(found) > most else "")

    def _decide(self, identity: Identity, waiver_id: str, reason: str, state: WaiverState) -> Waiver:
        with self._store.transaction() as session:
            row = self._row(session, identity, waiver_id)
            resource = f"app:{row.app}"
            facts = self._facts(session, row.app, row.requested_by, row.severity)
            decision = self._authorizer.settle(session, identity, "waiver.approve", resource, facts)
            now = self._clock()
            if row.state != WaiverState.REQUESTED or row.until <= now:
                over = "over" if row.state == WaiverState.REQUESTED else row.state
                raise WaiverNotOpenError(f"this waiver is {over} already", hint="ask for a new one")
            if decision.allowed:
                row.state = state
                row.decided_by, row.decided_at, row.decision_reason = str(identity.principal), now, reason
                self._desk.note(session, identity, f"waiver.{state}", row, decision, reason)
                if state is WaiverState.APPROVED:
                    self._desk.on_change(session, row.app, f"waiver {row.id} was given")
            else:
                self._desk.note(session, identity, "waiver.decision-refused", row, decision, decision.reason)
            decided = waiver_of(row)
        decision.require("ask someone else who may decide about it: bailiwick who-can")
        return decided

    def _finding(
        self, session: Session, identity: Identity, review_id: str, fingerprint: str
    ) -> tuple[StoredReview, StoredFinding]:
        unknown = NotFoundError(f"there is no finding '{fingerprint[:40]}' in a review '{review_id[:60]}' for you")
        try:
            review = self._reviews.review(session, review_id)
            self._desk.catalog.readable_app(session, identity, review.app)
        except NotFoundError as fault:
            raise unknown from fault
        finding = next((item for item in review.findings if item.fingerprint == fingerprint), None)
        if finding is None:
            raise unknown
        return review, finding

    def _row(self, session: Session, identity: Identity, waiver_id: str, *, lock: bool = True) -> WaiverRow:
        query = select(WaiverRow).where(WaiverRow.id == waiver_id)
        row = session.scalars(query.with_for_update() if lock else query).one_or_none()
        if row is None or not self._desk.catalog.readable(session, identity, [row.app]):
            raise NotFoundError(
                f"there is no waiver '{waiver_id[:60]}', or you may not see it", hint="bailiwick waiver list"
            )
        return row

    def _facts(self, session: Session, app: str, requested_by: str, severity: str) -> dict[str, ContextValue]:
        authors = self._desk.authors(session, app, requested_by)
        return {"authors": authors, "requested_by": requested_by, "severity": severity}

    def _conditions(self, wanted: WaiverFilter) -> Iterator[ColumnElement[bool]]:
        for name in ("app", "state", "rule", "severity"):
            value = getattr(wanted, name)
            if value:
                yield getattr(WaiverRow, name) == value
        if wanted.ending:
            now = self._clock()
            yield WaiverRow.state == WaiverState.APPROVED
            yield WaiverRow.until > now
            yield WaiverRow.until <= now + WARN_BEFORE


def _require_waivable(finding: StoredFinding) -> None:
    if not finding.blocking:
        raise NotWaivableError(f"{finding.rule} blocks nothing here", hint="push: it passes as it is")
    if finding.waiver:
        raise WaiverNotOpenError(f"this finding passes already, by {finding.waiver}")
    if not finding.waivable:
        raise NotWaivableError(f"no waiver can let {finding.rule} pass: {finding.why}", hint=finding.fix)
