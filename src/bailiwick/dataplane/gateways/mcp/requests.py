"""What an app asks of a server, as it goes on: methods that are known, with the parameters that are known of each."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bailiwick.core.grants import Asked
from bailiwick.dataplane.gateways.mcp.matching import GRANT, Opened
from bailiwick.dataplane.gateways.mcp.messages import Params, Said
from bailiwick.dataplane.gateways.refusals import CallRefusedError

# What each request may say, besides `_meta`; all else is asked of no server.
_REQUESTS: Mapping[str, frozenset[str]] = {
    "initialize": frozenset({"protocolVersion", "capabilities", "clientInfo"}),
    "server/discover": frozenset(),
    "ping": frozenset(),
    "tools/list": frozenset({"cursor"}),
    "tools/call": frozenset({"name", "arguments", "inputResponses", "requestState"}),
    "resources/list": frozenset({"cursor"}),
    "resources/templates/list": frozenset({"cursor"}),
    "resources/read": frozenset({"uri", "inputResponses", "requestState"}),
    "prompts/list": frozenset({"cursor"}),
    "prompts/get": frozenset({"name", "arguments", "inputResponses", "requestState"}),
    "logging/setLevel": frozenset({"level"}),
}
_NOTIFICATIONS: Mapping[str, frozenset[str]] = {
    "notifications/initialized": frozenset(),
    "notifications/cancelled": frozenset({"requestId"}),
    "notifications/roots/list_changed": frozenset(),
}
# In each message of a client of the version 2026-07-28 and later, which has no sessions.
_OF_THE_CLIENT = "io.modelcontextprotocol/"
VERSION, _CAPABILITIES = f"{_OF_THE_CLIENT}protocolVersion", f"{_OF_THE_CLIENT}clientCapabilities"
_META = ("progressToken", VERSION, f"{_OF_THE_CLIENT}clientInfo", f"{_OF_THE_CLIENT}logLevel")
_ASKED: tuple[Asked, ...] = ("sampling", "elicitation", "roots")
_VERSION_FORM = re.compile(r"[0-9a-zA-Z.-]{1,40}")
_LONGEST_TEXT = 4000
_BAD, _NOT_FOUND, _FORBIDDEN = 400, 404, 403
# What stands in a header as it is; other values are wrapped in base64 (MCP specification, "Custom headers").
_PLAIN = re.compile(r"[!-~]([ -~]*[!-~])?|")
_WRAPPED = re.compile(r"=\?base64\?.*\?=")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,60}")
_NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


@dataclass(frozen=True, slots=True)
class Era:
    """How a client speaks: `version` as it says, which is `stateless` from 2026-07-28 on."""

    version: str
    stateless: bool


def version_of(result: Mapping[str, Any]) -> str:
    """Return the version that a server agreed to, as it stands in headers; empty for one that could not stand there."""
    found = result.get("protocolVersion")
    return found if isinstance(found, str) and _VERSION_FORM.fullmatch(found) else ""


def era_of(said: Said, header: str) -> Era:
    """Return how a message is meant; raise `CallRefusedError` where it says two things about that."""
    meta = said.params.get("_meta")
    own = meta.get(VERSION) if isinstance(meta, dict) else None
    if own is None:
        return Era(header, False)
    if not isinstance(own, str) or not _VERSION_FORM.fullmatch(own) or header != own:
        raise CallRefusedError(_BAD, "the version of the protocol in header and message differ")
    return Era(own, True)


def cleaned(said: Said, opened: Opened) -> Said:
    """Return a message as it goes on; raise `CallRefusedError` for a method or a parameter that is not known."""
    known = (_REQUESTS if said.is_request else _NOTIFICATIONS).get(said.method)
    if known is None:
        raise CallRefusedError(_NOT_FOUND, f"{said.method} is not passed on")
    unknown = sorted(set(said.params) - known - {"_meta"})
    if unknown:
        raise CallRefusedError(_BAD, f"{said.method} has no {unknown[0][:80]} here")
    params: Params = {name: value for name, value in said.params.items() if name != "_meta"}
    for name in ("cursor", "uri", "name", "protocolVersion", "requestState"):
        if name in params and not (isinstance(params[name], str) and len(params[name]) <= _LONGEST_TEXT):
            raise CallRefusedError(_BAD, f"{name} is no text, or too long")
    if not isinstance(params.get("arguments", {}), dict):
        raise CallRefusedError(_BAD, "the arguments are no object")
    if params.get("inputResponses") and not opened.asks:
        raise CallRefusedError(_FORBIDDEN, "no access opens answering what the server asks", deciders=GRANT)
    if said.method == "initialize":
        params["capabilities"] = _capabilities(params.get("capabilities"), opened)
        params["clientInfo"] = _client(params.get("clientInfo"))
    meta = _meta(said.params.get("_meta"), opened)
    return replace(said, params=params | ({"_meta": meta} if meta else {}))


def own(method: str, number: str, params: Params, era: Era) -> Said:
    """Return a request of the gateway's own, in the way of a client of an era."""
    client = {"name": "bailiwick", "version": "1"}
    meta = {VERSION: era.version, f"{_OF_THE_CLIENT}clientInfo": client, _CAPABILITIES: {}}
    return Said(method, number, params | ({"_meta": meta} if era.stateless else {}))


