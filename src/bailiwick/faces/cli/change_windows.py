"""`bailiwick change-window`: when releases may go to production, by folder."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="Change windows: when releases may go to production.", no_args_is_help=True)
Folder = Annotated[str, typer.Option(help="the folder that it is for; the organisation without")]
Zone = Annotated[str, typer.Option(help="an IANA time zone, as in Europe/Berlin")]


@app.command("list")
def list_windows(
    earlier: Annotated[bool, typer.Option("--earlier", help="the versions that were in force before")] = False,
    as_json: Json = False,
) -> None:
    """List the windows, and whether each is open. Example: bailiwick change-window list."""
    found = call("GET", "/change-windows", params={"earlier": "true"} if earlier else {})
    nothing = "there were no others" if earlier else "no change window is set: releases may always go out"
    show(found, "\n".join(map(_line, found["windows"])) or nothing, as_json=as_json)


@app.command("set")
def set_window(
    days: Annotated[str, typer.Option(help="weekdays, as in mon-fri or mon,wed,sat-sun")] = "mon-fri",
    opens: Annotated[str, typer.Option("--from", help="the time at which it opens")] = "08:00",
    closes: Annotated[str, typer.Option("--to", help="the time at which it closes, perhaps of the next day")] = "17:00",
    zone: Zone = "UTC",
    folder: Folder = "",
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Say when. Example: bailiwick change-window set --days mon-thu --from 08:00 --to 16:00 --zone Europe/Berlin."""
    asked = {"folder": folder, "days": days, "opens": opens, "closes": closes, "zone": zone, "reason": reason}
    _show(call("PUT", "/change-windows", json=asked), as_json=as_json)


@app.command("close")
def close_days(
    name: Annotated[str, typer.Argument(help='what the days are called, as in "year end"')],
    first: Annotated[str, typer.Option("--from", help="the first day, as in 2026-12-18")],
    last: Annotated[str, typer.Option("--to", help="the last day; the first without")] = "",
    folder: Folder = "",
    zone: Zone = "UTC",
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Let nothing go out. Example: bailiwick change-window close "year end" --from 2026-12-18 --to 2027-01-03."""
    asked = {"folder": folder, "name": name, "first": first, "last": last or first, "zone": zone, "reason": reason}
    _show(call("POST", "/change-windows/close", json=asked), as_json=as_json)


@app.command("remove")
def remove_window(
    folder: Folder = "",
    closed: Annotated[str, typer.Option(help="only the closed days of this name")] = "",
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """End a window: the one above counts. Example: bailiwick change-window remove --folder finance --reason "moved"."""
    done = call("POST", "/change-windows/remove", json={"folder": folder, "closed": closed, "reason": reason})
    text = f"the {done['name']} does not stand any more" if not closed else f"{done['name']}: {done['words']}"
    show(done, text, as_json=as_json)


def _show(made: dict[str, Any], *, as_json: bool) -> None:
    show(made, f"{made['name']}: {made['words']} (version {made['version']})", as_json=as_json)


def _line(window: dict[str, Any]) -> str:
    end = f"; ended by {window['ended_by']}" if window["ended_at"] else ""
    when = window["set_at"][:16].replace("T", " ")
    set_by = f"version {window['version']}, {window['set_by']}, {when} UTC: {window['reason']}{end}"
    now = window.get("now")
    stands = "" if now is None else "  open now" if now["open"] else f"  closed now: {now['why']}"
    stands += f"; opens {now['opens']}" if now is not None and now["opens"] else ""
    return f"{window['name']}: {window['words']}{stands}  ({set_by})"
