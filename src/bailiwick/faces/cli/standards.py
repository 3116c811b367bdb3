"""Coding standards on the command line: write, check, try on every app, propose, approve and put into force."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.control.review import faults_in_standard
from bailiwick.faces.cli.client import call, every, fail, show

app = typer.Typer(help="Coding standards, as versioned text with tests of their own.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Reason = Annotated[str, typer.Option("--reason", help="why, for the audit log")]
Text = Annotated[Path, typer.Argument(help="a standard in TOML", dir_okay=False)]
Folder = Annotated[str, typer.Option("--folder", help="where it stands; the whole organisation when none is named")]
_FAULTY = 1


@app.command("list")
def list_standards(as_json: Json = False) -> None:
    """List the standards that you may read."""
    found = every("/standards", "standards")
    show({"standards": found}, "\n".join(map(_line, found)) or "none", as_json=as_json)


@app.command("show")
def show_standard(name: str, version: Annotated[int, typer.Option(help="0 for the newest")] = 0) -> None:
    """Print a version's text. Example: bailiwick standard show house --version 2."""
    for item in every(f"/standards/{name}", "versions"):
        if version in {0, item["version"]}:
            typer.echo(item["text"], nl=False)
            return
    fail({"title": f"there is no version {version} of '{name}'", "hint": f"bailiwick standard history {name}"})


@app.command("history")
def history(name: str, as_json: Json = False) -> None:
    """List a standard's versions, newest first."""
    found = every(f"/standards/{name}", "versions")
    lines = [
        f"{item['version']:>4}  {item['state']:<10} {item['time'][:16]}  {item['author']}: {item['reason']}"
        for item in found
    ]
    show({"versions": found}, "\n".join(lines), as_json=as_json)


@app.command("check")
def check_file(file: Text, as_json: Json = False) -> None:
    """Read a file and run its rules' tests; no server is needed. Exits with 1 when something is wrong."""
    faults = faults_in_standard("draft", _read(file))
    lines = [f"{file}: {fault.rule}: {fault.message}" if fault.rule else f"{file}: {fault.message}" for fault in faults]
    listed = [{"rule": fault.rule, "message": fault.message} for fault in faults]
    show({"good": not faults, "faults": listed}, "\n".join(lines) or "every rule passes its tests", as_json=as_json)
    if faults:
        raise typer.Exit(_FAULTY)


@app.command("try")
def try_file(file: Text, folder: Folder = "", as_json: Json = False) -> None:
    """Show what it would have blocked, now and in a month of pushes. Example: bailiwick standard try house.toml."""
    body = {"name": "draft", "scope": _scope(folder), "text": _read(file)}
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
    body = {"name": name, "scope": _scope(folder), "text": _read(file), "reason": reason}
    made = call("POST", f"/standards/{name}/versions", json=body)
    words = f"{name}@{made['version']} waits for somebody else: bailiwick standard approve {name} {made['version']}"
    show(made, words, as_json=as_json)


@app.command("diff")
def diff(name: str, version: int) -> None:
    """Print what a version changes against what is in force."""
    typer.echo(call("GET", f"/standards/{name}/versions/{version}/diff")["diff"])


@app.command("approve")
def approve(name: str, version: int, reason: Reason = "", as_json: Json = False) -> None:
    """Approve a version that somebody else proposed."""
    _act("approve", name, version, reason, as_json=as_json)


@app.command("refuse")
def refuse(name: str, version: int, reason: Reason, as_json: Json = False) -> None:
    """Refuse a version."""
    _act("refuse", name, version, reason, as_json=as_json)


@app.command("activate")
def activate(name: str, version: int, reason: Reason = "", as_json: Json = False) -> None:
    """Put an approved version into force, or one again that was. Example: bailiwick standard activate house 2."""
    _act("activate", name, version, reason, as_json=as_json)


def _act(verb: str, name: str, version: int, reason: str, *, as_json: bool) -> None:
    done = call("POST", f"/standards/{name}/versions/{version}/{verb}", json={"reason": reason})
    show(done, f"{name}@{version} is {done['state']}", as_json=as_json)


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


def _line(item: dict[str, Any]) -> str:
    active = f"@{item['active']} in force" if item["active"] is not None else "not in force"
    newer = f", @{item['newest']} {item['state']}" if item["newest"] != item["active"] else ""
    return f"{item['name']:<24} {item['scope']:<28} {active}{newer}"


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as fault:
        fail({"title": f"{file} cannot be read: {fault}"})
