"""Makes what Microsoft Entra sends into what RFC 7644 says: only forms that can mean one thing are touched.

Entra's habits are described at
https://learn.microsoft.com/en-us/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility
"""

import re
from collections.abc import Mapping
from typing import Any

_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_MANAGER = f"{_ENTERPRISE}:manager".lower()
_BOOLEANS = {"true": True, "false": False}
_BOOLEAN_NAMES = frozenset({"active", "primary"})
# A value without quotes that is neither a literal of JSON nor a number.
_UNQUOTED = re.compile(
    r"\s*(\S+)\s+(eq|ne|co|sw|ew)\s+(?!true\s*$|false\s*$|null\s*$|-?\d+(?:\.\d+)?\s*$)([^\s\"()\[\]]+)\s*", re.I
)


def mend_filter(text: str) -> str:
    """Return a filter with the quotes that a lone comparison lacks, as in `userName eq alice@example.com`."""
    match = _UNQUOTED.fullmatch(text)
    return text if match is None else f'{match[1]} {match[2]} "{match[3]}"'.replace("\\", "\\\\")


def mend_body(body: Any) -> Any:
    """Return the JSON of a request as it is meant."""
    if not isinstance(body, dict):
        return body
    return {key: _mend_top(key, value) for key, value in body.items()}


def _mend_top(key: str, value: Any) -> Any:
    lower = key.lower()
    if lower == "operations" and isinstance(value, list):
        return [_mend_operation(item) for item in value]
    return _mend_attribute(lower, value)


def _mend_operation(operation: Any) -> Any:
    """Mend one operation of a PATCH, or of a bulk request, whose data is a body of its own."""
    if not isinstance(operation, dict):
        return operation
    named = {key.lower(): key for key in operation}
    mended = dict(operation)
    if "data" in named:
        mended[named["data"]] = mend_body(operation[named["data"]])
    if "value" not in named:
        return mended
    path, value = operation.get(named.get("path", "path")), operation[named["value"]]
    if isinstance(path, str) and path:
        mended[named["value"]] = _mend_attribute(path.lower().strip(), value)
    elif isinstance(value, dict):
        mended[named["value"]] = {key: _mend_attribute(key.lower(), item) for key, item in value.items()}
    return mended


def _mend_attribute(path: str, value: Any) -> Any:
    last = re.split(r"[.:]", path)[-1]
    if last in _BOOLEAN_NAMES and isinstance(value, str):
        return _BOOLEANS.get(value.lower(), value)
    if last == "members":
        entries = value if isinstance(value, list) else [value]
        return [{"value": item} if isinstance(item, str) else item for item in entries if item is not None]
    if path in {"manager", _MANAGER}:
        return _manager(value)
    if path == _ENTERPRISE.lower() and isinstance(value, Mapping):
        return {key: _manager(item) if key.lower() == "manager" else item for key, item in value.items()}
    if isinstance(value, list):
        return [_mend_entry(item) for item in value]
    return value


def _mend_entry(entry: Any) -> Any:
    """Mend `"primary": "True"` in one of several values."""
    if not isinstance(entry, dict):
        return entry
    return {
        key: _BOOLEANS.get(item.lower(), item) if key.lower() == "primary" and isinstance(item, str) else item
        for key, item in entry.items()
    }


def _manager(value: Any) -> Any:
    """Return a manager as an object that also refers to the user, which the schema demands (RFC 7643, section 4.3)."""
    if isinstance(value, str):
        value = {"value": value} if value else None
    if isinstance(value, dict) and isinstance(value.get("value"), str) and "$ref" not in value:
        return {**value, "$ref": f"Users/{value['value']}"}
    return value
