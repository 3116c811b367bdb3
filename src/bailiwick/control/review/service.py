"""Reviews as they are kept: record what was found, sign the verdict, answer for a tree."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bailiwick.control.review.model import BLOCKING, Finding, Report
from bailiwick.control.review.tables import FindingRow, ReviewRow
from bailiwick.core.chain import verdict_statement
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotFoundError
from bailiwick.core.ids import new_id
from bailiwick.core.statements import Envelope, SigningKey, sign_statement

_MOST_FINDINGS = 500


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding as a person reads it."""

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


@dataclass(frozen=True)
class StoredReview:
    """A review with its findings."""

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


class ReviewService:
    """Keeps reviews. The caller brings the transaction; verdicts are signed for exactly the tree that was read."""

    def __init__(self, key: SigningKey, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    @property
    def public_key(self) -> str:
        """The key that verdicts are signed with, in base64."""
        return self._key.public_text

    def record(self, session: Session, *, app: str, commit: str, author: str, report: Report) -> StoredReview:
        """Keep a report; when nothing blocks, sign the verdict for its tree."""
        review_id = new_id("rev")
        verdict = None
        if report.passed:
            statement = verdict_statement(
                app=app, commit=commit, tree=report.tree, author=author, passed=True, review=review_id
            )
            verdict = sign_statement(statement, self._key)
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
        )
        session.add(row)
        rows = [
            {"review": review_id, "place": place, **_as_row(finding)}
            for place, finding in enumerate(report.findings[:_MOST_FINDINGS])
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
        return _stored(row, tuple(_finding(item) for item in found))

    def latest(self, session: Session, app: str) -> StoredReview | None:
        """Return the newest review of an app."""
        query = select(ReviewRow.id).where(ReviewRow.app == app).order_by(ReviewRow.time.desc()).limit(1)
        found = session.scalar(query)
        return self.review(session, found) if found else None

    def verdict_for(self, session: Session, app: str, tree: str) -> Envelope | None:
        """Return the signed verdict on exactly this tree, or None when the last review of it did not pass."""
        query = select(ReviewRow.verdict).where(ReviewRow.app == app, ReviewRow.tree == tree)
        found = session.scalar(query.order_by(ReviewRow.time.desc(), ReviewRow.id.desc()).limit(1))
        return Envelope.model_validate(found) if found else None


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
    }


def _finding(row: FindingRow) -> StoredFinding:
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
    )
