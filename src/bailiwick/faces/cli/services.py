"""Service identities on the command line: what there is, and the life of those made here."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, fail, show
from bailiwick.faces.cli.key_files import new_key, public_half
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="Identities that are no people: services, agents and what acts by itself.", no_args_is_help=True)
keys = typer.Typer(help="Public keys with which a service proves itself.", no_args_is_help=True)
trusts = typer.Typer(help="Issuers whose tokens stand for a service: CI systems, clusters.", no_args_is_help=True)
app.add_typer(keys, name="key")
app.add_typer(trusts, name="trust")
Name = Annotated[str, typer.Argument(help="service:nightly-report or agent:claude-code")]
_PAGE = 200


@app.command("list")
def list_services(
    kind: Annotated[str, typer.Option(help="service, agent, app, directory, plane or integration")] = "",
    unused_for: Annotated[str, typer.Option(help="only what was not used for so long, for example 30d")] = "",
    expiring: Annotated[str, typer.Option(help="only what expires within, for example 30d")] = "",
    flag: Annotated[str, typer.Option(help="unused, expiring, expired, disabled or ownerless")] = "",
    as_json: Json = False,
) -> None:
    """List every identity that is no person. Example: bailiwick service list --unused-for 30d."""
    asked: dict[str, Any] = {"limit": _PAGE, "kind": kind or None, "flag": flag or None}
    if sum(map(bool, (unused_for, expiring, flag))) > 1:
        fail({"title": "give one of --unused-for, --expiring and --flag"})
    if unused_for:
        asked |= {"unused_for": _days(unused_for), "flag": "unused"}
    if expiring:
        asked |= {"expiring": _days(expiring), "flag": "expiring"}
    found, cursor = [], ""
    while True:
        answer = call("GET", "/services", params={**_given(asked), "cursor": cursor})
        found += answer["services"]
        cursor = answer["cursor"]
        if not cursor:
            break
    show({"services": found}, "\n".join(_line(item) for item in found) or "none", as_json=as_json)


@app.command()
def create(
    name: Name,
    owner: Annotated[str, typer.Option(help="who answers for it: user:ada@example.com or group:ops")],
    purpose: Annotated[str, typer.Option(help="what it is for, in a sentence")],
    days: Annotated[int, typer.Option(help="how long it lives, 366 at most")] = 90,
    public: Annotated[bool, typer.Option(help="an agent that people start without a credential of its own")] = False,
    as_json: Json = False,
) -> None:
    """Make one. Example: bailiwick service create service:nightly --owner group:ops --purpose "Sends the report"."""
    body = {"name": name, "owner": owner, "purpose": purpose, "days": days, "public": public}
    _show(call("POST", "/services", json=body), as_json=as_json)


@app.command("show")
def show_service(name: Name, as_json: Json = False) -> None:
    """Show one with its keys and trusts. Example: bailiwick service show service:nightly."""
    _show(call("GET", f"/services/{name}"), as_json=as_json)


@app.command()
def change(
    name: Name,
    owner: Annotated[str, typer.Option(help="who answers for it from now on")] = "",
    purpose: Annotated[str, typer.Option(help="what it is for now")] = "",
    as_json: Json = False,
) -> None:
    """Give it to another owner, or another purpose. Example: bailiwick service change agent:coder --owner group:ops."""
    body = _given({"owner": owner or None, "purpose": purpose or None})
    _show(call("PATCH", f"/services/{name}", json=body), as_json=as_json)


@app.command()
def prolong(
    name: Name, days: Annotated[int, typer.Option(help="from now, 366 at most")], as_json: Json = False
) -> None:
    """Let it live longer, or shorter. Example: bailiwick service prolong service:nightly --days 180."""
    _show(call("POST", f"/services/{name}/prolong", json={"days": days}), as_json=as_json)


@app.command()
def disable(name: Name, reason: Reason = "", as_json: Json = False) -> None:
    """Switch it off: all that it holds ends at once. Example: bailiwick service disable agent:coder --reason wild."""
    _show(call("POST", f"/services/{name}/disable", json={"reason": reason}), as_json=as_json)


@app.command()
def enable(name: Name, reason: Reason = "", as_json: Json = False) -> None:
    """Switch it on again. Example: bailiwick service enable agent:coder --reason checked."""
    _show(call("POST", f"/services/{name}/enable", json={"reason": reason}), as_json=as_json)


@app.command()
def remove(name: Name, reason: Reason = "") -> None:
    """Forget it with all that it has. Example: bailiwick service remove service:nightly --reason replaced."""
    call("POST", f"/services/{name}/remove", json={"reason": reason})
    typer.echo(f"{name} is gone, with its keys, trusts, tokens and roles")


@keys.command("add")
def add_key(
    name: Name,
    public_key: Annotated[Path | None, typer.Option(help="the public key, PEM or JWK")] = None,
    new: Annotated[Path | None, typer.Option(help="make a pair, and write its private half into this file")] = None,
    as_json: Json = False,
) -> None:
    """Register a public key. Example: bailiwick service key add service:nightly --new nightly.pem."""
    if (public_key is None) == (new is None):
        fail({"title": "give either --public-key or --new"})
    jwk = public_half(public_key) if public_key is not None else new_key(new or Path())
    made = call("POST", f"/services/{name}/keys", json={"jwk": jwk})
    show(made, f"{name} proves itself with the key {made['id']} from now on", as_json=as_json)


# The id of a key may begin with a hyphen, which is no option.
@keys.command("remove", context_settings={"ignore_unknown_options": True})
def remove_key(name: Name, key: Annotated[str, typer.Argument(help="its id")], reason: Reason = "") -> None:
    """Take a key away, and all tokens with it. Example: bailiwick service key remove service:x KEY --reason leaked."""
    call("POST", f"/services/{name}/keys/{key}/remove", json={"reason": reason})
    typer.echo(f"{name} has the key {key} no more, and every token of it has ended")


@trusts.command("add")
def add_trust(
    name: Name,
    issuer: Annotated[str, typer.Option(help="exactly as its tokens name it, https://…")],
    subject: Annotated[str, typer.Option(help="the exact subject of the tokens")] = "",
    subject_prefix: Annotated[str, typer.Option(help="what every subject begins with; it ends with : or /")] = "",
    claim: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE that the tokens must have; may be given again")
    ] = None,
    audience: Annotated[str, typer.Option(help="our name in the tokens; the address of this server otherwise")] = "",
    jwks: Annotated[Path | None, typer.Option(help="the issuer's keys, where it cannot be reached from here")] = None,
    as_json: Json = False,
) -> None:
    """Let tokens of an issuer stand for it. Example: bailiwick service trust add service:deploy --issuer
    https://token.actions.githubusercontent.com --subject repo:acme/desk:environment:production.
    """
    if subject and subject_prefix:
        fail({"title": "give either --subject or --subject-prefix"})
    body = {
        "issuer": issuer,
        "audience": audience,
        "subject": subject or subject_prefix,
        "subject_prefix": bool(subject_prefix),
        "claims": dict(_pair(item) for item in claim or []),
        "jwks": _document(jwks) if jwks is not None else None,
    }
    made = call("POST", f"/services/{name}/trusts", json=body)
    show(
        made, f"{_trust_line(made)}\nstands for {name} from now on; its audience is {made['audience']}", as_json=as_json
    )


@trusts.command("remove")
def remove_trust(name: Name, trust: Annotated[str, typer.Argument(help="its id")], reason: Reason = "") -> None:
    """Trust an issuer no more. Example: bailiwick service trust remove service:deploy tru_06f3… --reason moved."""
    call("POST", f"/services/{name}/trusts/{trust}/remove", json={"reason": reason})
    typer.echo(f"{name} has the trust {trust} no more, and every token of it has ended")


def _show(service: dict[str, Any], *, as_json: bool) -> None:
    lines = [
        f"{service['name']}  {service['state']}{'  public' if service['public'] else ''}",
        f"  {service['purpose']}",
        f"  owner     {service['owner']}",
        f"  made      {service['created'][:10]} by {service['made_by']}",
        f"  expires   {service['expires'][:10]}",
        f"  last use  {(service['last_used'] or 'never')[:16]}",
    ]
    lines += [f"  key       {item['id']}  last use {(item['last_used'] or 'never')[:16]}" for item in service["keys"]]
    lines += [f"  trust     {_trust_line(item)}" for item in service["trusts"]]
    show(service, "\n".join(lines), as_json=as_json)


def _trust_line(trust: dict[str, Any]) -> str:
    said = [f"{trust['subject']}{'…' if trust['subject_prefix'] else ''}"] if trust["subject"] else []
    said += [f"{name}={value}" for name, value in sorted(trust["claims"].items())]
    return f"{trust['id']}  {trust['issuer']}: {', '.join(said)}"


def _line(item: dict[str, Any]) -> str:
    used = (item["last_used"] or "never")[:10]
    flags = f"  [{', '.join(item['flags'])}]" if item["flags"] else ""
    expires = f" until {item['expires'][:10]}" if item["expires"] else ""
    return f"{item['name']:<44} {item['owner'] or 'this installation':<28} last use {used:<10}{expires}{flags}"


def _days(text: str) -> int:
    number = text.removesuffix("d")
    if not number.isdecimal() or int(number) < 1:
        fail({"title": f"'{text[:20]}' is not a number of days", "hint": "write 30d"})
    return int(number)


def _pair(text: str) -> tuple[str, str]:
    name, is_there, value = text.partition("=")
    if not is_there or not name:
        fail({"title": f"'{text[:60]}' is not NAME=VALUE", "hint": "for example --claim ref=refs/heads/main"})
    return name, value


def _document(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError):
        fail({"title": f"{file} is no JSON that can be read", "hint": 'a set of keys looks like {"keys": […]}'})


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
