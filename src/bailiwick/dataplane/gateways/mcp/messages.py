"""Messages of JSON-RPC as MCP has them: one at a time, read once, checked, and written anew from what was read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bailiwick.dataplane.gateways.refusals import CallRefusedError

# JSON-RPC 2.0, section 5.1.
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
# Of the codes that servers may choose themselves: what the gateway refuses, or cannot do now.
REFUSED, UNAVAILABLE = -32003, -32004
_DEEPEST = 100
_LONGEST_ID, _LONGEST_METHOD, _LONGEST_WORDS = 200, 100, 500
_BAD, _FORBIDDEN, _NOT_FOUND = 400, 403, 404
Id = str | int
Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """One message. A request has method and id, a notification a method alone, a response an id and `result` or
    `error`.
    """

    method: str = ""
    id: Id | None = None
    params: Params = field(default_factory=dict)
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    @property
    def is_request(self) -> bool:
        """Whether somebody waits for an answer to it."""
        return bool(self.method) and self.id is not None

    @property
    def document(self) -> dict[str, Any]:
        """The message as JSON."""
        made: dict[str, Any] = {"jsonrpc": "2.0"}
        if self.id is not None:
            made["id"] = self.id
        if self.method:
            return made | {"method": self.method, **({"params": self.params} if self.params else {})}
        return made | ({"error": self.error} if self.error is not None else {"result": self.result or {}})

    @property
    def encoded(self) -> bytes:
        """The message as bytes of JSON."""
        return json.dumps(self.document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


class NoMessageError(Exception):
    """Bytes that are no single message of JSON-RPC, or one that could be read in two ways."""


def read_said(data: bytes | str) -> Said:
    """Return a message; raise `NoMessageError` for anything doubtful: names given twice, batches, odd ids."""
    try:
        found = json.loads(data, object_pairs_hook=_once, parse_constant=_no_constant)
        # Half of a pair of surrogates is no text, and what is nested too deeply cannot be written again.
        json.dumps(found, ensure_ascii=False).encode()
        _require_shallow(found, _DEEPEST)
    except (ValueError, RecursionError):
        raise NoMessageError("it is no JSON, names something twice, or is nested too deeply") from None
    if not isinstance(found, dict) or found.get("jsonrpc") != "2.0":
        raise NoMessageError("it is not one message of JSON-RPC 2.0")
    number = found.get("id")
    if not _is_id(number):
        raise NoMessageError("its id is neither a text nor a whole number")
    if "method" in found:
        return Said(_method(found["method"]), number, _object(found, "params"))
    if "error" in found:
        return Said(id=number, error=_object(found, "error"))
    if "result" not in found:
        raise NoMessageError("it neither asks nor answers anything")
    return Said(id=number, result=_object(found, "result"))


def error_to(number: Id | None, code: int, words: str, data: Mapping[str, Any] | None = None) -> Said:
    """Return the answer that something is wrong."""
    error: dict[str, Any] = {"code": code, "message": words[:_LONGEST_WORDS]}
    return Said(id=number, error=error | ({"data": dict(data)} if data else {}))


def refusal_to(number: Id | None, fault: CallRefusedError) -> Said:
    """Return a refusal of the gateway's as an answer: what decided, what to do, and when to come again."""
    data: dict[str, Any] = {"from": "bailiwick", "deciders": list(fault.deciders)}
    if fault.hint:
        data["hint"] = fault.hint
    if fault.retry_seconds:
        data["retry_seconds"] = round(fault.retry_seconds, 3)
    code = {_BAD: INVALID_PARAMS, _FORBIDDEN: REFUSED, _NOT_FOUND: METHOD_NOT_FOUND}.get(fault.status, UNAVAILABLE)
    return error_to(number, code, fault.message, data)


def _method(found: Any) -> str:
    if not isinstance(found, str) or not 0 < len(found) <= _LONGEST_METHOD or not found.isprintable():
        raise NoMessageError("its method is none")
    return found


def _object(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise NoMessageError(f"its {name} are no object")
    return value


def _is_id(number: Any) -> bool:
    if isinstance(number, str):
        return 0 < len(number) <= _LONGEST_ID
    return number is None or (isinstance(number, int) and not isinstance(number, bool))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name is given twice")
    return made


def _require_shallow(value: Any, steps: int) -> None:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if steps <= 0:
        raise ValueError("it is nested too deeply")
    for item in inner:
        if isinstance(item, dict | list):
            _require_shallow(item, steps - 1)


def _no_constant(_: str) -> Any:
    raise ValueError("NaN and Infinity are no JSON")