def headers_of(said: Said, era: Era, tool: Mapping[str, Any] | None) -> list[tuple[bytes, bytes]]:
    """Return the headers that say again what is in the body, for a client of an era that has them: made of the body,
    so that nobody on the way reads another call than the server does.
    """
    headers = [(b"mcp-protocol-version", era.version.encode())] if era.version else []
    if not era.stateless:
        return headers
    headers.append((b"mcp-method", said.method.encode()))
    name = said.params.get(_NAMED_BY.get(said.method, ""))
    if isinstance(name, str):
        headers.append((b"mcp-name", _header_value(name)))
    for argument, token in _mirrored((tool or {}).get("inputSchema")):
        value = said.params.get("arguments", {}).get(argument)
        if isinstance(value, str | int):
            text = ("true" if value else "false") if isinstance(value, bool) else str(value)
            headers.append((b"mcp-param-" + token.encode(), _header_value(text)))
    return headers


def _mirrored(schema: Any) -> list[tuple[str, str]]:
    """Return the arguments that a tool wants in headers, too, by the name of the header."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    found = []
    for name, item in (properties or {}).items() if isinstance(properties, dict) else ():
        token = item.get("x-mcp-header") if isinstance(item, dict) else None
        if isinstance(token, str) and _TOKEN.fullmatch(token):
            found.append((str(name), token))
    return found


def _header_value(text: str) -> bytes:
    if _PLAIN.fullmatch(text) and not _WRAPPED.fullmatch(text):
        return text.encode()
    return b"=?base64?%b?=" % base64.b64encode(text.encode("utf-8", "replace"))


def _meta(given: Any, opened: Opened) -> dict[str, Any]:
    """Return what goes along of what a client says beside the parameters: nothing that names a person or a trace."""
    if not isinstance(given, dict):
        return {}
    kept = {name: given[name] for name in _META if name in given}
    token = kept.get("progressToken")
    if token is not None and not isinstance(token, str | int):
        raise CallRefusedError(_BAD, "the token of progress is neither a text nor a number")
    client = f"{_OF_THE_CLIENT}clientInfo"
    if client in kept:
        kept[client] = _client(kept[client])
    if _CAPABILITIES in given:
        kept[_CAPABILITIES] = _capabilities(given[_CAPABILITIES], opened)
    return kept


def _capabilities(given: Any, opened: Opened) -> dict[str, Any]:
    """Return what the client says that servers may ask it, as far as that is opened."""
    said = given if isinstance(given, dict) else {}
    return {name: said[name] for name in _ASKED if name in opened.asks and isinstance(said.get(name), dict)}


def _client(given: Any) -> dict[str, str]:
    said = given if isinstance(given, dict) else {}
    return {name: str(said.get(name, "unknown"))[:200] for name in ("name", "version")}
