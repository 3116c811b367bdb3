"""Search the audit log, newest first, in pages; what a page reads is bounded by indexes, tiles and a time limit.

Each column that searches name has an index that ends in the place, so a value's newest events stand together. A time is
first turned into places by the tiles, which know between which times their events lie. Words are looked for in the
newest events themselves, and then in an index: what is frequent is found by the first step, what is rare by the second.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import ARRAY, BigInteger, ColumnElement, and_, any_, cast, func, or_, select, text, true, union_all
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import InstrumentedAttribute, Session

from bailiwick.control.audit.model import AuditPage, LoggedEvent
from bailiwick.control.audit.query import COLUMNS, AuditQuery
from bailiwick.control.audit.tables import EventRow, TileRow
from bailiwick.control.audit.tiles import tree_size
from bailiwick.control.audit.words import has_words, words_condition, words_query
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.events import AuditEvent
from bailiwick.core.tiles import WIDTH

MAX_PAGE = 200
LOOKED_THROUGH = 2_000  # of the newest events, before the index of words is asked
_CANDIDATES = (
    500,
    10_000,
)  # how many places the index is asked for: few first, more where other filters take them away
_FOLLOWED = 20_000
_MOST_ALTERNATIVES = 48
_SECONDS = 5
_LAST = chr(0x10FFFF)

_Row = tuple[int, bytes]
# A loose scan of the index: from one action to the next, whatever lies between them.
_ACTIONS = """
WITH RECURSIVE known AS (
    (SELECT action FROM audit_events ORDER BY action LIMIT 1)
    UNION ALL
    SELECT (SELECT e.action FROM audit_events e WHERE e.action > known.action ORDER BY e.action LIMIT 1)
    FROM known WHERE known.action IS NOT NULL
) SELECT action FROM known WHERE action IS NOT NULL"""


def search(session: Session, query: AuditQuery, *, cursor: str = "", limit: int = 50) -> AuditPage:
    """Return a page of events that match, newest first; `cursor` comes from the page before.

    A page may be short, or empty, and have a cursor: more may lie before it. Raises `InvalidInputError` for a search
    that would read too much, with words on how to narrow it.
    """
    if cursor and not (cursor.isdecimal() and len(cursor) < 19):  # noqa: PLR2004 - digits of a bigint
        raise InvalidInputError("this cursor is not one of ours", hint="start again without a cursor")
    wanted = min(max(limit, 1), MAX_PAGE)
    with in_time(session):
        low, high = places_of(session, query)
        high = min(high, int(cursor)) if cursor else high
        rows, rest = _newest(session, query, low, high, wanted + 1)
    page = tuple(LoggedEvent(place, AuditEvent.model_validate_json(body)) for place, body in rows[:wanted])
    if len(rows) > wanted:
        return AuditPage(page, str(page[-1].sequence))
    return AuditPage(page, str(rest) if rest else "")


def search_after(
    session: Session, query: AuditQuery, after: int, limit: int = MAX_PAGE
) -> tuple[list[LoggedEvent], int]:
    """Return events behind place `after` that match, oldest first, and the place up to which the log was looked at."""
    end = min(tree_size(session), after + 1 + _FOLLOWED)
    statement = select(EventRow.sequence, EventRow.body).where(
        *conditions(query), EventRow.sequence > after, EventRow.sequence < end
    )
    if has_words(query):
        statement = statement.where(words_condition(query))
    with in_time(session):
        rows = session.execute(statement.order_by(EventRow.sequence).limit(limit)).all()
    events = [LoggedEvent(row.sequence, AuditEvent.model_validate_json(row.body)) for row in rows]
    return events, events[-1].sequence if len(events) == limit else max(end - 1, after)


def event_at(session: Session, sequence: int) -> LoggedEvent | None:
    """Return the event at a place, or None."""
    body = body_at(session, sequence)
    return LoggedEvent(sequence, AuditEvent.model_validate_json(body)) if body is not None else None


def body_at(session: Session, sequence: int) -> bytes | None:
    """Return the very bytes of the event at a place, which its leaf commits to, or None."""
    return session.scalar(select(EventRow.body).where(EventRow.sequence == sequence))


@contextmanager
def in_time(session: Session) -> Iterator[None]:
    """Ask the database for seconds at most; raise `InvalidInputError` when what is asked takes longer."""
    session.execute(text(f"SET LOCAL statement_timeout = '{_SECONDS}s'"))
    try:
        yield
        session.execute(text("SET LOCAL statement_timeout TO DEFAULT"))
    except OperationalError as fault:
        if getattr(fault.orig, "sqlstate", "") != "57014":  # query_canceled
            raise
        raise InvalidInputError(
            "this search would read too much of the log", hint="name a time, such as since=7d, or names in full"
        ) from fault


def _newest(session: Session, query: AuditQuery, low: int, high: int, count: int) -> tuple[list[_Row], int]:
    """Return rows between two places, newest first, and the place before which more may lie (0 when none do)."""
    if low >= high:
        return [], 0
    fitting = conditions(query)
    if not has_words(query):
        return _rows(session, query, [*fitting, *between(low, high)], count), 0
    middle = max(low, high - LOOKED_THROUGH)
    recent = _rows(session, query, [*fitting, *between(middle, high), words_condition(query)], count)
    if len(recent) >= count or middle == low:
        return recent, 0
    for most in _CANDIDATES:
        places = places_with(session, query, low, middle, most)
        older = _rows(session, query, [*fitting, standing_at(places)], count - len(recent)) if places else []
        if len(recent) + len(older) >= count or len(places) < most:
            return [*recent, *older], 0
    return [*recent, *older], places[-1]


def places_with(session: Session, query: AuditQuery, low: int, high: int, most: int) -> list[int]:
    """Return the newest places between two whose events have the question's words, `most` of them at most."""
    asked = cast(words_query(query), TSQUERY)
    return list(session.scalars(select(func.audit_places_with(asked, low, high, most))))


