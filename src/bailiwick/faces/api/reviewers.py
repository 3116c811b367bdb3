"""Independent reviewers over the API: how far they are with an app's newest tree, and what they said."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.core.errors import NotFoundError

Json = dict[str, Any]


def add_reviewers(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add reviewers to the API."""

    @api.get("/v1/reviewers/{path:path}")
    def reviewers(identity: Caller, path: str) -> Json:
        with control.store.transaction() as session:
            app = control.catalog.readable_app(session, identity, path)
            newest = control.reviews.latest(session, app.path)
            if newest is None:
                raise NotFoundError(f"{app.path} was never reviewed", hint="push to it first")
            reading = control.reviewers.reading(session, app.path, newest.tree)
        options = control.reviewers.options
        return {
            "mode": options.mode,
            "models": [item.route for item in options.reviewers],
            "review": newest.id,
            "tree": newest.tree,
            "reading": asdict(reading) if reading is not None else None,
        }
