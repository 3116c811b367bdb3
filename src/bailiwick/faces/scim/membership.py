"""Recognises a PATCH that only adds and removes members of a group: it need not read, check and write all the others.

Directories send such requests all the time, to groups of tens of thousands too, often one operation for each member.
"""

import re
from collections.abc import Mapping
from typing import Any

_PATCH = "urn:ietf:params:scim:api:messages:2.0:patchop"
# The one filter that directories use: members[value eq "user_…"] (RFC 7644, section 3.5.2.2).
_ONE_MEMBER = re.compile(r'members\[\s*value\s+eq\s+"([^"\\]{1,200})"\s*\]', re.I)
_LONGEST_ID = 200


def member_changes(body: Any) -> dict[str, bool] | None:
    """Return which members a PATCH adds (true) and removes (false), its last word on each; None when it does anything
    else, or is not exactly of these forms.
    """
    if not isinstance(body, dict):
        return None
    named = {str(key).lower(): value for key, value in body.items()}
    schemas, operations = named.get("schemas"), named.get("operations")
    if set(named) != {"schemas", "operations"} or not isinstance(schemas, list) or not isinstance(operations, list):
        return None
    if [str(item).lower() for item in schemas] != [_PATCH] or not operations:
        return None
    changes: dict[str, bool] = {}
    for operation in operations:
        found = _of_operation(operation)
        if found is None:
            return None
        changes |= found
    return changes


def _of_operation(operation: Any) -> dict[str, bool] | None:
    if not isinstance(operation, dict):
        return None
    named = {str(key).lower(): value for key, value in operation.items()}
    verb, path = str(named.get("op", "")).lower(), named.get("path")
    if not isinstance(path, str) or not set(named) <= {"op", "path", "value"}:
        return None
    one = _ONE_MEMBER.fullmatch(path.strip())
    if verb == "remove" and one is not None and named.get("value") is None:
        return {one[1]: False}
    if verb in {"add", "remove"} and path.strip().lower() == "members":
        return _of_entries(named.get("value"), adds=verb == "add")
    return None


def _of_entries(entries: Any, *, adds: bool) -> dict[str, bool] | None:
    if not isinstance(entries, list) or not entries:
        return None
    changes: dict[str, bool] = {}
    for entry in entries:
        one = entry.get("value") if isinstance(entry, Mapping) else None
        if not isinstance(one, str) or not 0 < len(one) <= _LONGEST_ID or "\0" in one:
            return None
        changes[one] = adds
    return changes
