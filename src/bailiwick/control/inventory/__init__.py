"""The inventory: every identity that is no person, wherever in the platform or in connected systems it is."""

from bailiwick.control.inventory.model import Entry, Filter, Flag, Kind
from bailiwick.control.inventory.service import InventoryService

__all__ = ["Entry", "Filter", "Flag", "InventoryService", "Kind"]
