"""What apps wrote, over the API, for their builders."""

from typing import Annotated, Any

from fastapi import FastAPI, Query, Response

from bailiwick.control.app import ControlPlane
from bailiwick.faces.api.pages import Json
from bailiwick.faces.logs import LogAsked, log_document


def add_logs(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add logs of apps to the API."""

    @api.get("/v1/logs/{app:path}")
    def read(identity: Caller, app: str, asked: Annotated[LogAsked, Query()], response: Response) -> Json:
        """Return the newest lines of an app, oldest first; `wait_seconds` waits for the first one."""
        response.headers["cache-control"] = "no-store"
        return log_document(app, asked, control.app_logs.read(identity, app, asked.query))
