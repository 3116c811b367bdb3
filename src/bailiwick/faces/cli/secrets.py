"""`bailiwick secret`: names and versions in the vault, and their rotation; a value is shown where two people agreed."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from bailiwick.faces.cli.client import call, every, fail, show
from bailiwick.faces.cli.files import read_yaml
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="Secrets in the vault, by name.", no_args_is_help=True)
_WAIT_SECONDS = 120.0
_SWITCHED, _OVER = ("switched", "done"), ("done", "failed", "by-hand")


@app.command("list")
def list_secrets(as_json: Json = False) -> None:
    """List names, never values: whose each is, how old, and when it is rotated next."""
    found = every("/secrets", "secrets")
    show(
        {"secrets": found, "cursor": ""},
        "\n".join(map(_line, found)) or "none yet: bailiwick secret put NAME < FILE",
        as_json=as_json,
    )


@app.command("show")
def show_secret(name: str, as_json: Json = False) -> None:
    """Show how a secret is rotated and how that went. Example: bailiwick secret show orders-db-password."""
    found = call("GET", f"/secrets/{quote(name, safe='')}")
    lines = [_line(found), *_lies(found["lies"]), *_rule(found["rule"]), *_used(found["used_by"])]
    for item in found["rotations"]:
        lines += [_rotation(item), *(f"    {it['time'][:19].replace('T', ' ')}  {it['words']}" for it in item["steps"])]
    show(found, "\n".join(lines), as_json=as_json)


@app.command()
def put(
    name: str,
    environment: Annotated[
        str, typer.Option(help="of a new one: production, non-production or both; production where you say nothing")
    ] = "",
) -> None:
    """Store a secret; its value is read from stdin. Example: bailiwick secret put orders-db-password < file.

    A name with a folder before it is a secret of that folder: bailiwick secret put finance/crm-key < file
    """
    body = {"value": sys.stdin.read().rstrip("\n"), **({"environment": environment} if environment else {})}
    done = call("PUT", f"/secrets/{quote(name, safe='')}", json=body)
    typer.echo(f"{name}: version {done['version']}")


@app.command()
def link(
    name: str,
    spot: Annotated[str, typer.Argument(help="STORE:PATH or STORE:PATH#FIELD")],
    version: Annotated[str, typer.Option(help="always this one; the newest where you say nothing")] = "",
    environment: Annotated[str, typer.Option(help="production, non-production or both")] = "production",
) -> None:
    """Say that a secret lies in a store of the company. Example: bailiwick secret link crm-key corp:apps/crm#key."""
    store, _, place = spot.partition(":")
    path, _, field = place.partition("#")
    if not path:
        raise typer.BadParameter("write it as STORE:PATH or STORE:PATH#FIELD")
    body = {"store": store, "path": path, "field": field, "version": version, "environment": environment}
    done = call("PUT", f"/secrets/{quote(name, safe='')}/link", json=body)
    read = f"version {done['version']}, read at {spot}" if done["version"] else f"accounts of {spot}, once it is used"
    typer.echo(f"{name}: {read}")


@app.command()
def stores(as_json: Json = False) -> None:
    """List the stores of the company that secrets may be linked to. Example: bailiwick secret stores."""
    found = call("GET", "/secret-stores")
    lines = [
        f"{item['name']:<20} {item['kind']:<20} {item['environment']:<15} {item['folder'] or 'the organisation'}"
        for item in found["stores"]
    ]
    show(found, "\n".join(lines) or "none: secret_stores in the control plane's settings", as_json=as_json)


@app.command()
def declare(name: str, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], reason: Reason = "") -> None:
    """Say how a secret is rotated. Example: bailiwick secret declare orders-db-password orders.yaml --reason yearly.

    The file says owner, source (kind: postgresql, oauth-client, certificate or hook), every_hours, and grace_minutes:
    how long the old value works beside the new one.
    """
    call("PUT", f"/secrets/{quote(name, safe='')}/rotation", json={**read_yaml(file), "reason": reason})
    typer.echo("\n".join([f"{name}:", *_rule(call("GET", f"/secrets/{quote(name, safe='')}")["rule"])]))


@app.command()
def authority() -> None:
    """Print the authority of the platform's client certificates (PEM), for systems that are shown one to trust."""
    typer.echo(call("GET", "/client-authority")["certificate"], nl=False)


@app.command("request-certificate")
def request_certificate(
    name: str,
    subject: Annotated[str, typer.Option(help="who the client is: CN=…")],
    host: Annotated[list[str] | None, typer.Option(help="a name of a host that stands in it, too")] = None,
    environment: Annotated[str, typer.Option(help="of a new one: production, non-production or both")] = "production",
) -> None:
    """Make a key in the vault and print the request for its certificate, which an authority of yours signs.

    Example: bailiwick secret request-certificate crm-certificate --subject bailiwick-crm > crm.csr
    """
    body = {"subject": subject, "hosts": host or [], "environment": environment}
    found = call("POST", f"/secrets/{quote(name, safe='')}/certificate-request", json=body)
    typer.echo(found["csr"], nl=False)


@app.command("install-certificate")
def install_certificate(name: str) -> None:
    """Take in a certificate that was signed, from stdin: PEM, those of the authorities behind it.

    Example: bailiwick secret install-certificate crm-certificate < crm.pem
    """
    body = {"certificates": sys.stdin.read()}
    done = call("PUT", f"/secrets/{quote(name, safe='')}/certificate", json=body)
    typer.echo(f"{name}: version {done['version']}")


@app.command("withdraw-certificate-request")
def withdraw_certificate_request(name: str, reason: Reason = "") -> None:
    """Give a request for a certificate up; its key is gone. Example: … crm-certificate --reason "signed nowhere"."""
    call("DELETE", f"/secrets/{quote(name, safe='')}/certificate-request", json={"reason": reason})
    typer.echo(f"{name}: no certificate is asked for")


