"""Masks fields of JSON answers: what a person may not see does not reach the app."""

import json
from collections.abc import Sequence
from typing import Any

from bailiwick.core.grants import FieldMask, Mask
from bailiwick.core.masks import masked_text
from bailiwick.dataplane.gateways.refusals import CallRefusedError


def masked(content: bytes, fields: Sequence[FieldMask]) -> bytes:
    """Return a JSON document with fields masked, through lists at every step.

    Raises `CallRefusedError` for what is no JSON: nobody could say what is in it.
    """
    try:
        document = json.loads(content)
        for field in fields:
            _mask(document, field.path.split("."), field.mask)
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        raise CallRefusedError(
            502, "the service's answer is no JSON, and some of its fields are not to be seen", deciders=("data-grant",)
        ) from None


def _mask(value: Any, path: Sequence[str], mask: Mask) -> None:
    if isinstance(value, list):
        for item in value:
            _mask(item, path, mask)
    elif isinstance(value, dict) and path[0] in value:
        if len(path) == 1:
            value[path[0]] = _hidden(value[path[0]], mask)
        else:
            _mask(value[path[0]], path[1:], mask)


def _hidden(value: Any, mask: Mask) -> Any:
    if isinstance(value, list):
        return [_hidden(item, mask) for item in value]
    if value is None or mask is Mask.NULL or isinstance(value, dict):
        return None
    return masked_text(value if isinstance(value, str) else json.dumps(value), mask)
