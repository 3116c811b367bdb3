"""Reviews as they are kept: record what was found, sign the verdict, answer for a tree."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, load_only

from bailiwick.control.review.basis import Basis, BasisNow, rules_only
from bailiwick.control.review.model import BLOCKING, VAULT_ENGINE, Finding, Report, Waived
from bailiwick.control.review.rules import rules
from bailiwick.control.review.tables import FindingRow, ReviewRow
from bailiwick.core.chain import verdict_statement
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotFoundError
from bailiwick.core.ids import new_id
from bailiwick.core.statements import Envelope, SigningKey, sign_statement

MOST_FINDINGS = 500
PUSHED = "push"

# The waivers that are in force for an app.
WaiversOf = Callable[[Session, str], Collection[Waived]]


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding as a person reads it; `waiver` names the waiver by which it passes."""

    fingerprint: str
    rule: str
    severity: str
    blocking: bool
    path: str
    line: int
    message: str
    why: str
    fix: str
    cwe: str
    owasp: str
    excerpt: str
    commit: str
    engine: str
    waiver: str
    flow: str

    @property
    def waivable(self) -> bool:
        """Whether a waiver could let it pass: there must still be such a rule, and it must allow for it."""
        known = rules().get(self.rule)
        # Rules of standards stand in no pack: an organisation may let a place of an app pass by what it wrote itself.
        may_pass = known.waivable if known is not None else self.engine == "standards"
        return self.blocking and self.engine != VAULT_ENGINE and may_pass


@dataclass(frozen=True)
class StoredReview:
    """A review with its findings; `cause` is `push`, or why it was asked for again."""

    id: str
    app: str
    commit: str
    tree: str
    author: str
    time: datetime
    passed: bool
    could_not_review: tuple[str, ...]
    verdict: Envelope | None
    findings: tuple[StoredFinding, ...]
    basis: Basis
    cause: str