@app.command()
def undeclare(name: str, reason: Reason = "") -> None:
    """Rotate a secret no more. Example: bailiwick secret undeclare orders-db-password --reason "it is gone"."""
    call("DELETE", f"/secrets/{quote(name, safe='')}/rotation", json={"reason": reason})
    typer.echo(f"{name} is rotated by nobody")


@app.command()
def rotate(
    name: str,
    reason: Reason = "",
    wait: Annotated[bool, typer.Option(help="until planes have the new value")] = True,
    as_json: Json = False,
) -> None:
    """Have another value made where it is used, tried, and given to planes. Exit code 1 when that fails.

    The old one works on for as long as the rule says. Example: bailiwick secret rotate orders-db-password --reason x
    """
    path = f"/secrets/{quote(name, safe='')}"
    found = call("POST", f"{path}/rotations", json={"reason": reason})
    ends = time.monotonic() + (_WAIT_SECONDS if wait else 0)
    while found["state"] not in {*_SWITCHED, *_OVER} and time.monotonic() < ends:
        time.sleep(0.5)
        rotations = call("GET", path)["rotations"]
        found = next((item for item in rotations if item["id"] == found["id"]), found)
    if found["state"] == "failed":
        fail({"title": f"{name} was not rotated: {found['error']}", "hint": "the old value is in force"})
    show(found, _rotation(found), as_json=as_json)


@app.command()
def reveal(
    name: Annotated[str, typer.Argument(help="the secret, or the id of what was asked for")],
    reason: Reason = "",
) -> None:
    """Ask to see a secret, and see it once another person agreed: then say it again with the id.

    Example: bailiwick secret reveal crm-key --reason "the vendor asks"; then: bailiwick secret reveal rvl_…
    """
    if name.startswith("rvl_"):
        typer.echo(call("POST", f"/reveals/{quote(name, safe='')}/revealed")["value"])
        return
    made = call("POST", f"/secrets/{quote(name, safe='')}/reveals", json={"reason": reason})
    typer.echo(f"{made['id']}: another administrator says: bailiwick secret approve-reveal {made['id']} --reason …")
    typer.echo(f"then, within a quarter of an hour: bailiwick secret reveal {made['id']}")


@app.command("approve-reveal")
def approve_reveal(identifier: str, reason: Reason = "", as_json: Json = False) -> None:
    """Agree that somebody sees a secret once. Example: bailiwick secret approve-reveal rvl_… --reason "I know why"."""
    done = call("POST", f"/reveals/{quote(identifier, safe='')}/approve", json={"reason": reason})
    show(done, f"{done['asked_by']} may see {done['name']} once: {done['reason']}", as_json=as_json)


def _line(item: dict[str, Any]) -> str:
    parts = [f"{item['name']:<30} {item['environment']}", f"version {item['version']}"]
    parts += [f"{_days(item['created_at'])} old"]
    parts += [f"in the store {item['lies']['store']}"] if item["lies"] else []
    parts += ["NOT READ"] if item["lies"] and item["lies"]["fault"] else []
    parts += [f"signs in as {item['account']}"] if item["account"] else []
    parts += [f"of {item['rule']['owner']}"] if item["rule"] else []
    parts += [f"rotated next {item['next_rotation'][:16].replace('T', ' ')} UTC"] if item["next_rotation"] else []
    going = item["going"]
    if going is not None:
        leaked = "LEAKED: " if going["cause"] == "leak" else ""
        parts.append(f"{leaked}{'a person must store another' if going['state'] == 'by-hand' else going['state']}")
    return ", ".join(parts)


def _used(uses: list[dict[str, Any]]) -> list[str]:
    return [f"  used by {item['integration']} on the plane {item['plane']}" for item in uses] or ["  used by no system"]


def _lies(lies: dict[str, Any] | None) -> list[str]:
    if lies is None:
        return []
    version = f", {'always ' if lies['pinned'] else ''}version {lies['version']} there" if lies["version"] else ""
    return [f"  lies at {lies['spot']}{version}", *([f"  NOT READ: {lies['fault']}"] if lies["fault"] else [])]


def _days(moment: str) -> str:
    days = (datetime.now(UTC) - datetime.fromisoformat(moment)).days
    return f"{days} day{'' if days == 1 else 's'}"


def _rule(rule: dict[str, Any] | None) -> list[str]:
    if rule is None:
        return ["  nothing says how it is rotated: bailiwick secret declare"]
    source = rule["source"]
    where = "by hand"
    if source is not None and source["kind"] == "hook":
        where = f"by the hook {source['hook']}"
    elif source is not None and source["kind"] != "postgresql":
        where = f"by {rule['made_at']}"
    elif source is not None:
        where = f"at postgresql://{source['host']}:{source['port']}/{source['database']}: {', '.join(source['roles'])}"
    often = f"every {rule['every_hours']} hours" if rule["every_hours"] else "when somebody asks, or it leaks"
    often += f", and before it ends ({rule['due_at'][:16].replace('T', ' ')} UTC)" if rule["due_at"] else ""
    return [f"  {where}, {often}; the old value works {rule['grace_minutes']} minutes beside the new one"]


def _rotation(item: dict[str, Any]) -> str:
    error = f": {item['error']}" if item["error"] else ""
    version = f" to version {item['new_version']}" if item["new_version"] else ""
    rest = ""
    if item["state"] == "switched":
        rest = f", the old value works until {item['revoke_at'][:19].replace('T', ' ')} UTC"
    return f"  {item['id']}  {item['cause']}  {item['state']}{version}{rest}{error}"
