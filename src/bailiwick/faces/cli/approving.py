"""`bailiwick deploy`, `approve` and `reject`: ask for production, and decide about what waits."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, fail, server_url, show
from bailiwick.faces.cli.inbox import decided_line, inbox_text, lapsed_text
from bailiwick.faces.cli.options import Json, Reason
from bailiwick.faces.cli.rollouts import Steps, staged_plan


def deploy(
    path: Annotated[str, typer.Argument(help="folder/name")],
    commit: Annotated[str, typer.Option(help="a reviewed commit; the newest otherwise")] = "",
    fixes: Annotated[str, typer.Option(help="the freeze that this is the fix of")] = "",
    step: Steps = None,
    emergency: Annotated[bool, typer.Option(help="it cannot wait: two people approve it, a third looks later")] = False,
    reason: Annotated[str, typer.Option(help="of an emergency: what is broken and cannot wait")] = "",
    as_json: Json = False,
) -> None:
    """Ask to bring an app to production. Example: bailiwick deploy finance/refund-desk.

    With steps (5%=10 is 5 % of people for 10 minutes) it goes out more carefully than the app's plan says.
    """
    if emergency and not reason.strip():
        fail({"title": "an emergency needs a reason", "hint": '--reason "what is broken and cannot wait"'})
    asked = {
        "app": path,
        "commit": commit,
        "fixes": fixes,
        "plan": staged_plan(step, []) if step else None,
        "emergency": reason if emergency else "",
    }
    made = call("POST", "/deploys", json=asked)
    if made["state"] == "released":
        text = f"{made['app']}: released as {made['release']}: {made['reason']}"
    else:
        standing = made["standing"] or {}
        waits = standing.get("waits") or "waits for approval"
        text = f"asked: {made['id']} {waits}\n{server_url()}/approvals/{made['id']}"
    show(made, text, as_json=as_json)


def approve(
    deploy_id: Annotated[str, typer.Argument(help="the deploy's id")] = "",
    reason: Reason = "",
    list_waiting: Annotated[bool, typer.Option("--list", help="show what waits, what waits for you first")] = False,
    decided: Annotated[bool, typer.Option("--decided", help="show what was decided lately")] = False,
    show_one: Annotated[bool, typer.Option("--show", help="show what it needs, what is new, and who approved")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="take your own approval back")] = False,
    as_json: Json = False,
) -> None:
    """Approve a deploy. Example: bailiwick approve dep_06f3… --reason "reads its own region only"."""
    if decided:
        found = call("GET", "/deploys-decided")
        show(found, "\n".join(map(decided_line, found["deploys"])) or "nothing was decided yet", as_json=as_json)
        return
    if list_waiting or not deploy_id:
        found = call("GET", "/deploys")
        lapsed = "" if as_json else lapsed_text(call("GET", "/connections")["connections"])
        text = "\n".join(filter(None, (inbox_text(found["deploys"]), lapsed)))
        show(found, text or "nothing waits for a decision", as_json=as_json)
        return
    if show_one:
        found = call("GET", f"/deploys/{deploy_id}")
        show(found, "\n".join(_described(found)), as_json=as_json)
        return
    verb = "withdraw" if withdraw else "approve"
    done = call("POST", f"/deploys/{deploy_id}/{verb}", json={"reason": reason})
    show(done, _after(done, withdrawn=withdraw), as_json=as_json)


def reject(deploy_id: str, reason: Reason = "", as_json: Json = False) -> None:
    """Reject a deploy, with a reason for whoever asked. Example: bailiwick reject dep_06f3… --reason "reads it all"."""
    done = call("POST", f"/deploys/{deploy_id}/reject", json={"reason": reason})
    show(done, f"{done['app']}: {done['state']}", as_json=as_json)


def _described(found: dict[str, Any]) -> list[str]:
    lines = [f"{found['app']} at {found['commit'][:12]}, asked by {found['requested_by']}: {found['state']}"]
    standing = found["standing"]
    if standing is None:
        gate = found["gate"] or {}
        by = [f"  {item['approver']} as {item['seat']}" for item in gate.get("taken", [])]
        return [*lines, *([f"came through {gate['words']}"] if gate else []), *by]
    lines.append(f"needs {'; '.join(item['words'] for item in standing['needs'])} ({standing['why']})")
    lines += [f"  {item['words']}: {item['taken_by'] or 'nobody yet'}" for item in standing["needs"]]
    lines += [f"  {item['approver']}: {item['words']}" for item in standing["approvals"] if not item["counts"]]
    lines += [f"new: {item['kind']}: {item['words']}" for item in standing["new"]] or ["nothing is new in its reach"]
    lines += [standing["waits"] or standing["window"]["why"]] if not standing["window"]["open"] else []
    lines += [f"could approve: {', '.join(standing['could'])}"] if standing["could"] else []
    return [*lines, f"expires {standing['expires_at'][:16].replace('T', ' ')} UTC"]


def _after(done: dict[str, Any], *, withdrawn: bool) -> str:
    if withdrawn:
        return f"{done['app']}: your approval is taken back"
    if done["state"] == "released":
        return f"{done['app']}: {done['state']} as {done['release']}"
    if done["standing"]["waits"]:
        return f"{done['app']}: {done['standing']['waits']}"
    return f"{done['app']}: approved; it waits for {' and '.join(done['standing']['missing'])}"
