"""Tools of MCP servers as they define them: what of a definition counts, its digest, and whether arguments suit it.

A server may change what a tool says of itself at any time, and a model reads it as it reads instructions. So a grant
names the digest of what somebody looked at, and another definition is another tool.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from bailiwick.core.events import canonical_json

# All that clients and models are shown of a tool (MCP specification, "Tool"); the rest is left out, also of answers.
_COUNTS = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")
_DEEPEST = 20
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def definition_of(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return what counts of a tool as its server lists it."""
    return {name: tool[name] for name in _COUNTS if tool.get(name) is not None}


def digest_of(tool: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of what counts of a tool; raise `ValueError` for what is no JSON."""
    return hashlib.sha256(canonical_json(definition_of(tool))).hexdigest()


def argument_fault(schema: Any, arguments: Mapping[str, Any]) -> str:
    """Return what is wrong with the arguments of a call by the schema of a tool, empty for nothing.

    Types, what is required, listed values and properties are looked at, and none may be given that the schema does not
    list. Patterns and alternatives are left to the server: they could take as long as they like here.
    """
    if not isinstance(schema, dict):
        return "the tool has no schema"
    unknown = sorted(set(arguments) - set(_properties(schema)))
    if unknown:
        return f"the tool has no argument {unknown[0][:80]}"
    return _fault(schema, dict(arguments), "", _DEEPEST)


def _fault(schema: Any, value: Any, where: str, steps: int) -> str:
    if steps <= 0:
        return "the arguments are nested too deeply"
    if not isinstance(schema, dict):
        return f"{where} is not taken" if schema is False else ""
    fault = _type_fault(schema.get("type"), value, where) or _value_fault(schema, value, where)
    if fault or not isinstance(value, dict | list):
        return fault
    if isinstance(value, dict):
        return _object_fault(schema, value, where, steps)
    return next(filter(None, (_fault(schema.get("items"), item, where, steps - 1) for item in value)), "")


def _value_fault(schema: Mapping[str, Any], value: Any, where: str) -> str:
    listed = schema.get("enum")
    if isinstance(listed, list) and not any(_same(value, item) for item in listed):
        return f"{where or 'the value'} is none of the values that the tool takes"
    if "const" in schema and not _same(value, schema["const"]):
        return f"{where or 'the value'} is not the value that the tool takes"
    return ""


def _object_fault(schema: Mapping[str, Any], value: Mapping[str, Any], where: str, steps: int) -> str:
    required = schema.get("required")
    names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    missing = [name for name in names if name not in value]
    if missing:
        return f"the argument {_within(where, missing[0])} is missing"
    properties = _properties(schema)
    for name, item in value.items():
        if name not in properties and schema.get("additionalProperties") is False:
            return f"the tool has no argument {_within(where, name)}"
        fault = _fault(properties.get(name), item, _within(where, name), steps - 1)
        if fault:
            return fault
    return ""


def _type_fault(wanted: Any, value: Any, where: str) -> str:
    names = [wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, list) else []
    if not names or any(_is_of(str(name), value) for name in names):
        return ""
    return f"{where or 'the value'} is no {' or '.join(map(str, names))[:80]}"


def _is_of(name: str, value: Any) -> bool:
    # Python counts booleans among numbers, JSON does not; 1.0 is an integer there.
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES.get(name, ()))


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def _within(where: str, name: str) -> str:
    return f"{where}.{name[:80]}" if where else name[:80]
