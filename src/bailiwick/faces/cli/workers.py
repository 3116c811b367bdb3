"""Workers on the command line: how they and their queues stand, a message by hand, what was given up, and pauses."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json

app = typer.Typer(help="Workers and agents of apps, and the messages that they handle.", no_args_is_help=True)
Worker = Annotated[str, typer.Argument(help="the worker's name")]
Reason = Annotated[str, typer.Option(help="why, for the audit log")]
Mode = Annotated[str, typer.Option(help="production or preview")]


@app.command("list")
def list_workers(app_path: str, as_json: Json = False) -> None:
    """List workers with their queues and what they gave up. Example: bailiwick worker list finance/desk."""
    found = call("GET", f"/workers/{app_path}")
    lines = [*map(_line, found["workers"]), *map(_held, found["pauses"])]
    show(found, "\n".join(lines) or "it has no workers", as_json=as_json)


@app.command()
def log(app_path: str, worker: Worker, mode: Mode = "production", as_json: Json = False) -> None:
    """Show the last lines of a worker. Example: bailiwick worker log finance/desk mail."""
    found = call("GET", f"/workers/{app_path}")["workers"]
    mine = [item for item in found if (item["worker"], item["mode"], item["branch"]) == (worker, mode, "")]
    show({"workers": mine}, "\n".join(line for item in mine for line in item["log_lines"]), as_json=as_json)


@app.command()
def send(
    app_path: str,
    worker: Worker,
    message: Annotated[str, typer.Argument(help="JSON")],
    mode: Mode = "production",
    as_json: Json = False,
) -> None:
    """Give a worker a message, or an agent a task. Example: bailiwick worker send finance/desk tasks '{"order": 7}'."""
    done = call("POST", f"/worker-message/{worker}/{app_path}", json={"message": message, "mode": mode})
    show(done, f"{worker} gets it: bailiwick worker list {app_path}", as_json=as_json)


@app.command()
def revive(app_path: str, worker: Worker, mode: Mode = "production", as_json: Json = False) -> None:
    """Give out anew what a worker gave up. Example: bailiwick worker revive finance/desk mail."""
    done = call("POST", f"/worker-revive/{worker}/{app_path}", json={"mode": mode})
    show(done, f"{worker} gets it again: bailiwick worker list {app_path}", as_json=as_json)


@app.command()
def pause(app_path: str, worker: Worker, reason: Reason, mode: Mode = "production", as_json: Json = False) -> None:
    """Hold a worker where it is. Example: bailiwick worker pause finance/desk mail --reason "the bank is closed"."""
    done = call("POST", f"/worker-pause/{worker}/{app_path}", json={"reason": reason, "mode": mode})
    show(done, f"{worker} is held; bailiwick worker resume {app_path} {worker} lets it go on", as_json=as_json)


@app.command()
def resume(app_path: str, worker: Worker, reason: Reason, mode: Mode = "production", as_json: Json = False) -> None:
    """Let a worker go on. Example: bailiwick worker resume finance/desk mail --reason "the bank is open"."""
    done = call("POST", f"/worker-resume/{worker}/{app_path}", json={"reason": reason, "mode": mode})
    show(done, f"{worker} goes on where it was", as_json=as_json)


def _held(item: dict[str, Any]) -> str:
    since = f"since {item['paused_at']} by {item['paused_by']}"
    return f"{item['worker']} is held in {item['mode']} {since}: {item['reason']}"


def _line(item: dict[str, Any]) -> str:
    where = f"{item['mode']} of {item['branch']}" if item["branch"] else item["mode"]
    queue = f"{item['waiting']} waiting, {item['taken']} in work, {item['dead']} given up"
    words = [f"    {item['words']}"] if item["words"] else []
    words += [f"    {it['id']} given up after {it['attempts']}: {it['words']}" for it in item["letters"]]
    return "\n".join([f"{item['worker']:<20} {where:<12} {item['status']:<9} {queue}", *words])
