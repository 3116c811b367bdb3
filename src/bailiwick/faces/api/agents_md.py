"""AGENTS.md over the API."""

from typing import Annotated, Any

from fastapi import FastAPI, Query
from fastapi.responses import PlainTextResponse

from bailiwick.control.app import ControlPlane
from bailiwick.faces.agents_md import agents_md


def add_agents_md(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add AGENTS.md to the API."""

    @api.get("/v1/agents-md", response_class=PlainTextResponse)
    def text(
        identity: Caller, folder: Annotated[str, Query(pattern=r"^[a-z0-9]+(?:[-/][a-z0-9]+)*$", max_length=300)]
    ) -> PlainTextResponse:
        return PlainTextResponse(agents_md(control, identity, folder), media_type="text/markdown; charset=utf-8")
