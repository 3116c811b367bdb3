"""`bailiwick agent verify-tools`: checks that what agents are told of the tools is what the platform signed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx2
import typer

from bailiwick.core.statements import Keyring, SignatureError, read_envelope
from bailiwick.core.tool_listing import listing_faults
from bailiwick.core.trust import read_keys, trusted_at
from bailiwick.faces.cli import credentials
from bailiwick.faces.cli.client import AGENT, fail, fetch, server_url, show, token
from bailiwick.faces.cli.options import Json

# As the server has it; it is not imported from there, as that loads the whole control plane.
LISTING_PATH = "/.well-known/bailiwick/mcp-tools"
_THEIR_KEYS = "the keys came from the one who is checked: keep them beside you, and give --keys"
_ACCEPTS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
_VERSION = "2025-06-18"


def verify_tools(
    listing: Annotated[
        Path | None, typer.Option(help="what a client was told (the result of tools/list), instead of asking")
    ] = None,
    keys: Annotated[Path | None, typer.Option(help="the keys to trust, from: bailiwick key list --json")] = None,
    as_json: Json = False,
) -> None:
    """Check the descriptions of the tools for agents. Exit code 0 as signed, 1 not.

    Examples: bailiwick agent verify-tools; bailiwick agent verify-tools --listing tools.json --keys keys.json
    """
    server = server_url()
    try:
        envelope = read_envelope(_get(f"{server}{LISTING_PATH}"))
        ring = _release_keys(keys)
        tools, instructions = _told(listing, f"{server}/mcp")
        faults = listing_faults(envelope, ring, f"{server}/mcp", tools, instructions)
    except SignatureError as fault:
        faults = [fault.message]
    if faults:
        words = "\n".join(["NOT AS SIGNED", *(f"  {fault}" for fault in faults)])
        show({"verified": False, "faults": faults}, words, as_json=as_json)
        raise typer.Exit(1)
    lines = [f"as signed: {len(tools)} tools of {server}/mcp", *([] if keys is not None else [_THEIR_KEYS])]
    show({"verified": True, "tools": [str(tool["name"]) for tool in tools]}, "\n".join(lines), as_json=as_json)


def _release_keys(file: Path | None) -> Keyring:
    if file is None:
        return trusted_at(read_keys(fetch("/signing-keys")).keys, datetime.now(UTC)).release
    try:
        return trusted_at(read_keys(file.read_bytes()).keys, datetime.now(UTC)).release
    except OSError as fault:
        fail({"title": f"{file} cannot be read: {fault.strerror}"})


def _told(file: Path | None, door: str) -> tuple[list[dict[str, Any]], str | None]:
    """Return the tools and instructions that a file holds, or the door tells; no instructions where none are known."""
    if file is None:
        hello = {"protocolVersion": _VERSION, "capabilities": {}, "clientInfo": {"name": "bailiwick", "version": "1"}}
        said = _ask(door, "initialize", hello)
        return _tools(_ask(door, "tools/list", {})), str(said.get("instructions", ""))
    try:
        found = json.loads(file.read_text())
    except OSError as fault:
        fail({"title": f"{file} cannot be read: {fault.strerror}"})
    except ValueError:
        fail({"title": f"{file} is no JSON", "hint": "it holds the result of tools/list"})
    return _tools(found.get("result", found) if isinstance(found, dict) else found), None


def _tools(told: Any) -> list[dict[str, Any]]:
    found = told.get("tools") if isinstance(told, dict) else told
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        fail({"title": "this is no list of tools", "hint": "the result of tools/list has them under `tools`"})
    return found


def _ask(door: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
    headers = {**_ACCEPTS, **AGENT, "authorization": f"Bearer {token(credentials.MCP)}"}
    if method != "initialize":
        headers["mcp-protocol-version"] = _VERSION
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    try:
        answer = httpx2.post(door, json=body, headers=headers, timeout=60)
        answer.raise_for_status()
        return dict(answer.json()["result"])
    except (httpx2.HTTPError, ValueError, KeyError, TypeError):
        fail({"title": f"{door} does not answer as it should", "hint": "is the token good for the door mcp?"})


def _get(url: str) -> bytes:
    try:
        answer = httpx2.get(url, headers=AGENT, timeout=60)
        answer.raise_for_status()
    except httpx2.HTTPError:
        fail({"title": f"{url} does not answer", "hint": "is the server running, and of this version?"})
    return answer.content
