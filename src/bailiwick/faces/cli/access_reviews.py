"""Access reviews on the command line: plan, look, decide, end, export."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, every, fetch, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="Access reviews: who holds what, who used it, and what should go.", no_args_is_help=True)


@app.command()
def start(
    name: str,
    scope: Annotated[str, typer.Option(help="organization:default or folder:finance")] = "organization:default",
    days: Annotated[int, typer.Option(help="in how many days it is due")] = 14,
    reviewer: Annotated[list[str] | None, typer.Option(help="user:… or group:…; without, the owners decide")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="role, grant or service; without, all")] = None,
    on_due: Annotated[str, typer.Option(help="of what nobody decided: keep, remove-privileged or remove")] = "keep",
    draft: Annotated[bool, typer.Option("--draft", help="plan it only; open it later")] = False,
    as_json: Json = False,
) -> None:
    """Start one. Example: bailiwick access-review start "Q3" --scope folder:finance --days 21."""
    body: dict[str, Any] = {"name": name, "scope": scope, "on_due": on_due, "draft": draft}
    body["due"] = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    body |= {"reviewers": reviewer} if reviewer else {}
    body |= {"kinds": kind} if kind else {}
    made = call("POST", "/access-reviews", json=body)
    show(made, f"{made['id']}: {made['items']} items, {made['state']}, due {made['due'][:10]}", as_json=as_json)


@app.command("open")
def open_draft(review: str, as_json: Json = False) -> None:
    """Open a draft. Example: bailiwick access-review open arc_06f3…."""
    made = call("POST", f"/access-reviews/{review}/open")
    show(made, f"{made['items']} items to decide about, due {made['due'][:10]}", as_json=as_json)


@app.command("list")
def list_reviews(
    mine: Annotated[bool, typer.Option("--mine", help="only those that wait for you")] = False, as_json: Json = False
) -> None:
    """List those that you may see, or those that wait for you."""
    if mine:
        waiting = call("GET", "/access-reviews/waiting")
        lines = [f"{it['id']}  due {it['due'][:10]}  {it['items']:>6} wait  {it['name']}" for it in waiting["waiting"]]
        show(waiting, "\n".join(lines) or "nothing waits for you", as_json=as_json)
        return
    found = every("/access-reviews", "access_reviews")
    lines = [
        f"{it['id']}  {it['state']:<8} due {it['due'][:10]}  {it['decided']:>6} of {it['items']:<6} {it['name']}"
        for it in found
    ]
    show({"access_reviews": found}, "\n".join(lines) or "none", as_json=as_json)


@app.command("show")
def show_review(review: str, as_json: Json = False) -> None:
    """Show one. Example: bailiwick access-review show arc_06f3…."""
    found = call("GET", f"/access-reviews/{review}")
    show(found, "\n".join(f"{key:<12} {value}" for key, value in found.items()), as_json=as_json)


@app.command()
def items(
    review: str,
    flag: Annotated[str, typer.Option(help="for example never-used, privileged, switched-off")] = "",
    decided: Annotated[str, typer.Option(help="yes, no, keep or remove")] = "",
    holder: str = "",
    text: str = "",
    as_json: Json = False,
) -> None:
    """List what is decided about. Example: bailiwick access-review items arc_06f3… --flag never-used --decided no."""
    wanted = {"flag": flag, "decided": decided, "holder": holder, "text": text}
    asked = {key: value for key, value in wanted.items() if value}
    found = every(f"/access-reviews/{review}/items", "items", **asked)
    show({"items": found}, "\n".join(_line(item) for item in found) or "none", as_json=as_json)


@app.command()
def decide(
    review: str, decision: Annotated[str, typer.Argument(help="keep or remove")], numbers: list[int],
    reason: Reason = "", as_json: Json = False,
) -> None:  # fmt: skip
    """Decide about items. Example: bailiwick access-review decide arc_06f3… remove 3 8 --reason "left the team"."""
    body = {"items": numbers, "decision": decision, "reason": reason}
    done = call("POST", f"/access-reviews/{review}/decisions", json=body)
    text = (
        f"{done['decided']} decided: {done['decision']}; it happens when the review ends, and can be changed until then"
    )
    show(done, text, as_json=as_json)


@app.command()
def close(review: str, reason: Reason = "", as_json: Json = False) -> None:
    """End one now and do what was decided. Example: bailiwick access-review close arc_06f3… --reason done."""
    done = call("POST", f"/access-reviews/{review}/close", json={"reason": reason})
    show(done, f"{done['state']}: {done['decided']} of {done['items']} were decided", as_json=as_json)


@app.command()
def export(
    review: str,
    form: Annotated[str, typer.Option("--format", help="csv or json")] = "json",
    out: Annotated[Path | None, typer.Option(help="a file; standard output without")] = None,
) -> None:
    """Export evidence and decisions. Example: bailiwick access-review export arc_06f3… --format csv --out q3.csv."""
    content = fetch(f"/access-reviews/{review}/export", format=form)
    if out is None:
        sys.stdout.buffer.write(content)
        return
    out.write_bytes(content)
    typer.echo(f"written to {out}")


def _line(item: dict[str, Any]) -> str:
    used = item["last_used"][:10] if item["last_used"] else "never"
    verdict = item["outcome"] or item["verdict"] or ("yours" if item["mine"] else "-")
    what = f"{item['holder']:<36} {item['access']:<16} {item['scope']:<28}"
    use = f"used {used:<10} {item['uses_90_days']:>5}x"
    return f"{item['number']:>5} {verdict:<10} {what} {use} {', '.join(item['flags'])}"
