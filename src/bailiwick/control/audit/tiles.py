"""The tiles of the audit log's tree: kept once they are full, made from the leaves while they are not."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from bailiwick.control.audit.tables import EventRow, HourRow, TileRow, TreeRow
from bailiwick.core.errors import BailiwickError, NotFoundError, UnavailableError
from bailiwick.core.merkle import tree_root
from bailiwick.core.tiles import WIDTH, Tile, split

_MOST_MISSING = 64
_TURN = "SELECT pg_try_advisory_xact_lock(hashtext('bailiwick-audit-tiles/' || current_setting('bailiwick.tenant')))"


class BrokenLogError(BailiwickError):
    """The stored log lacks events that its tree counts."""

    code = "audit.broken"


def tree_size(session: Session) -> int:
    """Return how many events the log has."""
    return session.scalar(select(TreeRow.size)) or 0


def complete_tiles(session: Session, most: int = 64) -> bool:
    """Keep the tiles that have become full, `most` of leaves at once, and count their events by the hour.

    Safe to repeat and to do in two processes. Returns whether there is more to do.
    """
    if not session.scalar(text(_TURN)):
        return False
    have = _kept(session, 0)
    wanted = min(tree_size(session) // WIDTH, have + most)
    if wanted == have:
        return False
    _keep_leaves(session, have, wanted)
    level, below = 1, wanted
    while below // WIDTH:
        full = below // WIDTH
        _keep_roots(session, level, _kept(session, level), full)
        level, below = level + 1, full
    return wanted == have + most


def _kept(session: Session, level: int) -> int:
    last = session.scalar(select(func.max(TileRow.tile)).where(TileRow.level == level))
    return 0 if last is None else last + 1


def _keep_leaves(session: Session, first: int, end: int) -> None:
    events = (
        select(EventRow.leaf, EventRow.time, EventRow.action, EventRow.outcome)
        .where(EventRow.sequence >= first * WIDTH, EventRow.sequence < end * WIDTH)
        .order_by(EventRow.sequence)
    )
    rows = session.execute(events).all()
    if len(rows) != (end - first) * WIDTH:
        raise BrokenLogError(
            f"of the events from {first * WIDTH} to {end * WIDTH - 1} the stored log has only {len(rows)}",
            hint="compare with the last export",
        )
    tiles = [_tile(0, first + place, part) for place, part in enumerate(_groups(rows))]
    session.execute(insert(TileRow), tiles)
    counts = Counter((_hour(row.time), row.action, row.outcome) for row in rows)
    # In one order everywhere, so that two who count never wait for each other.
    values = [
        {"hour": hour, "action": action, "outcome": outcome, "count": count}
        for (hour, action, outcome), count in sorted(counts.items())
    ]
    counted = upsert(HourRow)
    sums = {"count": HourRow.count + counted.excluded.count}
    session.execute(counted.on_conflict_do_update(constraint=HourRow.__table__.primary_key, set_=sums), values)  # type: ignore[arg-type]


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _groups(rows: Sequence[Row[bytes, datetime, str, str]]) -> list[list[tuple[bytes, datetime, datetime]]]:
    entries = [(row.leaf, row.time, row.time) for row in rows]
    return [entries[start : start + WIDTH] for start in range(0, len(entries), WIDTH)]


def _keep_roots(session: Session, level: int, first: int, end: int) -> None:
    for tile in range(first, end):
        below = (
            select(TileRow.root, TileRow.earliest, TileRow.latest)
            .where(TileRow.level == level - 1, TileRow.tile >= tile * WIDTH, TileRow.tile < (tile + 1) * WIDTH)
            .order_by(TileRow.tile)
        )
        part = [(row.root, row.earliest, row.latest) for row in session.execute(below)]
        session.execute(insert(TileRow), [_tile(level, tile, part)])


def _tile(level: int, place: int, part: Sequence[tuple[bytes, datetime, datetime]]) -> dict[str, object]:
    hashes = [item[0] for item in part]
    return {
        "level": level,
        "tile": place,
        "hashes": b"".join(hashes),
        "root": tree_root(hashes),
        "earliest": min(item[1] for item in part),
        "latest": max(item[2] for item in part),
    }


class StoredTiles:
    """The tree's hashes by level and place, read tile by tile and each tile once: for one proof or file."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._full: dict[tuple[int, int], list[bytes]] = {}
        self._made = 0

    def entries(self, level: int, start: int, count: int) -> Sequence[bytes]:
        """Return `count` hashes of a level from `start` on, all of one tile (see `core.tiles.TileNodes`)."""
        tile, within = divmod(start, WIDTH)
        full = self._kept(level, tile)
        if full is not None:
            return full[within : within + count]
        return self._leaves(start, count) if level == 0 else self._roots(level, start, count)

    def read(self, tile: Tile) -> bytes:
        """Return a tile's bytes; raise `NotFoundError` when the log is not that long."""
        first, end = tile.index * WIDTH, tile.index * WIDTH + tile.width
        if end > tree_size(self._session) >> (8 * tile.level):
            raise NotFoundError(f"the log has no tile {tile.path} yet")
        return b"".join(self.entries(tile.level, first, end - first))

    def _kept(self, level: int, tile: int) -> list[bytes] | None:
        if (level, tile) not in self._full:
            kept = select(TileRow.hashes).where(TileRow.level == level, TileRow.tile == tile)
            hashes = self._session.scalar(kept)
            if hashes is None:
                return None
            self._full[level, tile] = split(hashes)
        return self._full[level, tile]

    def _leaves(self, start: int, count: int) -> list[bytes]:
        leaves = (
            select(EventRow.leaf)
            .where(EventRow.sequence >= start, EventRow.sequence < start + count)
            .order_by(EventRow.sequence)
        )
        found = list(self._session.scalars(leaves))
        if len(found) != count:
            raise BrokenLogError(f"events from {start} to {start + count - 1} are missing in the stored log")
        return found

    def _roots(self, level: int, start: int, count: int) -> list[bytes]:
        """Return roots of the tiles below; one that became full a moment ago may have to be made first."""
        kept = select(TileRow.tile, TileRow.root).where(
            TileRow.level == level - 1, TileRow.tile >= start, TileRow.tile < start + count
        )
        roots = {row.tile: row.root for row in self._session.execute(kept)}
        missing = [place for place in range(start, start + count) if place not in roots]
        self._made += len(missing)
        if self._made > _MOST_MISSING:
            raise UnavailableError("the tiles of the log are still being made", hint="try again in a minute")
        for place in missing:
            roots[place] = tree_root(self.entries(level - 1, place * WIDTH, WIDTH))
        return [roots[place] for place in range(start, start + count)]
