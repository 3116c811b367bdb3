"""What the command line has in common for texts in versions: list, show, history, difference, and the decisions."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, every, fail, show
from bailiwick.faces.cli.options import Json, Reason

Number = Annotated[int, typer.Option("--version", help="0 for the newest")]


def add_versions(app: typer.Typer, kind: str, noun: str) -> None:
    """Add the commands that are alike: `kind` is the part of the API's addresses, `noun` the command's name."""

    @app.command("history")
    def history(name: str, as_json: Json = False) -> None:
        """List every version of a name, newest first."""
        found = every(f"/{kind}/{name}", "versions")
        lines = [
            f"{item['version']:>4}  {item['state']:<10} {item['time'][:16]}  {item['author']}: {item['reason']}"
            for item in found
        ]
        show({"versions": found}, "\n".join(lines), as_json=as_json)

    @app.command("diff")
    def diff(name: str, version: int) -> None:
        """Print what a version changes against what is in force."""
        typer.echo(call("GET", f"/{kind}/{name}/versions/{version}/diff")["diff"])

    @app.command("approve")
    def approve(name: str, version: int, reason: Reason = "", as_json: Json = False) -> None:
        """Approve a version that somebody else proposed."""
        show_done(act(kind, "approve", name, version, reason), as_json=as_json)

    @app.command("refuse")
    def refuse(name: str, version: int, reason: Reason, as_json: Json = False) -> None:
        """Refuse a version."""
        show_done(act(kind, "refuse", name, version, reason), as_json=as_json)

    @app.command("activate", help=f"Put an approved version into force, or one again that was. Example: "
                                  f"bailiwick {noun} activate house 2.")  # fmt: skip
    def activate(name: str, version: int, reason: Reason = "", as_json: Json = False) -> None:
        show_done(act(kind, "activate", name, version, reason), as_json=as_json)


def act(kind: str, verb: str, name: str, version: int, reason: str) -> dict[str, Any]:
    """Decide about a version, or put it into force; return what it is then."""
    done: dict[str, Any] = call("POST", f"/{kind}/{name}/versions/{version}/{verb}", json={"reason": reason})
    return done


def show_done(done: dict[str, Any], *, as_json: bool) -> None:
    """Show what became of a version, and how far planes are with it where they are told."""
    planes = [f"  {plane}: {how}" for plane, how in done.get("planes", {}).items()]
    show(done, "\n".join([f"{done['name']}@{done['version']} is {done['state']}", *planes]), as_json=as_json)


def propose_version(kind: str, noun: str, body: dict[str, str], *, as_json: bool) -> None:
    """Propose a version and say who goes on with it."""
    name = body["name"]
    made = call("POST", f"/{kind}/{name}/versions", json=body)
    words = f"{name}@{made['version']} waits for somebody else: bailiwick {noun} approve {name} {made['version']}"
    show(made, words, as_json=as_json)


def version_of(kind: str, noun: str, name: str, version: int) -> dict[str, Any]:
    """Return a version, the newest for 0; end the command when there is none."""
    found: list[dict[str, Any]] = every(f"/{kind}/{name}", "versions")
    chosen = next((item for item in found if version in {0, item["version"]}), None)
    if chosen is None:
        fail({"title": f"there is no version {version} of '{name}'", "hint": f"bailiwick {noun} history {name}"})
    return chosen


def set_line(item: dict[str, Any]) -> str:
    """Return what there is of a name as a line of a list."""
    active = f"@{item['active']} in force" if item["active"] is not None else "not in force"
    newer = f", @{item['newest']} {item['state']}" if item["newest"] != item["active"] else ""
    return f"{item['name']:<24} {item['scope']:<28} {active}{newer}"


def read_text(file: Path) -> str:
    """Return a file's text; end the command when it cannot be read."""
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as fault:
        fail({"title": f"{file} cannot be read: {fault}"})
