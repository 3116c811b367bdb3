"""`bailiwick integration import-mcp`: what an MCP server lists becomes the file that registers what somebody picks."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from bailiwick.core.errors import BailiwickError
from bailiwick.core.grants import ServedGrant, ToolGrant
from bailiwick.core.mcp_listing import Listing, read_listing
from bailiwick.faces.cli.client import call, fail

_MOST_BYTES = 20 * 2**20
_SECONDS = 30.0
_MOST_PAGES = 100


def import_mcp(
    server: Annotated[str, typer.Argument(help="its address, or a file with what it lists as JSON")],
    name: Annotated[str, typer.Option(help="what the integration is called")] = "",
    owner: Annotated[str, typer.Option(help="who answers for it: group:support")] = "",
    pick: Annotated[list[str] | None, typer.Option(help="an access rule to offer; may be given again")] = None,
    token_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="a file with a token for the server")
    ] = None,
    against: Annotated[str, typer.Option(help="a registered integration: what differs from it is marked")] = "",
) -> None:
    """Read what an MCP server lists. Example: bailiwick integration import-mcp https://tickets.example/mcp.

    Without --pick it lists the rules that could be offered: one for each tool, resource and prompt. With it, it writes
    the file for `bailiwick integration register`: read it, say the credential, and register it. A grant holds the
    digest of what each tool says of itself now; when the server changes that, the tool is refused until this was done
    again: --against NAME marks the tools that differ from what is registered.
    """
    import yaml  # noqa: PLC0415 - takes long to load, and few verbs read it

    url = server if server.startswith(("https://", "http://")) else ""
    try:
        found = read_listing(_asked(url, token_file) if url else _read(Path(server)))
        offers = found.pick(pick or ())
    except BailiwickError as fault:
        fail(fault.problem())
    for line in found.left_out:
        typer.echo(f"left out: {line}", err=True)
    if not offers:
        registered = _digests(against) if against else {}
        typer.echo("\n".join(_lines(found, registered)) or "nothing that could be offered")
        return
    document = {
        "name": name or "NAME",
        "kind": "mcp",
        "description": "what it is",
        "owner": owner or "group:OWNER",
        "connections": {
            "production": {"kind": "mcp", "url": url or "https://HOST/mcp", "credential": {"kind": "none"}}
        },
        "offers": {
            rule: [grant.model_dump(mode="json", exclude_defaults=True) for grant in grants]
            for rule, grants in offers.items()
        },
    }
    typer.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), nl=False)


def _lines(found: Listing, registered: dict[str, str]) -> list[str]:
    return [f"{item.rule:<32} {_mark(item.grant, registered)}{item.about[:200]}" for item in found.items]


def _mark(grant: ServedGrant, registered: dict[str, str]) -> str:
    if not isinstance(grant, ToolGrant) or registered.get(grant.tool, grant.digest) == grant.digest:
        return ""
    return "CHANGED since it was registered: "


def _digests(name: str) -> dict[str, str]:
    """Return the digests of the tools that an integration offers, by tool."""
    offers = call("GET", f"/integrations/{quote(name, safe='')}")["offers"]
    return {item["tool"]: item["digest"] for found in offers.values() for item in found if "digest" in item}


def _read(file: Path) -> Any:
    try:
        if file.stat().st_size > _MOST_BYTES:
            fail({"title": f"{file} is larger than {_MOST_BYTES // 2**20} MiB"})
        document = json.loads(file.read_text())
    except (OSError, ValueError, RecursionError):
        fail({"title": f"{file} is no JSON", "hint": 'as in {"tools": [...], "prompts": [...]}'})
    return document if isinstance(document, dict) else {}


def _asked(url: str, token_file: Path | None) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token_file.read_text().strip()}"} if token_file is not None else {}
    try:
        return asyncio.run(_list(url, headers))
    except Exception as fault:
        fail({"title": f"the server at {url} cannot be read ({_innermost(fault)})", "hint": "is the token right?"})


async def _list(url: str, headers: dict[str, str]) -> dict[str, Any]:
    """Return what a server lists, each list whole."""
    import httpx2  # noqa: PLC0415 - large, and few verbs call others
    from mcp import Client  # noqa: PLC0415
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415

    made: dict[str, Any] = {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=_SECONDS) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        offered = client.server_capabilities
        wanted = [("tools", client.list_tools, offered.tools)]
        wanted += [("resources", client.list_resources, offered.resources)]  # type: ignore[list-item]
        wanted += [("resourceTemplates", client.list_resource_templates, offered.resources)]  # type: ignore[list-item]
        wanted += [("prompts", client.list_prompts, offered.prompts)]  # type: ignore[list-item]
        for kind, ask, there in wanted:
            cursor: str | None = None
            made[kind] = []
            for _ in range(_MOST_PAGES if there is not None else 0):
                answer = (await ask(cursor=cursor)).model_dump(mode="json", by_alias=True, exclude_none=True)
                made[kind] += answer.get(kind, [])
                cursor = answer.get("nextCursor")
                if not cursor:
                    break
    return made


def _innermost(fault: BaseException) -> str:
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return type(fault).__name__
