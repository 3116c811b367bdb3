"""Business systems on the command line."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from bailiwick.core.grants import OFFER
from bailiwick.core.limit_words import limit_words, pressure_words
from bailiwick.core.messages import IntegrationLimits, LimitsReport
from bailiwick.core.reach_words import offer_words
from bailiwick.faces.cli import grant_drafts
from bailiwick.faces.cli.client import call, fail, show
from bailiwick.faces.cli.day_use import day_use_of
from bailiwick.faces.cli.files import read_yaml
from bailiwick.faces.cli.mcp_servers import import_mcp
from bailiwick.faces.cli.openapi import import_openapi
from bailiwick.faces.cli.options import Json

integration = typer.Typer(help="Business systems that apps may be granted.", no_args_is_help=True)


@integration.command("list")
def list_integrations(as_json: Json = False) -> None:
    """List integrations and what may be asked of them."""
    found = call("GET", "/integrations")
    lines = [
        f"{item['name']:<20} {'on ' if item['enabled'] else 'OFF'}  {', '.join(item['offers'])}"
        for item in found["integrations"]
    ]
    show(found, "\n".join(lines) or "none that you may see", as_json=as_json)


@integration.command("show")
def show_integration(name: str, as_json: Json = False) -> None:
    """Show where an integration is and what each access of it opens. Example: bailiwick integration show crm."""
    found = call("GET", f"/integrations/{name}")
    lines = [f"{found['name']} ({found['kind']}): {found['description']}", f"owner {found['owner']}"]
    lines += [f"for apps of the folder {found['folder']} only"] if found["folder"] else []
    lines += [] if found["enabled"] else [f"OFF for every app: {found['off']}"]
    lines += [f"{plane:<12} {_place(item)}" for plane, item in sorted(found["connections"].items())]
    lines += [
        f"{plane:<12} sends {hook} by itself, signed as {said['scheme']} with {said['secret']}"
        for plane, place in sorted(found["connections"].items())
        for hook, said in sorted(place.get("webhooks", {}).items())
    ]
    for rule, offers in sorted(found["offers"].items()):
        lines += [rule, *(f"  {words}" for words in map(_opened, offers))]
    lines += ["limits", *(f"  {words}" for words in limit_words(IntegrationLimits.model_validate(found["limits"])))]
    for plane, report in sorted(found["planes"].items()):
        lines += [f"  {words}" for words in pressure_words(plane, LimitsReport.model_validate(report))]
    lines += day_use_of(found)
    show(found, "\n".join(lines), as_json=as_json)


@integration.command()
def limit(
    name: str,
    changes: Annotated[
        list[str], typer.Argument(help="as app.rate=600/min, person.at_once=5, reserve=0.2; NAME= unset")
    ],
    trial: Annotated[bool, typer.Option("--try", help="change nothing: say what it would have refused")] = False,
    hours: Annotated[int, typer.Option(help="with --try: of how many hours, 168 at most")] = 24,
) -> None:
    """Change how much may go through, at once. Example: bailiwick integration limit crm app.rate=600/min --try.

    Limits are those of `everybody`, each `app` and each `person`: a rate and at_once; wait_seconds and reserve;
    repeats.most and repeats.share; breaker.failures, share, calls and open_seconds.
    """
    limits: dict[str, Any] = call("GET", f"/integrations/{quote(name, safe='')}")["limits"]
    for change in changes:
        path, equals, value = change.partition("=")
        *parts, last = path.split(".")
        inner = limits
        for part in parts:
            inner = inner.get(part) if isinstance(inner, dict) else None  # type: ignore[assignment]
        if not equals or not isinstance(inner, dict):
            fail({"title": f"'{change[:80]}' changes no limit", "hint": "app.rate=600/min"})
        inner[last] = value
        if not value:
            del inner[last]
    address = f"/integrations/{quote(name, safe='')}/limits"
    if trial:
        typer.echo(_trial_words(call("POST", f"{address}/trial", json=limits, params={"hours": hours}), hours))
        return
    done = call("PUT", address, json=limits)
    typer.echo("\n".join(limit_words(IntegrationLimits.model_validate(done["limits"]))))


def _trial_words(found: dict[str, Any], hours: int) -> str:
    """Say what limits would have done; how many calls are under way at once is not tried."""
    lines = [
        f"of {found['calls']:,} calls in {hours} h {found['refused']:,} would have been refused,"
        f" {found['waited']:,} would have waited, {found['longest_wait_seconds']:g} s at most; nothing is changed",
        *(f"  {one['calls']:>8,}  by the limit of {one['scope']} {one['who']}".rstrip() for one in found["by"]),
    ]
    return "\n".join(lines)


@integration.command("register")
def register_integration(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Register a business system from a YAML file, or change one. Example: bailiwick integration register crm.yaml.

    The file says name, kind (postgresql, mysql, sqlite, duckdb, bigquery, snowflake, http, mcp or smtp), description,
    owner, connections by plane, and offers: what each access that a manifest may ask for opens; and limits, where
    others than the usual ones hold. Secrets are named in it, and stored before: bailiwick secret put. With a connector
    (bailiwick connector list)
    it says which access of it is offered, and the rest comes from there.
    """
    body = read_yaml(file)
    name = str(body.pop("name", ""))
    if not name:
        fail({"title": f"{file} does not say the name of the integration", "hint": "name: orders-db"})
    if _masks_with_nothing(body.get("offers")):
        fail({"title": "a mask is nothing at all, which would show the column", "hint": 'mask: "null", in quotes'})
    made = "/from-connector" if "connector" in body else ""
    done = call("PUT", f"/integrations/{quote(name, safe='')}{made}", json=body)
    typer.echo(f"{done['name']}: registered, it offers {', '.join(done['offers'])}")


