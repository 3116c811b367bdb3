"""The row of a waiver that is asked for, from the finding that it is about."""

from datetime import datetime, timedelta

from bailiwick.control.review import StoredFinding, StoredReview
from bailiwick.control.waivers.model import WaiverState
from bailiwick.control.waivers.tables import WaiverRow
from bailiwick.core.ids import new_id


def new_row(
    review: StoredReview, finding: StoredFinding, reason: str, requested_by: str, now: datetime, days: int
) -> WaiverRow:
    """Return the row; what it says of the finding is what the review found."""
    return WaiverRow(
        id=new_id("wvr"),
        app=review.app,
        fingerprint=finding.fingerprint,
        flow=finding.flow,
        rule=finding.rule,
        severity=finding.severity,
        path=finding.path,
        line=finding.line,
        message=finding.message,
        review=review.id,
        reason=reason,
        requested_by=requested_by,
        requested_at=now,
        until=now + timedelta(days=days),
        state=WaiverState.REQUESTED,
        decided_by="",
        decided_at=None,
        decision_reason="",
        ended_by="",
        ended_at=None,
        end_reason="",
        warned_at=None,
    )
