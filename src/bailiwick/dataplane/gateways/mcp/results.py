"""What a server answers, as it goes on to the app: what is opened of lists, and results with their masks."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bailiwick.core.grants import FieldMask
from bailiwick.core.tool_definitions import definition_of
from bailiwick.dataplane.gateways.mcp.matching import GRANT, Opened, as_approved, masks_of, open_arguments
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.fields import masked

Result = dict[str, Any]
# Of any result (MCP specification, "Result"): how it is to be read, and how long it may be kept.
_OF_ALL = ("resultType", "nextCursor", "ttlMs", "cacheScope")
_SHARED = {"ttlMs": 0, "cacheScope": "private"}
_ASKED_BY = {"sampling/createMessage": "sampling", "elicitation/create": "elicitation", "roots/list": "roots"}
_SERVER = ("name", "title", "version")
_INPUT_REQUIRED = "input_required"
_OF_RESOURCES = ("uri", "uriTemplate", "name", "mimeType", "size")
_BAD_ANSWER, _FORBIDDEN = 502, 403


def asked_by(method: str) -> str:
    """Return what a method of servers asks of an app, as grants have it; empty for one that is not known."""
    return _ASKED_BY.get(method, "")


def shown(method: str, result: Result, opened: Opened, tell_drift: Callable[[str, CallRefusedError], None]) -> Result:
    """Return a result of any method but a call of a tool; raise `CallRefusedError` for what may not go on.

    `tell_drift` hears of tools that are not what somebody approved.
    """
    if result.get("resultType") == _INPUT_REQUIRED:
        return input_wanted(result, opened)
    kept = {name: result[name] for name in _OF_ALL if name in result}
    # What one person may see is not kept for another.
    kept |= {name: value for name, value in _SHARED.items() if name in kept}
    if method == "tools/list":
        return kept | {"tools": _tools(_listed(result, "tools"), opened, tell_drift)}
    made = _SHOWN.get(method)
    return kept | (made(result, opened) if made is not None else {})


def input_wanted(result: Result, opened: Opened) -> Result:
    """Return what a server wants to know first; raise `CallRefusedError` where no access lets it ask."""
    wanted = result.get("inputRequests")
    for item in wanted.values() if isinstance(wanted, dict) else ():
        method = item.get("method") if isinstance(item, dict) else ""
        if asked_by(str(method)) not in opened.asks:
            raise CallRefusedError(
                _FORBIDDEN, f"the server asks for {str(method)[:60]}, which no access opens", deciders=GRANT
            )
    names = ("resultType", "inputRequests", "requestState")
    return {name: result[name] for name in names if name in result}


def called(result: Result, fields: Sequence[FieldMask], tool: Mapping[str, Any] | None, opened: Opened) -> Result:
    """Return the result of a tool, with fields masked; raise `CallRefusedError` where nobody can say what is in it."""
    if result.get("resultType") == _INPUT_REQUIRED:
        return input_wanted(result, opened)
    if not fields:
        names = ("resultType", "content", "structuredContent", "isError")
        return {name: result[name] for name in names if name in result}
    kept = {name: result[name] for name in ("resultType",) if name in result}
    if result.get("isError"):
        text = "the tool failed; what it said is not shown, because some of its fields are not to be seen"
        return kept | {"content": [_text(text)], "isError": True}
    if (tool or {}).get("outputSchema") is not None:
        # Whatever the texts beside it are, what is shown is made of this.
        content = masked(_encoded(result.get("structuredContent")), fields)
        return kept | {"content": [_text(content.decode())], "structuredContent": json.loads(content)}
    return kept | {"content": [_text(masked(_said(block), fields).decode()) for block in _listed(result, "content")]}


def _introduction(result: Result, opened: Opened) -> Result:
    """Return what a server says of itself: not how models are to be instructed, which nobody approved."""
    said = result.get("capabilities")
    offered = said if isinstance(said, dict) else {}
    wanted = {"tools": opened.tools, "resources": opened.resources, "prompts": opened.prompts, "logging": True}
    made: Result = {"capabilities": {name: {} for name, some in wanted.items() if some and name in offered}}
    server = result.get("serverInfo")
    if isinstance(server, dict):
        made["serverInfo"] = {name: str(server[name])[:200] for name in _SERVER if name in server}
    return made | {name: result[name] for name in ("protocolVersion", "supportedVersions") if name in result}


def _tools(
    found: Sequence[Result], opened: Opened, tell_drift: Callable[[str, CallRefusedError], None]
) -> list[Result]:
    made = []
    for tool in found:
        name = tool.get("name")
        grants = opened.tools.get(name, ()) if isinstance(name, str) else ()
        if not grants:
            continue
        try:
            approved = as_approved(grants, tool)
        except CallRefusedError as fault:
            tell_drift(str(name), fault)
            continue
        definition = definition_of(tool)
        names = open_arguments(approved)
        if names is not None:
            definition["inputSchema"] = _narrowed(definition.get("inputSchema"), names)
        if masks_of(approved):
            # A masked value is not of the type that it says.
            definition.pop("outputSchema", None)
        made.append(definition)
    return made


def _narrowed(schema: Any, names: frozenset[str]) -> Any:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return schema
    return {**schema, "properties": {name: item for name, item in properties.items() if name in names}}


def _listed(result: Result, name: str) -> list[Result]:
    found = result.get(name)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise CallRefusedError(_BAD_ANSWER, f"the server's answer has no list of {name}")
    return found


def _said(block: Result) -> bytes:
    """Return the text of a block of content: of a picture or a link nobody could say what is in it."""
    return str(block.get("text", "")).encode() if block.get("type") == "text" else b""


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() if isinstance(value, dict) else b""


def _text(text: str) -> Result:
    return {"type": "text", "text": text}


def _resources(result: Result, opened: Opened) -> Result:
    found = [item for item in _listed(result, "resources") if opened.opens(str(item.get("uri")))]
    return {"resources": [_bare(item, _OF_RESOURCES) for item in found]}


def _templates(result: Result, opened: Opened) -> Result:
    name = "resourceTemplates"
    found = [item for item in _listed(result, name) if opened.template(str(item.get("uriTemplate")))]
    return {name: [_bare(item, _OF_RESOURCES) for item in found]}


def _contents(result: Result, opened: Opened) -> Result:
    found = _listed(result, "contents")
    if not all(opened.opens(str(item.get("uri"))) for item in found):
        raise CallRefusedError(_BAD_ANSWER, "the server answered with another resource", deciders=GRANT)
    return {"contents": found}


def _prompts(result: Result, opened: Opened) -> Result:
    found = [item for item in _listed(result, "prompts") if str(item.get("name")) in opened.prompts]
    return {"prompts": [_bare(item, ("name",)) | _taken(item) for item in found]}


def _bare(item: Result, names: Sequence[str]) -> Result:
    """Return what names a thing: what its server says of it besides, nobody approved, and models would read it."""
    return {name: item[name] for name in names if name in item}


def _taken(prompt: Result) -> Result:
    found = prompt.get("arguments")
    if not isinstance(found, list):
        return {}
    return {"arguments": [_bare(item, ("name", "required")) for item in found if isinstance(item, dict)]}


def _prompt(result: Result, _: Opened) -> Result:
    return {name: result[name] for name in ("description", "messages") if name in result}


_SHOWN: dict[str, Callable[[Result, Opened], Result]] = {
    "initialize": _introduction,
    "server/discover": _introduction,
    "resources/list": _resources,
    "resources/templates/list": _templates,
    "resources/read": _contents,
    "prompts/list": _prompts,
    "prompts/get": _prompt,
}