def _masks_with_nothing(value: object) -> bool:
    """Return whether somebody wrote `mask: null` without quotes, which YAML takes for no mask."""
    if isinstance(value, list):
        return any(map(_masks_with_nothing, value))
    if not isinstance(value, dict):
        return False
    return ("mask" in value and value["mask"] is None) or any(map(_masks_with_nothing, value.values()))


def _place(connection: dict[str, Any]) -> str:
    if connection["kind"] in {"http", "mcp"}:
        credential = connection["credential"]
        shown = f"{credential['kind']}: {credential['secret']}" if credential.get("secret") else credential["kind"]
        shown = shown if credential["kind"] != "none" else "no credential"
        return f"{connection['url']}  {shown}"
    if connection["kind"] == "smtp":
        account = connection["credential"].get("user", "nobody")
        return f"{connection['host']}:{connection['port']} ({connection['security']}) as {account}"
    if connection["kind"] == "bigquery":
        return f"{connection['project']}.{connection['dataset']} as {connection['issuer']}"
    if connection["kind"] == "snowflake":
        where = f"{connection['account_name']} {connection['database']}.{connection['namespace']}"
        return f"{where} as {connection['user']}"
    if "path" in connection:
        return f"{connection['path']}  {'read and written' if connection['writable'] else 'read only'}"
    return f"{connection['host']}:{connection['port']}/{connection['database']} as {connection['user']}"


def _opened(offer: dict[str, Any]) -> str:
    found = OFFER.validate_python(offer)
    return offer_words("", found)[2:]


@integration.command()
def enable(name: str, reason: Annotated[str, typer.Option("--reason")] = "") -> None:
    """Switch an integration on."""
    call("PUT", f"/integrations/{name}/enabled", json={"enabled": True, "reason": reason})
    typer.echo(f"{name} is on")


@integration.command()
def disable(name: str, reason: Annotated[str, typer.Option("--reason")] = "") -> None:
    """Switch an integration off for every app at once. Example: bailiwick integration disable orders-db --reason …."""
    call("PUT", f"/integrations/{name}/enabled", json={"enabled": False, "reason": reason})
    typer.echo(f"{name} is off")


@integration.command()
def classify(
    name: str,
    columns: Annotated[
        list[str], typer.Argument(help="TABLE.COLUMN=CLASS, or /PATH#FIELD=CLASS; nothing after = takes a class away")
    ],
) -> None:
    """Say which class of data columns hold. Example: bailiwick integration classify orders-db orders.email=customer.

    Reviews hold apps to it: what a grant brings, a manifest names under data_classes.
    """
    pairs = [column.partition("=") for column in columns]
    if not all(equals for _, equals, _ in pairs):
        raise typer.BadParameter("each is TABLE.COLUMN=CLASS")
    body = {"columns": {column: found for column, _, found in pairs}}
    done = call("PUT", f"/integrations/{name}/data-classes", json=body)
    lines = [f"{column:<40} {found}" for column, found in sorted(done["data_classes"].items())]
    typer.echo("\n".join(lines) or f"{name}: no column has a class")


integration.command("import")(import_openapi)
integration.command("import-mcp")(import_mcp)
grant_drafts.register(integration)
