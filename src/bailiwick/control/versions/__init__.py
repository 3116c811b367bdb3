"""Texts in versions: what somebody proposed, what another person decided about it, and what is in force.

Policies and coding standards are kinds of them; each adds what a text must be, and what follows when it is in force.
"""

from bailiwick.control.versions.book import VersionBook
from bailiwick.control.versions.difference import difference
from bailiwick.control.versions.errors import WrongStateError
from bailiwick.control.versions.kind import Kind
from bailiwick.control.versions.model import State, Version, VersionSet
from bailiwick.control.versions.tables import VersionRow

__all__ = ["Kind", "State", "Version", "VersionBook", "VersionRow", "VersionSet", "WrongStateError", "difference"]
