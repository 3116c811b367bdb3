"""`bailiwick integration import`: an OpenAPI document becomes the file that registers what somebody picks of it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.core.errors import BailiwickError
from bailiwick.core.openapi import Described, read_openapi
from bailiwick.faces.cli.client import fail
from bailiwick.faces.cli.files import read_yaml

_MOST_BYTES = 20 * 2**20


def import_openapi(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="an OpenAPI document of version 3")],
    name: Annotated[str, typer.Option(help="what the integration is called")] = "",
    owner: Annotated[str, typer.Option(help="who answers for it: group:sales-it")] = "",
    pick: Annotated[list[str] | None, typer.Option(help="an access rule to offer; may be given again")] = None,
    url: Annotated[str, typer.Option(help="where it is; what the document says otherwise")] = "",
    hide: Annotated[list[str] | None, typer.Option(help="a class of data whose fields stay hidden")] = None,
) -> None:
    """Read an OpenAPI document. Example: bailiwick integration import crm.yaml --pick contacts:read > integration.yaml.

    Without --pick it lists the rules that could be offered: those of each tag, and each operation by itself. With it,
    it writes the file for `bailiwick integration register`: read it, say the credential, and register it.
    """
    import yaml  # noqa: PLC0415 - takes long to load, and few verbs read it

    try:
        found = read_openapi(read_yaml(file, _MOST_BYTES))
        offers = found.pick(tuple(pick or ()))
    except BailiwickError as fault:
        fail(fault.problem())
    for line in found.left_out:
        typer.echo(f"left out: {line}", err=True)
    if not offers:
        typer.echo("\n".join(_lines(found)) or "nothing that could be offered")
        return
    shown: dict[str, Any] = {
        rule: [
            {
                **grant.model_dump(mode="json", exclude_defaults=True, exclude={"methods"}),
                "methods": sorted(grant.methods),
                **({"hide": list(hide)} if hide else {}),
            }
            for grant in grants
        ]
        for rule, grants in offers.items()
    }
    document = {
        "name": name or "NAME",
        "kind": "http",
        "description": found.title or "what it is",
        "owner": owner or "group:OWNER",
        "connections": {"production": {"kind": "http", "url": url or _server(found), "credential": {"kind": "none"}}},
        "offers": shown,
    }
    typer.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), nl=False)


def _server(found: Described) -> str:
    return found.server if found.server.startswith("http") else f"https://HOST{found.server}"


def _lines(found: Described) -> list[str]:
    return [
        f"{rule:<32} {', '.join(f'{min(item.grant.methods)} {item.grant.path}' for item in operations)[:200]}"
        for rule, operations in found.rules.items()
    ]
