"""Policies on the command line: write, test, propose, approve and put into force."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.core.policy import ORGANIZATION, CustomerSet, PolicyEngine, check, faults_in
from bailiwick.faces.cli.client import call, fail, show

app = typer.Typer(help="The organisation's own policies, as versioned text.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Scope = Annotated[str, typer.Option(help="organization:default, or a folder: folder:finance")]
Tests = Annotated[Path | None, typer.Option(help="test cases; FILE with .tests.toml for .cedar when not given")]
Text = Annotated[Path, typer.Argument(help="policies in Cedar", dir_okay=False)]
Reason = Annotated[str, typer.Option("--reason", help="why, for the audit log")]
_PAGE = 200
_FAULTY = 1


@app.command("list")
def list_sets(as_json: Json = False) -> None:
    """List the sets of policies that you may read."""
    found = _all("/policies", "policies")
    lines = [_line(item) for item in found]
    show({"policies": found}, "\n".join(lines) or "none: the built-in policies decide alone", as_json=as_json)


@app.command("show")
def show_set(name: str, version: Annotated[int, typer.Option(help="0 for the newest")] = 0) -> None:
    """Print a version's text. Example: bailiwick policy show office --version 2. `built-in` and `schema` work too."""
    if name in {"built-in", "schema"}:
        found = call("GET", "/policies/built-in")
        typer.echo(found["policies" if name == "built-in" else "schema"])
        return
    typer.echo(_version(name, version)["text"], nl=False)


@app.command("tests")
def show_tests(name: str, version: Annotated[int, typer.Option(help="0 for the newest")] = 0) -> None:
    """Print a version's test cases."""
    typer.echo(_version(name, version)["tests"], nl=False)


@app.command("history")
def history(name: str, as_json: Json = False) -> None:
    """List a set's versions, newest first."""
    found = _all(f"/policies/{name}", "versions")
    lines = [
        f"{item['version']:>4}  {item['state']:<10} {item['time'][:16]}  {item['author']}: {item['reason']}"
        for item in found
    ]
    show({"versions": found}, "\n".join(lines), as_json=as_json)


@app.command("check")
def check_file(file: Text, scope: Scope = ORGANIZATION, as_json: Json = False) -> None:
    """Check a file against the schema; no server is needed. Exits with 1 when there are faults."""
    faults = faults_in(_read(file), scope=scope)
    lines = [f"{file}:{fault.line}:{fault.column}: {fault.message}{_hint(fault.hint)}" for fault in faults]
    show({"faults": [asdict(fault) for fault in faults]}, "\n".join(lines) or "no faults", as_json=as_json)
    if faults:
        raise typer.Exit(_FAULTY)


@app.command("test")
def test_file(file: Text, tests: Tests = None, scope: Scope = ORGANIZATION, as_json: Json = False) -> None:
    """Check a file and run its test cases; no server is needed. Exits with 1 when one fails."""
    checked = check(CustomerSet("new", 0, scope, _read(file)), _tests(file, tests), PolicyEngine.built_in)
    lines = [
        f"{'FAILED' if result.problem else 'passed'}  {result.name}{_hint(result.problem)}"
        for result in checked.results
    ]
    lines += [f"{file}:{fault.line}:{fault.column}: {fault.message}{_hint(fault.hint)}" for fault in checked.faults]
    lines += [checked.problem] if checked.problem else []
    results = [asdict(result) for result in checked.results]
    show({"good": checked.good, "tests": results, "problems": checked.problems}, "\n".join(lines), as_json=as_json)
    if not checked.good:
        raise typer.Exit(_FAULTY)


@app.command("propose")
def propose(
    file: Text,
    name: Annotated[str, typer.Option("--name", help="the set, such as office-hours")],
    reason: Reason,
    tests: Tests = None,
    scope: Scope = ORGANIZATION,
    as_json: Json = False,
) -> None:
    """Propose a version. Example: bailiwick policy propose office.cedar --name office --reason 'home is not safe'."""
    body = {"name": name, "scope": scope, "text": _read(file), "tests": _tests(file, tests), "reason": reason}
    made = call("POST", f"/policies/{name}/versions", json=body)
    words = f"{name}@{made['version']} waits for somebody else: bailiwick policy approve {name} {made['version']}"
    show(made, words, as_json=as_json)


@app.command("replay")
def replay(
    file: Text,
    name: Annotated[str, typer.Option("--name", help="the set that it would replace")] = "new",
    scope: Scope = ORGANIZATION,
    as_json: Json = False,
) -> None:
    """Show which decisions of 30 days would come out differently. Example: bailiwick policy replay office.cedar."""
    found = call("POST", "/policies/replay", json={"name": name, "scope": scope, "text": _read(file)})
    lines = [found["words"]]
    for item in found["differences"]:
        now, then = ("allowed" if item[key] else "refused" for key in ("allowed_now", "allowed_then"))
        lines.append(f"  {item['principal']}  {item['action']}  {item['resource']}  {item['times']} times")
        lines.append(f"    {now} by {', '.join(item['deciders_now'])} -> {then} by {', '.join(item['deciders_then'])}")
    if found["unreadable"]:
        lines.append(f"  {found['unreadable']} more cannot be asked again")
    show(found, "\n".join(lines), as_json=as_json)


@app.command("diff")
def diff(name: str, version: int) -> None:
    """Print what a version changes against what is in force."""
    typer.echo(call("GET", f"/policies/{name}/versions/{version}/diff")["diff"])


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
    """Put an approved version into force, or one again that was. Example: bailiwick policy activate office 2."""
    done = call("POST", f"/policies/{name}/versions/{version}/activate", json={"reason": reason})
    lines = [f"{name}@{version} is {done['state']}", *(f"  {plane}: {how}" for plane, how in done["planes"].items())]
    show(done, "\n".join(lines), as_json=as_json)


def _act(verb: str, name: str, version: int, reason: str, *, as_json: bool) -> None:
    done = call("POST", f"/policies/{name}/versions/{version}/{verb}", json={"reason": reason})
    show(done, f"{name}@{version} is {done['state']}", as_json=as_json)


def _all(path: str, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = call("GET", path, params={"limit": _PAGE, "cursor": cursor})
        found += page[key]
        cursor = page["cursor"]
        if not cursor:
            return found


def _version(name: str, version: int) -> dict[str, Any]:
    found = _all(f"/policies/{name}", "versions")
    for item in found:
        if version in {0, item["version"]}:
            return item
    fail({"title": f"there is no version {version} of policies '{name}'", "hint": f"bailiwick policy history {name}"})
    raise AssertionError("fail ends the command")


def _line(item: dict[str, Any]) -> str:
    active = f"@{item['active']} in force" if item["active"] is not None else "not in force"
    newer = f", @{item['newest']} {item['state']}" if item["newest"] != item["active"] else ""
    return f"{item['name']:<24} {item['scope']:<28} {active}{newer}"


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as fault:
        fail({"title": f"{file} cannot be read: {fault}"})
        raise


def _tests(file: Path, tests: Path | None) -> str:
    beside = tests or file.with_suffix(".tests.toml")
    return _read(beside) if tests is not None or beside.exists() else ""


def _hint(text: str) -> str:
    return f" ({text})" if text else ""