def standing_at(places: Sequence[int]) -> ColumnElement[bool]:
    """Return the condition that an event stands at one of these places."""
    return EventRow.sequence == any_(cast(places, ARRAY(BigInteger)))


def _rows(session: Session, query: AuditQuery, fitting: Sequence[ColumnElement[bool]], count: int) -> list[_Row]:
    """Return the newest rows. Alternatives of a column are asked one by one, each in the order of its index."""
    statements = [
        select(EventRow.sequence, EventRow.body).where(*fitting, one).order_by(EventRow.sequence.desc()).limit(count)
        for one in alternatives(session, query)
    ]
    if len(statements) == 1:
        return [(row.sequence, row.body) for row in session.execute(statements[0])]
    together = union_all(*(select(part.subquery()) for part in statements)).subquery()
    newest = select(together.c.sequence, together.c.body).order_by(together.c.sequence.desc()).limit(count)
    return [(row.sequence, row.body) for row in session.execute(newest)]


def alternatives(session: Session, query: AuditQuery) -> list[ColumnElement[bool]]:
    """Return conditions of which events fit one each, and together all that the question wants of one column."""
    for name in ("trace", "resource", "actor", "app", "action"):
        values, column = query.values(name), getattr(EventRow, name)
        exact = [value for value in values if not value.endswith("*")]
        if name == "action" and len(exact) < len(values):
            known = known_actions(session)
            exact = sorted({action for action in known if any(_fits(action, value) for value in values)})
        elif len(exact) < len(values):
            continue
        if len(exact) > 1 and len(exact) <= _MOST_ALTERNATIVES:
            return [column == value for value in exact]
    return [true()]


def known_actions(session: Session) -> list[str]:
    """Return every action that the log has, by one look in the index for each."""
    return [action for action in session.scalars(text(_ACTIONS)) if action]


def _fits(value: str, pattern: str) -> bool:
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern


def conditions(query: AuditQuery) -> list[ColumnElement[bool]]:
    """Return what the columns of an event must be for it to fit; words come apart."""
    # What is left of an event whose retention has ended is its place and its hash.
    found: list[ColumnElement[bool]] = [EventRow.body.is_not(None)]
    found += [one_of(getattr(EventRow, name), query.values(name)) for name in COLUMNS if query.values(name)]
    if query.since:
        found.append(EventRow.time >= query.since)
    if query.until:
        found.append(EventRow.time < query.until)
    return found


def one_of(column: InstrumentedAttribute[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a column is one of the values, or begins with one that ends in `*`."""
    exact = [value for value in values if not value.endswith("*")]
    beginnings = [value[:-1] for value in values if value.endswith("*")]
    # Columns are compared byte by byte, so what begins alike stands together in their indexes.
    ranges = [and_(column >= start, column < start + _LAST) for start in beginnings]
    same = [column == exact[0]] if len(exact) == 1 else [column.in_(exact)] if exact else []
    return or_(*same, *ranges)


def places_of(session: Session, query: AuditQuery) -> tuple[int, int]:
    """Return between which places (the second exclusive) all events of the question's time lie."""
    size = tree_size(session)
    low, high = 0, size
    if query.since is None and query.until is None:
        return low, high
    leaves = select(TileRow.tile).where(TileRow.level == 0)
    tiled = (session.scalar(select(func.max(TileRow.tile)).where(TileRow.level == 0)) or -1) + 1
    if query.since is not None:
        first = session.scalar(leaves.where(TileRow.latest >= query.since).order_by(TileRow.tile).limit(1))
        low = (tiled if first is None else first) * WIDTH
    if query.until is not None:
        later = select(EventRow.sequence).where(EventRow.sequence >= tiled * WIDTH, EventRow.time < query.until)
        if session.scalar(later.limit(1)) is None:
            last = session.scalar(leaves.where(TileRow.earliest < query.until).order_by(TileRow.tile.desc()).limit(1))
            high = 0 if last is None else (last + 1) * WIDTH
    return low, high


def between(low: int, high: int) -> list[ColumnElement[bool]]:
    """Return the conditions that an event stands between two places, the second exclusive."""
    return [EventRow.sequence >= low, EventRow.sequence < high]
