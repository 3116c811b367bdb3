"""Indexes: what the organisation's index has and says of packages, imported from dumps and asked without a network."""

from bailiwick.control.review.indexes.importing import IndexImported, import_index
from bailiwick.control.review.indexes.model import IndexSource, IndexUnusableError, Listed, Release
from bailiwick.control.review.indexes.store import KnownIndex, open_index

__all__ = [
    "IndexImported",
    "IndexSource",
    "IndexUnusableError",
    "KnownIndex",
    "Listed",
    "Release",
    "import_index",
    "open_index",
]
