"""Coding standards on the command line: write, check, try on every app, propose, approve and put into force."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, every, show
from bailiwick.faces.cli.options import Json, Reason
from bailiwick.faces.cli.versions import (
    Number,
    add_versions,
    propose_version,
    read_text,
    set_line,
    version_of,
)

app = typer.Typer(help="Coding standards, as versioned text with tests of their own.", no_args_is_help=True)
Text = Annotated[Path, typer.Argument(help="a standard in TOML", dir_okay=False)]
Folder = Annotated[str, typer.Option("--folder", help="where it stands; the whole organisation when none is named")]
_FAULTY = 1
add_versions(app, "standards", "standard")


@app.command("list")
def list_standards(as_json: Json = False) -> None:
    """List the standards that you may read."""
    found = every("/standards", "standards")
    show({"standards": found}, "\n".join(map(set_line, found)) or "none", as_json=as_json)


@app.command("show")
def show_standard(name: str, version: Number = 0) -> None:
    """Print a version's text. Example: bailiwick standard show house --version 2."""
    typer.echo(version_of("standards", "standard", name, version)["text"], nl=False)


@app.command("check")
def check_file(file: Text, as_json: Json = False) -> None:
    """Read a file and run its rules' tests; no server is needed. Exits with 1 when something is wrong."""
    from bailiwick.control.review import faults_in_standard  # noqa: PLC0415 - engines take long to load

    faults = faults_in_standard("draft", read_text(file))
    lines = [f"{file}: {fault.rule}: {fault.message}" if fault.rule else f"{file}: {fault.message}" for fault in faults]
    listed = [{"rule": fault.rule, "message": fault.message} for fault in faults]
    show({"good": not faults, "faults": listed}, "\n".join(lines) or "every rule passes its tests", as_json=as_json)
    if faults:
        raise typer.Exit(_FAULTY)


@app.command("try")
def try_file(file: Text, folder: Folder = "", as_json: Json = False) -> None:
    """Show what it would have blocked, now and in a month of pushes. Example: bailiwick standard try house.toml."""
    body = {"name": "draft", "scope": _scope(folder), "text": read_text(file)}
    paths = call("GET", "/standards/trials/apps", params={"scope": body["scope"]})["apps"]
    found: list[dict[str, Any]] = []
    for number, path in enumerate(paths, start=1):
        if not as_json:
            typer.echo(f"{number} of {len(paths)}: {path}", err=True)
        found.append(call("POST", "/standards/trials", json={**body, "app": path}))
    blocked = sum(item["blocks"] for item in found)
    pushes = sum(item["pushes"] - item["left_out"] for item in found)
    of_these = sum(item["blocked"] for item in found)
    words = f"{blocked} of {len(found)} apps would be blocked; of {pushes} pushes of the last month, {of_these}"
    lines = [line for item in found for line in _trial_lines(item)]
    show({"apps": found, "blocked": blocked, "words": words}, "\n".join([*lines, words]), as_json=as_json)


@app.command("propose")
def propose(
    file: Text,
    name: Annotated[str, typer.Option("--name", help="the standard, such as house")],
    reason: Reason,
    folder: Folder = "",
    as_json: Json = False,
) -> None:
    """Propose a version. Example: bailiwick standard propose house.toml --name house --reason 'one way to log'."""
    body = {"name": name, "scope": _scope(folder), "text": read_text(file), "reason": reason}
    propose_version("standards", "standard", body, as_json=as_json)


def _scope(folder: str) -> str:
    return f"folder:{folder}" if folder else "organization:default"


def _trial_lines(item: dict[str, Any]) -> list[str]:
    if item["could_not"]:
        return [f"{item['app']}: {item['could_not']}"]
    if not item["findings"]:
        return []
    verdict = "would be blocked" if item["blocks"] else "would be warned"
    lines = [f"{item['app']}  {verdict}; {item['blocked']} of {item['pushes'] - item['left_out']} pushes"]
    for found in item["findings"]:
        place = f"{found['path']}:{found['line']}" if found["line"] else found["path"]
        lines.append(f"    {place}  {found['severity']}  {found['message']}")
    return [*lines, f"    and {item['more']} more"] if item["more"] else lines
