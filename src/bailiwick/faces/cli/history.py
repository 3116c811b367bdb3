"""History on the command line: an app's revisions, and why a line is there."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, fail, show
from bailiwick.faces.cli.options import Json


def history(
    path: Path, limit: Annotated[int, typer.Option(help="how many at most")] = 20, as_json: Json = False
) -> None:
    """Show who and what made each revision, and where it runs. Example: bailiwick history finance/refund-desk."""
    found = call("GET", f"/history/{path}", params={"limit": limit})
    lines = [line for item in found["revisions"] for line in _revision(item)]
    show(found, "\n".join(lines) or "nothing was pushed yet", as_json=as_json)


def blame(
    path: Path,
    place: Annotated[str, typer.Argument(help="FILE:LINE, for example refund_desk/app.py:31")],
    production: Annotated[bool, typer.Option("--production", help="as it runs in production")] = False,
    at: Annotated[str, typer.Option(help="as it stands at a commit that was taken")] = "",
    as_json: Json = False,
) -> None:
    """Show which prompt, agent and person a line comes from. Example: bailiwick blame finance/desk app.py:31."""
    file, _, line = place.rpartition(":")
    if not file or not line.isdigit():
        fail({"title": f"'{place}' names no line", "hint": "write FILE:LINE, for example refund_desk/app.py:31"})
    wanted = {"file": file, "line": int(line), "at": "production" if production else at}
    found = call("GET", f"/blame/{path}", params=wanted)
    show(found, "\n".join(_blame(found)), as_json=as_json)


def _blame(found: dict[str, Any]) -> list[str]:
    said, revision = found["said_by_commit"], found["revision"]
    lines = [f"{found['file']}:{found['line']} at {found['at'][:12]}", f"    {found['text']}", ""]
    lines.append(f"commit      {found['commit'][:12]}  {said['subject'] if said else ''}".rstrip())
    if said:
        lines += _told(said["told"])
    if revision is None:
        return [*lines, "push        not remembered: it came before anything was"]
    lines += _revision(revision, brief=said is not None)
    since = found["in_production_since"]
    lines.append(f"production  since {since['at'][:16]} ({since['release']})" if since else "production  not yet")
    return lines


def _revision(item: dict[str, Any], *, brief: bool = False) -> list[str]:
    by = f"{item['person']} through {item['verified_agent']}" if item["verified_agent"] else item["pushed_by"]
    taken = "taken" if item["accepted"] else "refused"
    where = "" if item["branch"] == "main" else f" on {item['branch']}"
    lines = [f"push        {item['time'][:16]}  {item['commit'][:12]}  {taken}{where}, by {by}"]
    if not brief:
        lines.append(f"            {item['subject']}")
        prompts = [item["claimed"]["prompt"]] if item["claimed"]["prompt"] else []
        lines += _told({**item["claimed"], "prompts": prompts})
    review = item["review"]
    if review:
        waived = f", {review['waived']} waived" if review["waived"] else ""
        withdrawn = "; what had passed was withdrawn" if item["accepted"] and not review["passed"] else ""
        lines.append(
            f"review      {review['id']}  {review['findings']} found, {review['blocking']} block{waived}{withdrawn}"
        )
    for deploy in item["approvals"]:
        by = f" by {deploy['by']}: {deploy['reason']}" if deploy["by"] else ""
        lines.append(f"deploy      {deploy['deploy']}  {deploy['state']}{by}")
    for release in item["releases"]:
        if release["mode"] == "production":
            lines.append(f"release     {release['id']}  {'runs' if release['runs'] else 'ran'} in production")
    return [*lines, ""]


def _told(told: dict[str, Any]) -> list[str]:
    lines = []
    if told["agent"] or told["model"]:
        model = f" ({told['model']})" if told["model"] else ""
        lines.append(f"says        made with {told['agent'] or 'an agent'}{model}")
    for prompt in told["prompts"]:
        first, *further = prompt.split("\n")
        lines += [f"prompt      {first}", *(f"            {line}" for line in further)]
    return lines
