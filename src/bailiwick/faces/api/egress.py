"""Egress of apps over the API: the hosts that an app called, what passed, what was refused and what to do about it."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Query

from bailiwick.control.app import ControlPlane
from bailiwick.control.observe import EgressLine
from bailiwick.core.egress_words import advice, bytes_words
from bailiwick.faces.api.pages import Json


def add_egress(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add egress to the API."""

    @api.get("/v1/egress/{path:path}")
    def show(identity: Caller, path: str, hours: Annotated[int, Query(ge=1, le=2160)] = 24) -> Json:
        with control.store.transaction() as session:
            app = control.catalog.readable_app(session, identity, path)
            lines = control.observe.egress(session, app.path, hours=hours)
            points = control.observe.egress_points(session, app.path, hours=hours)
        return {"hosts": [_line(item) for item in lines], "hourly": [asdict(item) for item in points]}


def _line(item: EgressLine) -> Json:
    return {
        **asdict(item),
        "sent_words": bytes_words(item.sent),
        "received_words": bytes_words(item.received),
        "advice": advice(item.address, item.protocol, item.reason),
    }
