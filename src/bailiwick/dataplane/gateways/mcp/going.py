"""A message that was let through, and what of its answer goes back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bailiwick.core.grants import FieldMask
from bailiwick.dataplane.gateways.mcp import results
from bailiwick.dataplane.gateways.mcp.matching import Opened, masks_of, suiting
from bailiwick.dataplane.gateways.mcp.messages import INTERNAL_ERROR, Said, error_to
from bailiwick.dataplane.gateways.refusals import CallRefusedError

# What a server may tell while it works on a message.
_CHANGES = frozenset(
    {
        "notifications/tools/list_changed", "notifications/resources/list_changed",
        "notifications/prompts/list_changed",
    }
)  # fmt: skip
_OF_PROGRESS = ("progressToken", "progress", "total")
_LONGEST_WORDS = 2000


@dataclass(frozen=True, slots=True)
class Going:
    """A message as the server gets it. Where it calls a tool, `tool` is its definition, and `fields` are masked."""

    said: Said
    tool: dict[str, Any] | None = None
    fields: tuple[FieldMask, ...] = ()

    def answered(self, message: Said, opened: Opened, tell_drift: Callable[[str, CallRefusedError], None]) -> Said:
        """Return a result as it goes on; raise `CallRefusedError` for one that may not."""
        result = message.result or {}
        if self.said.method == "tools/call":
            return replace(message, result=results.called(result, self.fields, self.tool, opened))
        return replace(message, result=results.shown(self.said.method, result, opened, tell_drift))

    def failed(self, message: Said) -> Said:
        """Return an error as it goes on: its code, and its words where no field of the answer is hidden."""
        said = message.error or {}
        code = said.get("code")
        words = str(said.get("message", ""))[:_LONGEST_WORDS] if not self.fields else "the tool failed"
        return error_to(self.said.id, code if isinstance(code, int) else INTERNAL_ERROR, words, self._data(said))

    def notified(self, message: Said, opened: Opened) -> Said | None:
        """Return what a server tells besides as it goes on, None for what does not: what could hold hidden fields."""
        params = {name: value for name, value in message.params.items() if name != "_meta"}
        match message.method:
            case "notifications/progress":
                kept = _OF_PROGRESS if opened.hides else (*_OF_PROGRESS, "message")
                return replace(message, params={name: params[name] for name in kept if name in params})
            case "notifications/message":
                return replace(message, params=params) if not opened.hides else None
            case "notifications/resources/updated":
                uri = str(params.get("uri"))
                return Said(message.method, params={"uri": uri}) if opened.opens(uri) else None
            case "notifications/cancelled":
                return Said(message.method, params={"requestId": params.get("requestId")})
            case method if method in _CHANGES:
                return Said(method)
            case _:
                return None

    def _data(self, error: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what clients need of an error to try another version of the protocol."""
        data = error.get("data")
        known = (
            {name: data[name] for name in ("supported", "requested") if name in data} if isinstance(data, dict) else {}
        )
        return known or None


def judged(
    said: Said, opened: Opened, tools: Mapping[str, dict[str, Any]], attributes: Mapping[str, str] | None
) -> Going:
    """Return a message as it goes on; raise `CallRefusedError` when no access opens it.

    `tools` are those of the server now, `attributes` those of the person behind the call, None where there is none.
    """
    match said.method:
        case "tools/call":
            name = str(said.params.get("name", ""))
            grants = suiting(opened.tool(name), tools.get(name), said.params.get("arguments", {}), attributes)
            return Going(said, tools.get(name), masks_of(grants))
        case "resources/read":
            opened.resource(str(said.params.get("uri", "")))
        case "prompts/get":
            opened.prompt(str(said.params.get("name", "")), said.params.get("arguments", {}))
    return Going(said)
