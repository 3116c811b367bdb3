"""Events for pagers: PagerDuty's Events API v2, which others speak, too.

https://developer.pagerduty.com/docs/send-alert-event
"""

import json
import re
from typing import Any

from bailiwick.control.exporters import DeliveryError, HttpSender
from bailiwick.control.notices.errors import NoticeError
from bailiwick.control.notices.model import Notice
from bailiwick.control.notices.words import plain

_TAKEN, _TOO_MANY, _FIRST_OF_THEIRS = 202, 429, 500
_LONGEST_SUMMARY = 1024
_KEY = re.compile(r"[A-Za-z0-9]{32}")


def require_key(key: str) -> None:
    """Return when a secret has the form of a routing key: no other one must ever be sent to a pager."""
    if not _KEY.fullmatch(key):
        raise NoticeError("the secret holds no routing key, which has 32 letters and digits", for_good=True)


def event_of(notice: Notice, routing_key: str, address: str) -> dict[str, Any]:
    """Return a notice as an event; what is answered or over names only which one it was."""
    said = notice.content
    event: dict[str, Any] = {"routing_key": routing_key, "event_action": said.alert_step, "dedup_key": said.alert_id}
    if said.alert_step != "trigger":
        return event
    return {
        **event,
        "payload": {
            "summary": plain(said.alert)[:_LONGEST_SUMMARY],
            "source": "bailiwick",
            "severity": said.alert_severity,
            "timestamp": notice.created_at.isoformat(),
            "component": said.alert_rule,
        },
        "client": "Bailiwick",
        "client_url": address,
        "links": [{"href": address, "text": "Look at it and answer"}],
    }


def page(sender: HttpSender, url: str, event: dict[str, Any]) -> None:
    """Hand an event over; raise `NoticeError` unless it was taken."""
    try:
        answer = sender.send("POST", url, json.dumps(event).encode(), {"content-type": "application/json"})
    except DeliveryError as fault:
        raise NoticeError(fault.message) from fault
    if answer.status == _TAKEN:
        return
    again = answer.status == _TOO_MANY or answer.status >= _FIRST_OF_THEIRS
    raise NoticeError(f"the pager did not take the event (status {answer.status})", for_good=not again)
