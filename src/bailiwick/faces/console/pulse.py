"""Whether what a page shows has changed: a stamp that pages compare, so that they need not be loaded to know."""

import hashlib

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor


def add_pulse(app: FastAPI, control: ControlPlane, _pages: Pages) -> None:
    """Add the stamp of what waits for a visitor, and of what is stopped."""

    @app.get("/pulse.json")
    def pulse(visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            parts = [deploy.id for deploy in control.deploys.inbox(session, visitor.identity)]
            parts += [f"{kill.id} {kill.trial_since}" for kill in control.stops.seen(session, visitor.identity)]
            parts += [item.id for item in control.access_reviews.waits_for(session, visitor.identity)]
            parts += sorted(control.hub.connected)
        stamp = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        return JSONResponse({"stamp": stamp})