@dataclass(frozen=True, slots=True)
class ReviewSummary:
    """A review in numbers: how many findings, how many of them block, and how many pass by a waiver."""

    id: str
    passed: bool
    cause: str
    findings: int
    blocking: int
    waived: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a tree stands: its verdict when that is good now, else why there is none. Where only a new review is
    missing, `again` says why.
    """

    verdict: Envelope | None
    reason: str = ""
    again: str = ""


class VerdictKey(Protocol):
    """What verdicts are signed with."""

    def now(self, session: Session) -> SigningKey:
        """Return the key that signs now."""

    def counts(self, session: Session, envelope: Envelope) -> bool:
        """Return whether the key that signed an envelope still counts."""


class ReviewService:
    """Keeps reviews. The caller brings the transaction; verdicts are signed for exactly the tree that was read."""

    def __init__(
        self,
        key: VerdictKey,
        clock: Clock,
        *,
        waivers: WaiversOf = lambda _session, _app: (),
        basis: BasisNow = rules_only,
    ) -> None:
        """Take the key, the clock, how to find an app's waivers, and how to find what reviews go by now."""
        self._key = key
        self._clock = clock
        self._waivers = waivers
        self._basis = basis

    def basis_now(self, session: Session) -> Basis:
        """Return what a review would go by now."""
        return self._basis(session)

    def with_waivers(self, session: Session, app: str, report: Report) -> Report:
        """Return a report in which the findings that the app has a waiver for pass."""
        return replace(report, waivers=tuple(self._waivers(session, app)))

    def record(
        self, session: Session, *, app: str, commit: str, author: str, report: Report, cause: str = PUSHED
    ) -> StoredReview:
        """Keep a report; when nothing blocks, sign the verdict for its tree."""
        review_id = new_id("rev")
        basis = replace(self._basis(session), slower=", ".join(report.slower))
        waived = report.waived
        used = [
            {"id": waiver.id, "fingerprint": waiver.fingerprint, "until": waiver.until.isoformat()}
            for waiver in waived.values()
        ]
        verdict = None
        if report.passed:
            statement = verdict_statement(
                app=app,
                commit=commit,
                tree=report.tree,
                author=author,
                passed=True,
                review=review_id,
                basis=basis.facts(),
                waivers=used,
            )
            verdict = sign_statement(statement, self._key.now(session))
        row = ReviewRow(
            id=review_id,
            app=app,
            commit=commit,
            tree=report.tree,
            author=author,
            time=self._clock(),
            passed=report.passed,
            could_not_review=list(report.could_not_review),
            engines=report.engines,
            verdict=json.loads(verdict.model_dump_json(by_alias=True)) if verdict else None,
            waivers=used,
            cause=cause,
            **basis.facts(),
        )
        session.add(row)
        rows = [
            {
                "review": review_id,
                "place": place,
                **_as_row(finding),
                "waiver": waived[place].id if place in waived else "",
            }
            for place, finding in enumerate(report.findings[:MOST_FINDINGS])
        ]
        session.flush()
        if rows:
            session.execute(insert(FindingRow), rows)
        return self.review(session, review_id)

    def review(self, session: Session, review_id: str) -> StoredReview:
        """Return a review with its findings, the worst first."""
        row = session.get(ReviewRow, review_id)
        if row is None:
            raise NotFoundError(f"there is no review '{review_id[:60]}'")
        found = session.scalars(select(FindingRow).where(FindingRow.review == review_id).order_by(FindingRow.place))
        return _stored(row, tuple(stored_finding(item) for item in found))

    def latest(self, session: Session, app: str) -> StoredReview | None:
        """Return the newest review of an app."""
        query = select(ReviewRow.id).where(ReviewRow.app == app).order_by(ReviewRow.time.desc()).limit(1)
        found = session.scalar(query)
        return self.review(session, found) if found else None

    def of_tree(self, session: Session, app: str, tree: str) -> StoredReview | None:
        """Return the newest review of a tree."""
        query = select(ReviewRow.id).where(ReviewRow.app == app, ReviewRow.tree == tree)
        found = session.scalar(query.order_by(ReviewRow.time.desc(), ReviewRow.id.desc()).limit(1))
        return self.review(session, found) if found else None

    def bases(self, session: Session, apps: Collection[str]) -> dict[tuple[str, str], Basis]:
        """Return what the last review of each tree of these apps went by, by app and tree."""
        newest = (ReviewRow.app, ReviewRow.tree, ReviewRow.time.desc(), ReviewRow.id.desc())
        query = select(ReviewRow).where(ReviewRow.app.in_(apps)).ext(distinct_on(ReviewRow.app, ReviewRow.tree))
        only = load_only(ReviewRow.app, ReviewRow.tree, *(getattr(ReviewRow, item.name) for item in fields(Basis)))
        rows = session.scalars(query.order_by(*newest).options(only))
        return {(row.app, row.tree): basis_of(row) for row in rows}

    def newest(self, session: Session, app: str, trees: Collection[str]) -> dict[str, str]:
        """Return the id of the newest review of each of these trees of an app, by tree."""
        query = select(ReviewRow.tree, ReviewRow.id).where(ReviewRow.app == app, ReviewRow.tree.in_(trees))
        newest = query.ext(distinct_on(ReviewRow.tree))
        rows = session.execute(newest.order_by(ReviewRow.tree, ReviewRow.time.desc(), ReviewRow.id.desc()))
        return {row.tree: row.id for row in rows}

    def summaries(self, session: Session, review_ids: Collection[str]) -> dict[str, ReviewSummary]:
        """Return reviews by id without their findings, which are counted."""
        counts = select(
            FindingRow.review,
            func.count().label("findings"),
            func.count().filter(FindingRow.blocking, FindingRow.waiver == "").label("blocking"),
            func.count().filter(FindingRow.waiver != "").label("waived"),
        ).where(FindingRow.review.in_(review_ids))
        counted = {row.review: row for row in session.execute(counts.group_by(FindingRow.review))}
        query = select(ReviewRow.id, ReviewRow.passed, ReviewRow.cause).where(ReviewRow.id.in_(review_ids))
        found = {}
        for row in session.execute(query):
            count = counted.get(row.id)
            numbers = (count.findings, count.blocking, count.waived) if count is not None else (0, 0, 0)
            found[row.id] = ReviewSummary(row.id, row.passed, row.cause, *numbers)
        return found

    def standing(self, session: Session, app: str, tree: str) -> Standing:
        """Return where a tree stands. A verdict is good while it is the last word on the tree, rests on what reviews go
        by now, and each waiver that it passed by is in force.
        """
        query = select(ReviewRow).where(ReviewRow.app == app, ReviewRow.tree == tree)
        row = session.scalars(query.order_by(ReviewRow.time.desc(), ReviewRow.id.desc()).limit(1)).one_or_none()
        if row is None:
            return Standing(None, "it was not reviewed here")
        if row.verdict is None:
            return Standing(None, f"the last review of it refuses it ({row.id})")
        standing = {waiver.id for waiver in self._waivers(session, app)} if row.waivers else frozenset()
        ended = [used["id"] for used in row.waivers if used["id"] not in standing]
        if ended:
            return Standing(None, f"it passed by a waiver that has ended: {', '.join(ended)}")
        changed = self._basis(session).changed_since(basis_of(row))
        if changed:
            again = " and ".join(changed)
            return Standing(None, f"it is being reviewed again, as {again}", again)
        verdict = Envelope.model_validate(row.verdict)
        if not self._key.counts(session, verdict):
            again = "the key that signed its verdict counts no more"
            return Standing(None, f"it is being reviewed again, as {again}", again)
        return Standing(verdict)


def basis_of(row: ReviewRow) -> Basis:
    """Return what a review went by."""
    return Basis(row.rules, row.policy, row.advisories, row.standards, row.slower)


def _as_row(finding: Finding) -> dict[str, object]:
    return {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule.id,
        "severity": finding.severity.word,
        "blocking": finding.severity >= BLOCKING,
        "path": finding.path,
        "line": finding.line,
        "message": finding.message,
        "why": finding.rule.why,
        "fix": finding.rule.fix,
        "cwe": finding.rule.cwe,
        "owasp": finding.rule.owasp,
        "excerpt": finding.excerpt.strip()[:400],
        "commit": finding.commit,
        "engine": finding.engine,
        "flow": finding.flow,
    }


def stored_finding(row: FindingRow) -> StoredFinding:
    """Return a row as a person reads it."""
    return StoredFinding(**{name: getattr(row, name) for name in StoredFinding.__slots__})


def _stored(row: ReviewRow, findings: tuple[StoredFinding, ...]) -> StoredReview:
    return StoredReview(
        id=row.id,
        app=row.app,
        commit=row.commit,
        tree=row.tree,
        author=row.author,
        time=row.time,
        passed=row.passed,
        could_not_review=tuple(row.could_not_review),
        verdict=Envelope.model_validate(row.verdict) if row.verdict else None,
        findings=findings,
        basis=basis_of(row),
        cause=row.cause,
    )
