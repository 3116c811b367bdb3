"""Pages of a list by keyset, from a query or from rows at hand: the same filters, the same order, the same cursors."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import FromClause

from bailiwick.control.listings.asking import lowest, moment, read_cursor, write_cursor
from bailiwick.control.listings.model import Asked, Column, Found, Listing, Row, Value

Allowed = Callable[[Collection[str]], Collection[str]]
_MOST_AT_ONCE = 2000


def page_of_query(
    session: Session, listing: Listing, source: FromClause, asked: Asked, now: datetime, *, limit: int, allowed: Allowed
) -> Found:
    """Return a page of a query whose columns bear the names of the list's. `allowed` returns those of some apps that
    may be seen; rows of others are left out, so that a page is full whatever somebody may not see.
    """
    wanted, batch, found = limit + 1, limit + 1, list[Row]()
    cursor, column = asked.cursor, _ordering(listing, asked)
    conditions = [_condition(source, item, asked.of(item.name), now) for item in listing.columns if asked.of(item.name)]
    while len(found) < wanted:
        query = select(source).where(*conditions).order_by(*_order(source, listing, asked)).limit(batch)
        if cursor:
            query = query.where(_after(source, listing, asked, *read_cursor(cursor, column)))
        rows: list[Row] = [dict(row) for row in session.execute(query).mappings()]
        seen = set(allowed({str(row["app"]) for row in rows})) if "app" in source.c else None
        found += [row for row in rows if seen is None or row["app"] in seen]
        if len(rows) < batch:
            break
        cursor, batch = _cursor_at(listing, column, rows[-1]), min(batch * 4, _MOST_AT_ONCE)
    return _page(listing, column, found, limit)


def page_of_rows(listing: Listing, rows: Sequence[Row], asked: Asked, now: datetime, *, limit: int) -> Found:
    """Return a page of rows at hand."""
    column = _ordering(listing, asked)
    kept = [row for row in rows if all(_matches(item, row[item.name], asked.of(item.name), now)
                                       for item in listing.columns if asked.of(item.name))]  # fmt: skip

    def place(row: Row) -> Any:
        value = row[column.name]
        return (lowest(column) if value is None else value), str(row[listing.key])

    kept.sort(key=place, reverse=asked.descending)
    if asked.cursor:
        last = read_cursor(asked.cursor, column)
        kept = [row for row in kept if (place(row) < last if asked.descending else place(row) > last)]
    return _page(listing, column, kept[: limit + 1], limit)


def _ordering(listing: Listing, asked: Asked) -> Column:
    column = listing.column(asked.sort)
    if column is None:  # `parse` has looked already
        raise KeyError(asked.sort)
    return column


def _page(listing: Listing, column: Column, found: Sequence[Row], limit: int) -> Found:
    rows = found[:limit]
    return Found(rows, _cursor_at(listing, column, rows[-1]) if len(found) > limit else "")


def _cursor_at(listing: Listing, column: Column, row: Row) -> str:
    value = row[column.name]
    return write_cursor(lowest(column) if value is None else value, str(row[listing.key]))


def _sortable(source: FromClause, listing: Listing, column: Column) -> ColumnElement[Any]:
    field = source.c[column.name]
    # The key is never missing, and bare it is what an index is made of.
    value = field if column.name == listing.key else func.coalesce(field, lowest(column))
    return value if column.kind in {"number", "time"} else value.collate("C")


def _order(source: FromClause, listing: Listing, asked: Asked) -> list[ColumnElement[Any]]:
    parts = [_sortable(source, listing, _ordering(listing, asked)), source.c[listing.key].collate("C")]
    return [part.desc() for part in parts] if asked.descending else parts


def _after(source: FromClause, listing: Listing, asked: Asked, value: Value, key: str) -> ColumnElement[bool]:
    by, own = _sortable(source, listing, _ordering(listing, asked)), source.c[listing.key].collate("C")
    if asked.descending:
        return or_(by < value, and_(by == value, own < key))
    return or_(by > value, and_(by == value, own > key))


def _condition(source: FromClause, column: Column, values: Sequence[str], now: datetime) -> ColumnElement[bool]:
    field = source.c[column.name]
    if column.choices:
        return field.in_(values)
    if column.kind == "number":
        return or_(*(field >= int(value) for value in values))
    if column.kind == "time":
        return or_(*(field >= moment(value, now) for value in values))
    return or_(*(field.icontains(value, autoescape=True) for value in values))


def _matches(column: Column, value: Value, asked: Sequence[str], now: datetime) -> bool:
    if column.choices:
        return value in asked
    if column.kind == "number":
        return isinstance(value, int | float) and any(value >= int(item) for item in asked)
    if column.kind == "time":
        return isinstance(value, datetime) and any(value >= moment(item, now) for item in asked)
    return any(item.lower() in str(value or "").lower() for item in asked)
