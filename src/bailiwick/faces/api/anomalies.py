"""Anomalies over the API: what stood out, and that it is nothing."""

from typing import Annotated, Any

from fastapi import FastAPI, Query

from bailiwick.control.anomalies import Anomaly, AnomalyState
from bailiwick.control.app import ControlPlane
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Cursor, Json, Limit


def add_anomalies(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add anomalies to the API."""

    @api.get("/v1/anomalies")
    def listing(
        identity: Caller,
        subject: Annotated[str, Query(max_length=300, description="app:finance/desk, user:ada@example.com, …")] = "",
        state: AnomalyState | None = None,
        cursor: Cursor = "",
        limit: Limit = 50,
    ) -> Json:
        wanted = state.value if state else ""
        with control.store.transaction() as session:
            page = control.anomalies.list(session, identity, subject=subject, state=wanted, cursor=cursor, limit=limit)
        return {"anomalies": [_short(item) for item in page.anomalies], "cursor": page.cursor}

    @api.get("/v1/anomalies/{anomaly_id}")
    def show(identity: Caller, anomaly_id: str) -> Json:
        with control.store.transaction() as session:
            found = control.anomalies.anomaly(session, identity, anomaly_id)
            may = control.anomalies.explain_dismissal(session, identity, found)
        explained = {"allowed": may.allowed, "reason": may.reason, "deciders": list(may.deciders)}
        return {**anomaly_json(found), "you_may_dismiss": explained}

    @api.post("/v1/anomalies/{anomaly_id}/dismiss")
    def dismiss(identity: Caller, anomaly_id: str, body: ReasonBody) -> Json:
        return anomaly_json(control.anomalies.dismiss(identity, anomaly_id, body.reason))


def _short(item: Anomaly) -> Json:
    return {
        "id": item.id,
        "kind": item.kind.value,
        "state": item.state.value,
        "subject": item.subject,
        "measure": item.measure,
        "time": item.time.isoformat(),
        "last": item.last.isoformat(),
        "times": item.times,
        "came": item.value,
        "expected": item.expected,
        "score": round(item.score, 6),
        "words": item.words,
    }


def anomaly_json(item: Anomaly) -> Json:
    """Return an anomaly with everything that is known of it."""
    return {
        **_short(item),
        "band": {"low": item.low, "high": item.high},
        "people": list(item.people),
        "moved": [
            {"subject": one.subject, "measure": one.measure, "came": one.value, "expected": one.expected,
             "score": round(one.score, 6)}
            for one in item.moved
        ],
        "points": [
            {"time": point.time.isoformat(), "value": point.value, "low": point.low, "high": point.high}
            for point in item.points
        ],
        "decided_by": item.decided_by,
        "reason": item.reason,
    }  # fmt: skip
