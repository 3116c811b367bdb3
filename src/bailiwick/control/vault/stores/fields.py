"""A value out of what a store keeps together under one name."""

from collections.abc import Mapping
from typing import Any

from bailiwick.control.vault.errors import StoreVersionError
from bailiwick.control.vault.stores.provider import Spot


def text_of(spot: Spot, fields: Mapping[str, Any], field: str) -> str:
    """Return a field; raise `StoreVersionError`, which shows no value and no other name, when it is no text."""
    value = fields.get(field)
    if not isinstance(value, str) or not value:
        raise StoreVersionError(f"what lies at {spot.store}:{spot.path} has no text in the field '{field}'")
    return value
