"""`bailiwick delegate`: let somebody approve in your place for a time."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="Who approves in whose place.", no_args_is_help=True)
_FORMS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


@app.command("to")
def hand_over(
    person: Annotated[str, typer.Argument(help="the e-mail address of whoever approves in your place")],
    until: Annotated[datetime, typer.Option(formats=_FORMS, help="a day or a moment in UTC, 30 days off at most")],
    starts: Annotated[datetime | None, typer.Option("--from", formats=_FORMS, help="now without it")] = None,
    folder: Annotated[str, typer.Option(help="only what is in this folder")] = "",
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Hand over. Example: bailiwick delegate to bob@example.com --until 2026-12-24 --reason "on leave"."""
    asked = {"delegate": person, "until": _utc(until), "folder": folder, "reason": reason}
    made = call("POST", "/delegations", json={**asked, **({"starts": _utc(starts)} if starts else {})})
    show(made, f"{made['id']}: {_words(made)}", as_json=as_json)


@app.command("list")
def list_delegations(
    everybody: Annotated[bool, typer.Option("--everybody", help="not only yours; for who may read roles")] = False,
    as_json: Json = False,
) -> None:
    """List what you handed over and were handed. Example: bailiwick delegate list."""
    found = call("GET", "/delegations", params={"everybody": "true"} if everybody else {})
    lines = [f"{item['id']}  {_state(item):<8} {_words(item)}" for item in found["delegations"]]
    show(found, "\n".join(lines) or "none", as_json=as_json)


@app.command()
def end(delegation: str, reason: Reason = "", as_json: Json = False) -> None:
    """End one before its time. Example: bailiwick delegate end dlg_06f3… --reason "back early"."""
    done = call("POST", f"/delegations/{delegation}/end", json={"reason": reason})
    show(done, f"{done['delegate']} does not approve for {done['delegator']} any more", as_json=as_json)


def _utc(moment: datetime) -> str:
    return moment.replace(tzinfo=UTC).isoformat()


def _state(item: dict[str, Any]) -> str:
    return "counts" if item["counts"] else "ended" if item["ended_at"] else "not now"


def _words(item: dict[str, Any]) -> str:
    where = f"in {item['folder']}" if item["folder"] else "everywhere"
    times = f"from {item['starts'][:16].replace('T', ' ')} until {item['until'][:16].replace('T', ' ')} UTC"
    return f"{item['delegate']} approves for {item['delegator']} {where} {times}: {item['reason']}"
