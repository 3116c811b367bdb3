"""Connectors on the command line: descriptions of systems that many companies have."""

from typing import Any

import typer

from bailiwick.core.grants import RequestGrant
from bailiwick.core.reach_words import request_words
from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json

# What a credential of a kind says of whoever registers it.
_OWN = {
    "aws-sigv4": {"access_key_id": "ACCESS_KEY_ID"},
    "client-credentials": {"client": "CLIENT"},
    "jwt-bearer": {"issuer": "SERVICE_ACCOUNT"},
    "person": {"client": "CLIENT"},
}
app = typer.Typer(help="Systems that many companies have, as integrations are made of them.", no_args_is_help=True)


@app.command("list")
def list_connectors(as_json: Json = False) -> None:
    """List them. Example: bailiwick connector list."""
    found = call("GET", "/connectors")
    lines = [f"{item['name']:<16} {item['about']}" for item in found["connectors"]]
    show(found, "\n".join(lines), as_json=as_json)


@app.command("show")
def show_connector(name: str, as_json: Json = False) -> None:
    """Show what one opens, and the file that registers it. Example: bailiwick connector show slack."""
    found = call("GET", f"/connectors/{name}")
    lines = [f"{found['title']}: {found['about']}", f"{found['url']}  {found['docs']}", *found["notes"]]
    for rule, access in sorted(found["access"].items()):
        scopes = f" (scopes {', '.join(access['scopes'])})" if access["scopes"] else ""
        lines += [f"{rule}: {access['about']}{scopes}"]
        lines += [f"  {request_words('', RequestGrant.model_validate(item))[2:]}" for item in access["requests"]]
        lines += [f"  {field} is {of}" for field, of in sorted(access["classes"].items())]
    lines += ["", "to register it, with one of the credentials " + ", ".join(sorted(found["credentials"])) + ":"]
    show(found, "\n".join([*lines, *_example(found)]), as_json=as_json)


def _example(found: dict[str, Any]) -> list[str]:
    """Return the file that registers an integration, as far as the connector can know it."""
    import yaml  # noqa: PLC0415 - takes long to load, and few verbs read it

    kind = min(found["credentials"])
    place: dict[str, Any] = {"values": dict(found["variables"])} if found["variables"] else {}
    place["credential"] = {"kind": kind, **_OWN.get(kind, {}), **({"secret": "SECRET"} if kind != "none" else {})}
    document = {
        "name": found["name"],
        "connector": found["name"],
        "owner": "group:it",
        "access": sorted(found["access"]),
        **({"values": dict(found["chosen"])} if found["chosen"] else {}),
        "connections": {"production": place},
    }
    return [f"  {line}" for line in yaml.safe_dump(document, sort_keys=False).splitlines()]
