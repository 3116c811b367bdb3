"""`bailiwick approval-rule`: who must approve later deploys, by folder and sensitivity."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="Rules of approval: who must approve later deploys.", no_args_is_help=True)
Folder = Annotated[str, typer.Option(help="the folder that it is for; the organisation without")]
Sensitive = Annotated[bool, typer.Option("--sensitive", help="only for apps that handle sensitive data")]


@app.command("list")
def list_rules(
    earlier: Annotated[bool, typer.Option("--earlier", help="the versions that were in force before")] = False,
    as_json: Json = False,
) -> None:
    """List the rules in force. Example: bailiwick approval-rule list."""
    found = call("GET", "/approval-rules", params={"earlier": "true"} if earlier else {})
    show(found, "\n".join(map(_line, found["rules"])) or "there were no others", as_json=as_json)


@app.command("set")
def set_rule(
    kind: Annotated[str, typer.Argument(help="automatic, one or several")],
    by: Annotated[
        list[str] | None, typer.Option(help="of several: role:NAME, group:NAME or anyone; again each")
    ] = None,
    folder: Folder = "",
    sensitive: Sensitive = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Say who must approve. Example: bailiwick approval-rule set several --by role:approver --by group:security."""
    asked = {**_place(folder, sensitive=sensitive), "kind": kind, "by": by or [], "reason": reason}
    made = call("PUT", "/approval-rules", json=asked)
    show(made, f"{made['name']}: {made['words']} (version {made['version']})", as_json=as_json)


@app.command("remove")
def remove_rule(folder: Folder = "", sensitive: Sensitive = False, reason: Reason = "", as_json: Json = False) -> None:
    """End a rule: the one above counts. Example: bailiwick approval-rule remove --folder finance --reason "moved"."""
    done = call("POST", "/approval-rules/remove", json={**_place(folder, sensitive=sensitive), "reason": reason})
    show(done, f"the {done['name']} does not stand any more", as_json=as_json)


def _place(folder: str, *, sensitive: bool) -> dict[str, str]:
    return {"folder": folder, "sensitivity": "sensitive" if sensitive else "any"}


def _line(rule: dict[str, Any]) -> str:
    if not rule["set_at"]:
        return f"{rule['name']}: {rule['words']}  (as long as nobody says otherwise)"
    end = f"; ended by {rule['ended_by']}" if rule["ended_at"] else ""
    when = rule["set_at"][:16].replace("T", " ")
    set_by = f"version {rule['version']}, {rule['set_by']}, {when} UTC: {rule['reason']}{end}"
    return f"{rule['name']}: {rule['words']}  ({set_by})"
