"""What the door for agents says of its tools, signed: whoever was shown something else can find out.

Descriptions are read by models as instructions are. They are the same for everybody, so that one statement about them
can be checked by anybody, with the keys that releases are checked with.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bailiwick.core.events import canonical_json
from bailiwick.core.statements import Envelope, Keyring, SignatureError, Statement, open_statement
from bailiwick.core.tool_definitions import digest_of

TOOL_LISTING = "https://bailiwick.example/attestations/mcp-tool-listing/v1"
_SUBJECT = "mcp-tools"


def listing_statement(server: str, instructions: str, tools: Sequence[Mapping[str, Any]]) -> Statement:
    """Return the statement about what a server (its address) tells every client: instructions and tools, as listed."""
    digests = {str(tool["name"]): digest_of(tool) for tool in tools}
    told = {"server": server, "instructions": _digest(instructions.encode()), "tools": digests}
    return Statement(TOOL_LISTING, {_SUBJECT: {"sha256": _digest(canonical_json(told))}}, told)


def listing_faults(
    envelope: Envelope, ring: Keyring, server: str, tools: Sequence[Mapping[str, Any]], instructions: str | None = None
) -> list[str]:
    """Return what of a listing is not as it was signed, in words; raise `SignatureError` where nothing was signed so.

    Instructions are looked at where they are given: not every client shows them.
    """
    signed = open_statement(envelope, ring, TOOL_LISTING).predicate
    known = signed.get("tools")
    if not isinstance(known, dict) or signed.get("server") != server:
        raise SignatureError(f"the statement is about the tools of {signed.get('server')!s:.200}, not of {server}")
    faults = []
    seen: set[str] = set()
    for tool in tools:
        name = str(tool.get("name", ""))[:128]
        if name not in known:
            faults.append(f"{json.dumps(name)} is no tool of this server")
        elif name in seen:
            faults.append(f"{name} is listed twice")
        elif digest_of(tool) != known[name]:
            faults.append(f"{name} says something else than what was signed")
        seen.add(name)
    faults += [f"{name} is missing" for name in sorted(set(known) - seen)]
    if instructions is not None and _digest(instructions.encode()) != signed.get("instructions"):
        faults.append("the server's instructions are not those that were signed")
    return faults


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
