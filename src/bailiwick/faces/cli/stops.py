"""The kill switch on the command line: stop an app or more, bring it back, and list what is stopped."""

from typing import Annotated, Any

import typer

from bailiwick.core.errors import BailiwickError
from bailiwick.core.stops import StopKind, StopScope
from bailiwick.faces.cli.client import call, fail, show
from bailiwick.faces.cli.options import Json, Reason

Scopes = Annotated[
    list[str],
    typer.Argument(
        help="an app's path, everything, or a name after folder:, tenant:, builder:, integration:, model: or plane:"
    ),
]


def kill(
    scopes: Scopes,
    security: Annotated[bool, typer.Option("--security", help="another person must bring it back")] = False,
    drain: Annotated[int, typer.Option(help="let what is in flight take so many seconds yet")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be stopped, and stop nothing")] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Stop an app, or more, on every plane, now. Example: bailiwick kill folder:finance --security --reason "it leaks".

    An integration or a model is closed instead: what is open through it is cut, and apps stay up.
    """
    asked = {"reason": reason, "security": security, "drain_seconds": drain}
    found = [_scope(written) for written in scopes]
    if dry_run:
        radii = [call("GET", "/stops/radius", params={"scope": scope.written}) for scope in found]
        show(_one(radii), "\n".join(line for item in radii for line in _radius(item)), as_json=as_json)
        return
    done = [
        call("POST", f"/kill/{scope.subject}", json=asked)
        if scope.kind is StopKind.APP
        else call("POST", "/stops", json={"scope": scope.written, **asked})
        for scope in found
    ]
    show(_one(done), "\n".join(f"{item['covers']} is stopped: {item['because']}" for item in done), as_json=as_json)


def revive(scopes: Scopes, reason: Reason = "", as_json: Json = False) -> None:
    """Bring back what was stopped. Example: bailiwick revive finance/refund-desk --reason "mended in 1c9a"."""
    done = [
        call("POST", f"/revive/{scope.subject}", json={"reason": reason})
        if scope.kind is StopKind.APP
        else call("POST", "/stops/lift", json={"scope": scope.written, "reason": reason})
        for scope in map(_scope, scopes)
    ]
    show(_one(done), "\n".join(line for item in done for line in _revived(item)), as_json=as_json)


def stops(
    lifted: Annotated[bool, typer.Option("--lifted", help="those that were lifted")] = False, as_json: Json = False
) -> None:
    """List what is stopped, by whom and why. Example: bailiwick stops --lifted."""
    found = call("GET", "/stops", params={"lifted": "true"} if lifted else {})
    show(found, "\n".join(map(_line, found["stops"])) or "nothing is stopped", as_json=as_json)


def _scope(written: str) -> StopScope:
    try:
        return StopScope.parse(written)
    except BailiwickError as fault:
        fail(fault.problem())


def _one(items: list[dict[str, Any]]) -> Any:
    """Return what came of one scope as it is, and of several as a list."""
    return items[0] if len(items) == 1 else items


def _radius(item: dict[str, Any]) -> list[str]:
    lines = [f"  {it['app']:<36} {', '.join(it['modes']):<20} {it['owner']}" for it in item["apps"]]
    return [f"{item['covers']}: {item['words']}", *lines]


def _revived(item: dict[str, Any]) -> list[str]:
    if not item["still_held"]:
        return [f"{item['covers']} may run again"]
    held = [f"  {it['covers']}: {it['by']}: {it['because']}" for it in item["still_held"]]
    return [f"{item['covers']} is not stopped itself any more, but by what covers it:", *held]


def _line(item: dict[str, Any]) -> str:
    when = item["time"][:16].replace("T", " ")
    where = f" in {item['mode']}" if item["mode"] else ""
    trial = f"; tried again at {item['retry_at'][:16]}" if item["retry_at"] else ""
    trial = "; it is on trial" if item["trial_since"] else trial
    marks = " for security" if item["security"] else ""
    end = f"; brought back by {item['revived_by']}: {item['revive_reason']}" if item["revived_at"] else ""
    return f"{item['scope']:<36} {when} UTC{where}{marks}  {item['by']}: {item['because']}{trial}{end}"
