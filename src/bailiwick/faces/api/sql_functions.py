"""Functions of databases that statements may call, over the API: versions, approval and what is in force."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json
from bailiwick.faces.api.versions import add_versions


class FunctionsBody(BaseModel):
    """Which functions may be called, one a line, and why."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(max_length=50_000)
    reason: str = Field(default="", max_length=2000)


def add_sql_functions(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the functions of databases to the API."""

    @api.post("/v1/sql-functions/{name}/versions", status_code=201)
    def propose(identity: Caller, name: str, body: FunctionsBody) -> Json:
        return asdict(control.sql_functions.propose(identity, name, text=body.text, reason=body.reason))

    @api.post("/v1/sql-functions/{name}/versions/{version}/activate")
    def activate(identity: Caller, name: str, version: int, body: ReasonBody) -> Json:
        return asdict(control.sql_functions.activate(identity, name, version, body.reason))

    @api.post("/v1/sql-functions/{name}/versions/{version}/withdraw")
    def withdraw(identity: Caller, name: str, version: int, body: ReasonBody) -> Json:
        return asdict(control.sql_functions.withdraw(identity, name, version, body.reason))

    add_versions(api, control, Caller, "sql-functions", control.sql_functions)
