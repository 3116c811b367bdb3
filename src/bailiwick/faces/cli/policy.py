"""Policies on the command line: write, test, propose, approve and put into force."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bailiwick.core.policy import ORGANIZATION, CustomerSet, PolicyEngine, check, faults_in
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

app = typer.Typer(help="The organisation's own policies, as versioned text.", no_args_is_help=True)
Scope = Annotated[str, typer.Option(help="organization:default, or a folder: folder:finance")]
Tests = Annotated[Path | None, typer.Option(help="test cases; FILE with .tests.toml for .cedar when not given")]
Text = Annotated[Path, typer.Argument(help="policies in Cedar", dir_okay=False)]
_FAULTY = 1
add_versions(app, "policies", "policy")


@app.command("list")
def list_sets(as_json: Json = False) -> None:
    """List the sets of policies that you may read."""
    found = every("/policies", "policies")
    lines = [set_line(item) for item in found]
    show({"policies": found}, "\n".join(lines) or "none: the built-in policies decide alone", as_json=as_json)


@app.command("show")
def show_set(name: str, version: Number = 0) -> None:
    """Print a version's text. Example: bailiwick policy show office --version 2. `built-in` and `schema` work too."""
    if name in {"built-in", "schema"}:
        found = call("GET", "/policies/built-in")
        typer.echo(found["policies" if name == "built-in" else "schema"])
        return
    typer.echo(version_of("policies", "policy", name, version)["text"], nl=False)


@app.command("tests")
def show_tests(name: str, version: Number = 0) -> None:
    """Print a version's test cases."""
    typer.echo(version_of("policies", "policy", name, version)["tests"], nl=False)


@app.command("check")
def check_file(file: Text, scope: Scope = ORGANIZATION, as_json: Json = False) -> None:
    """Check a file against the schema; no server is needed. Exits with 1 when there are faults."""
    faults = faults_in(read_text(file), scope=scope)
    lines = [f"{file}:{fault.line}:{fault.column}: {fault.message}{_hint(fault.hint)}" for fault in faults]
    show({"faults": [asdict(fault) for fault in faults]}, "\n".join(lines) or "no faults", as_json=as_json)
    if faults:
        raise typer.Exit(_FAULTY)


@app.command("test")
def test_file(file: Text, tests: Tests = None, scope: Scope = ORGANIZATION, as_json: Json = False) -> None:
    """Check a file and run its test cases; no server is needed. Exits with 1 when one fails."""
    checked = check(CustomerSet("new", 0, scope, read_text(file)), _tests(file, tests), PolicyEngine.built_in)
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
    body = {"name": name, "scope": scope, "text": read_text(file), "tests": _tests(file, tests), "reason": reason}
    propose_version("policies", "policy", body, as_json=as_json)


@app.command("replay")
def replay(
    file: Text,
    name: Annotated[str, typer.Option("--name", help="the set that it would replace")] = "new",
    scope: Scope = ORGANIZATION,
    as_json: Json = False,
) -> None:
    """Show which decisions of 30 days would come out differently. Example: bailiwick policy replay office.cedar."""
    found = call("POST", "/policies/replay", json={"name": name, "scope": scope, "text": read_text(file)})
    lines = [found["words"]]
    for item in found["differences"]:
        now, then = ("allowed" if item[key] else "refused" for key in ("allowed_now", "allowed_then"))
        lines.append(f"  {item['principal']}  {item['action']}  {item['resource']}  {item['times']} times")
        lines.append(f"    {now} by {', '.join(item['deciders_now'])} -> {then} by {', '.join(item['deciders_then'])}")
    if found["unreadable"]:
        lines.append(f"  {found['unreadable']} more cannot be asked again")
    show(found, "\n".join(lines), as_json=as_json)


def _tests(file: Path, tests: Path | None) -> str:
    beside = tests or file.with_suffix(".tests.toml")
    return read_text(beside) if tests is not None or beside.exists() else ""


def _hint(text: str) -> str:
    return f" ({text})" if text else ""
