"""Lists in pages: every list of the API takes a cursor and a limit, and gives the cursor of what follows."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query

Json = dict[str, Any]
Cursor = Annotated[str, Query(max_length=500, description="the cursor of the page before; empty for the first")]
Limit = Annotated[int, Query(ge=1, le=200, description="how many at most")]
_Item = TypeVar("_Item")


def page(items: Sequence[_Item], key: Callable[[_Item], str], cursor: str, limit: int) -> tuple[list[_Item], str]:
    """Return what follows the cursor, `limit` at most, and the cursor of the next page (empty at the end).

    `key` gives each item a text that is its own; the page is in the order of these texts.
    """
    rest = sorted((item for item in items if key(item) > cursor), key=key)
    shown = rest[:limit]
    return shown, key(shown[-1]) if len(rest) > limit else ""
