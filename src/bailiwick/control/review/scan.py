"""What a release was scanned for: which engines of which versions read it, what they and the advisories found.

https://github.com/in-toto/attestation/blob/main/spec/predicates/vuln.md, with `review` beside what it asks for.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bailiwick.control.review.advisories import Source, open_advisories
from bailiwick.control.review.model import Severity
from bailiwick.control.review.service import basis_of
from bailiwick.control.review.tables import FindingRow, ReviewRow
from bailiwick.core.errors import NotFoundError
from bailiwick.version import product_version

_SCANNER = "https://bailiwick.example/scanners/review/v1"
_DATABASE = "https://osv.dev"


def scan_of(
    session: Session, review_id: str, *, bill: Mapping[str, Any], advisories: str, now: datetime
) -> dict[str, object]:
    """Return what a review found in the code, and what is known of the packages of a bill of materials (CycloneDX).

    `advisories` is the file of the advisory database that the bill was made with, empty where there is none. Raises
    `NotFoundError` for a review that is not here.
    """
    row = session.get(ReviewRow, review_id)
    if row is None:
        raise NotFoundError(f"there is no review '{review_id[:60]}'")
    database = _database(advisories)
    return {
        "scanner": {
            "uri": _SCANNER,
            "version": product_version(),
            **({"db": database} if database else {}),
            "result": list(_results(bill)),
        },
        "metadata": {"scanStartedOn": row.time.isoformat(), "scanFinishedOn": now.isoformat()},
        "review": {
            "id": row.id,
            "engines": dict(sorted(row.engines.items())),
            "basis": basis_of(row).facts(),
            "findings": _counts(session, review_id),
            "waived": [dict(waiver) for waiver in row.waivers],
        },
    }


def _counts(session: Session, review_id: str) -> dict[str, int]:
    counts = select(FindingRow.severity, func.count().label("number")).where(FindingRow.review == review_id)
    found = {row.severity: row.number for row in session.execute(counts.group_by(FindingRow.severity))}
    return {level.word: found.get(level.word, 0) for level in sorted(Severity, reverse=True)}


def _database(file: str) -> dict[str, object]:
    """Return which advisories there were. Of several ecosystems the oldest is said: no later advisory is promised."""
    if not file:
        return {}
    with open_advisories(Path(file)) as advisories:
        sources: Sequence[Source] = advisories.sources
    if not sources:
        return {}
    return {
        "uri": _DATABASE,
        "version": ", ".join(f"{it.ecosystem} sha256:{it.sha256}" for it in sources),
        "lastUpdate": min(it.newest for it in sources).isoformat(),
        "sources": [
            {"ecosystem": it.ecosystem, "advisories": it.advisories, "newest": it.newest.isoformat()} for it in sources
        ],
    }


def _results(bill: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    for known in bill.get("vulnerabilities", ()):
        yield {
            "id": known["id"],
            "severity": [{"method": "osv", "score": rating["severity"]} for rating in known["ratings"]],
            "annotations": [{"package": affected["ref"]} for affected in known["affects"]],
        }
