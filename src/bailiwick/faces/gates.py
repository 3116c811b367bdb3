"""How a deploy that waits stands, as the API, the command line and pages tell it."""

from typing import Any

from bailiwick.control.gates import ApprovalState, seat_words
from bailiwick.control.release import DeployView


def gate_json(view: DeployView | None) -> dict[str, Any] | None:
    """Return what a deploy needs, who approved it as what, what is missing and who could; None for a decided one."""
    if view is None:
        return None
    weighed = view.weighed
    seated = zip(weighed.demand.seats, weighed.taken, strict=True)
    return {
        "rule": weighed.demand.rule.name,
        "says": weighed.demand.rule.words,
        "kind": weighed.demand.kind.value,
        "why": weighed.demand.why,
        "needs": [
            {"seat": seat, "words": seat_words(seat), "taken_by": taken.approver if taken is not None else ""}
            for seat, taken in seated
        ],
        "missing": [seat_words(seat) for seat in weighed.missing],
        "approvals": [
            {
                "approver": item.approval.approver,
                "for": item.approval.behalf,
                "seats": list(item.approval.seats),
                "reason": item.approval.reason,
                "time": item.approval.time,
                "counts": item.state is ApprovalState.COUNTS,
                "state": item.state.value,
                "words": item.words,
                "fixes": list(item.approval.fixes),
            }
            for item in weighed.judged
        ],
        "new": [{"kind": line.kind, "words": line.words} for line in view.new],
        "expires_at": view.expires_at,
        "waits_for_you": view.you_could_help,
        "could": list(view.could),
        "window": {
            "open": view.window.open,
            "why": view.window.why,
            "opens_at": view.window.opens_at,
            "waits": view.window.waits,
        },
        "waits": view.waits,
    }
