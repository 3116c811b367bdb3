"""Change windows over the API: list, set, close, remove."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic import Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.change_windows import WEEKDAYS, ClosedDays, Standing, Window, WindowDraft, days_of
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json


class FolderBody(ReasonBody):
    """Whose window it is, and why it changes."""

    folder: str = Field(default="", max_length=300, description="empty for the organisation")


class WindowBody(FolderBody):
    """When releases may go out."""

    days: str = Field(max_length=100, description="weekdays, as in mon-fri or mon,wed,sat-sun")
    opens: str = Field(max_length=5, description="as in 08:00")
    closes: str = Field(max_length=5, description="as in 17:00, or 24:00; of the next day when not later than opens")
    zone: str = Field(max_length=60, description="an IANA time zone, as in Europe/Berlin")


class CloseBody(FolderBody):
    """Days on which nothing goes out."""

    name: str = Field(max_length=100, description='what they are called, as in "year end"')
    first: date
    last: date
    zone: str = Field(default="UTC", max_length=60, description="of a folder that has no window yet")


class RemoveBody(FolderBody):
    """A window that ends, or only its closed days of a name."""

    closed: str = Field(default="", max_length=100)


def add_change_windows(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add change windows to the API."""
    service = control.change_windows

    @api.get("/v1/change-windows")
    def listing(identity: Caller, earlier: Annotated[bool, Query(description="versions of before")] = False) -> Json:
        with control.store.transaction() as session:
            if earlier:
                return {"windows": [window_json(item) for item in service.earlier(session, identity)]}
            found = service.windows(session, identity)
        return {"windows": [window_json(window, standing) for window, standing in found]}

    @api.put("/v1/change-windows")
    def put(identity: Caller, body: WindowBody) -> Json:
        draft = WindowDraft(body.folder, days_of(body.days), body.opens, body.closes, body.zone)
        return window_json(service.set(identity, draft, body.reason))

    @api.post("/v1/change-windows/close")
    def close(identity: Caller, body: CloseBody) -> Json:
        days = ClosedDays(body.name, body.first, body.last)
        return window_json(service.close(identity, body.folder, days, body.reason, body.zone))

    @api.post("/v1/change-windows/remove")
    def remove(identity: Caller, body: RemoveBody) -> Json:
        return window_json(service.remove(identity, body.folder, body.reason, body.closed))


def window_json(window: Window, standing: Standing | None = None) -> Json:
    """Return a window as the API shows it, and how it stands now where that is known."""
    shown = {**asdict(window), "days": [WEEKDAYS[day] for day in window.days]}
    now = {"now": asdict(standing)} if standing is not None else {}
    return {**shown, "name": window.name, "words": window.words, **now}
