"""`bailiwick rollout`: how a release goes out in steps, promote or abort it, and the plans by which it does."""

from typing import Annotated, Any

import typer

from bailiwick.core.rollouts import read_step
from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="Rollouts: releases that go out in steps.", no_args_is_help=True)
plan = typer.Typer(help="In which steps releases go out.", no_args_is_help=True)
app.add_typer(plan, name="plan")

Path = Annotated[str, typer.Argument(help="folder and name, for example finance/refund-desk")]
Scope = Annotated[str, typer.Argument(help="app:PATH, folder:PATH or organization:default")]
Steps = Annotated[
    list[str] | None,
    typer.Option(
        "--step", help="who=minutes, again for each step: 5%=10, group:support=30 or user:ann@example.com,5%=10"
    ),
]


@app.command("show")
def show_rollouts(path: Path, as_json: Json = False) -> None:
    """Show the rollout of an app, and those before. Example: bailiwick rollout show finance/refund-desk."""
    found = call("GET", f"/rollouts/{path}")
    lines = [f"plan: {_plan_line(found['plan'])}"]
    for item in found["rollouts"]:
        lines += _rollout_lines(item)
    show(found, "\n".join(lines), as_json=as_json)


@app.command()
def promote(path: Path, reason: Reason = "", as_json: Json = False) -> None:
    """Give a candidate to everybody now. Example: bailiwick rollout promote finance/refund-desk --reason "a fix"."""
    done = call("POST", f"/rollouts/promote/{path}", json={"reason": reason})
    show(done, f"{done['app']} serves {done['candidate']['release']} to everybody", as_json=as_json)


@app.command()
def abort(path: Path, reason: Reason = "", as_json: Json = False) -> None:
    """Take a candidate away. Example: bailiwick rollout abort finance/refund-desk --reason "wrong totals"."""
    done = call("POST", f"/rollouts/abort/{path}", json={"reason": reason})
    show(done, f"{done['app']} goes on with {done['stable']['release']} for everybody", as_json=as_json)


@plan.command("show")
def show_plan(scope: Scope, as_json: Json = False) -> None:
    """Show the plan that counts somewhere. Example: bailiwick rollout plan show app:finance/refund-desk."""
    found = call("GET", "/rollout-plan", params={"scope": scope})
    limits = [f"  {name.replace('_', ' '):<16} {value:g}" for name, value in found["limits"].items()]
    show(found, "\n".join([_plan_line(found), *(limits if found["steps"] else [])]), as_json=as_json)


@plan.command("set")
def set_plan(
    scope: Scope,
    step: Steps = None,
    at_once: Annotated[bool, typer.Option("--at-once", help="without steps")] = False,
    limit: Annotated[list[str] | None, typer.Option(help="name=value, as `plan show` lists them")] = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Set a plan. Example: bailiwick rollout plan set folder:finance --step 5%=10 --step 25%=10 --reason "careful"."""
    if at_once == bool(step):
        raise typer.BadParameter("say either --at-once or one --step or more")
    body = {"scope": scope, "plan": staged_plan(step or [], limit or []), "reason": reason}
    done = call("PUT", "/rollout-plan", json=body)
    show(done, f"{scope}: {_plan_line(done)}", as_json=as_json)


def staged_plan(steps: list[str], limits: list[str]) -> dict[str, Any]:
    """Return a plan as the API takes it; without steps it is one at once."""
    if not steps:
        return {"kind": "at-once"}
    return {"kind": "staged", "steps": [_step(text) for text in steps], "limits": dict(map(_limit, limits))}


def _step(text: str) -> dict[str, object]:
    try:
        return read_step(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no step: write who=minutes, for example 5%=10") from None


def _limit(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip().replace("-", "_").replace(" ", "_"), float(value)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no limit: write name=value, for example min_requests=20") from None


def _plan_line(found: dict[str, Any]) -> str:
    where = (
        f" ({found['scope']}, by {found['set_by']}: {found['reason']})" if found["scope"] else " (nothing else is set)"
    )
    return f"{found['words']}{where}"


def _rollout_lines(item: dict[str, Any]) -> list[str]:
    steps = len(item["plan"]["steps"])
    head = f"{item['id']}  {item['state']}, step {item['step']} of {steps}, {item['share']:.0%} of people"
    if item["names"]:
        head += f" and {', '.join(item['names'])}"
    if item["state"] != "running":
        return [f"{head}; {item['ended_by']}: {item['reason']}"]
    lines = [head, f"  waits for: {item['waits_for']}"]
    for side in ("stable", "candidate"):
        it = item[side]
        lines.append(
            f"  {side:<10}{it['release']}  {it['requests']} requests, {it['error_rate']:.2%} failed, "
            f"95 % within {it['p95_ms']:.0f} ms"
        )
    return lines
