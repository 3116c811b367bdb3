"""`bailiwick emergency-review`: look at what went out as an emergency."""

from typing import Annotated

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json, Reason


def emergency_review(
    deploy_id: Annotated[
        str, typer.Argument(help="the deploy that was an emergency; without one they are listed")
    ] = "",
    verdict: Annotated[str, typer.Option(help="fine, or follow-up")] = "",
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Look at what was an emergency. Example: bailiwick emergency-review dep_06f3… --verdict fine --reason "…"."""
    if not deploy_id:
        found = call("GET", "/emergencies")
        lines = [
            f"{item['deploy']}  {item['app']}  {'OVERDUE since' if item['overdue'] else 'by'} {item['due'][:10]}  "
            f"approved by {' and '.join(item['approvers'])}: {item['reason']}"
            f"{'  (waits for you)' if item['you_may_review'] else ''}"
            for item in found["emergencies"]
        ]
        show(found, "\n".join(lines) or "nobody need look at an emergency", as_json=as_json)
        return
    done = call("POST", f"/emergencies/{deploy_id}/review", json={"verdict": verdict, "reason": reason})
    show(done, f"{done['app']}: {done['verdict']}", as_json=as_json)
