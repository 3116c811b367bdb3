"""Messages on disk: each is there until it was handled, and given out again when whoever had it ended silently."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bailiwick.core.errors import BailiwickError
from bailiwick.core.ids import new_id

MOST_BODY_BYTES = 256 * 1024
_MOST_MESSAGES, _MOST_BYTES = 10_000, 64 * 1024 * 1024
_MOST_DEAD = 1000
_WORDS = 300
_ENDED = "the worker ended while it had it"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY, app TEXT NOT NULL, mode TEXT NOT NULL, worker TEXT NOT NULL, body BLOB NOT NULL,
    queued_by TEXT NOT NULL, trace TEXT NOT NULL, queued_at REAL NOT NULL, due_at REAL NOT NULL,
    state TEXT NOT NULL, attempt INTEGER NOT NULL, words TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS held (
    message TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE, steps INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_due ON messages (app, mode, worker, state, due_at);
"""


class QueueFullError(BailiwickError):
    """The app has more messages waiting than a plane keeps for one."""

    code = "queue.full"
    status = 429


@dataclass(frozen=True, slots=True)
class Place:
    """Whose queue it is: the app (with the branch of a preview), the mode and the worker."""

    app: str
    mode: str
    worker: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message that is given out: its JSON, whose request made it under which trace, how often it was, and how many
    steps it took before it was held, if it was.
    """

    id: str
    body: bytes
    queued_by: str
    trace: str
    attempt: int
    steps: int = 0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that is not given out any more; its content stays at the plane."""

    id: str
    queued_by: str
    queued_at: float
    attempts: int
    words: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages of a queue wait, are being handled, and were given up."""

    waiting: int = 0
    taken: int = 0
    dead: int = 0


class QueueStore:
    """The file of one plane's messages. Times are seconds since 1970."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as database:
            database.executescript(_SCHEMA)
        path.chmod(0o600)

    def put(self, place: Place, body: bytes, queued_by: str, trace: str, now: float) -> str:
        """Keep a message; return its id, or raise `QueueFullError`."""
        message = new_id("msg")
        with self._open() as database:
            query = "SELECT count(*), coalesce(sum(length(body)), 0) FROM messages WHERE app = ? AND mode = ?"
            count, size = database.execute(query, [place.app, place.mode]).fetchone()
            if count >= _MOST_MESSAGES or size + len(body) > _MOST_BYTES:
                words = f"{count} messages with {size // 2**20} MiB wait already"
                raise QueueFullError(words, hint="try again when the workers have caught up")
            row = [message, place.app, place.mode, place.worker, body, queued_by, trace, now, now, "waiting", 0, ""]
            database.execute(f"INSERT INTO messages VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 - places
        return message

    def take(self, place: Place, now: float) -> Message | None:
        """Give out the message that has been due longest, None when none is."""
        first = (
            "SELECT id FROM messages WHERE app = ? AND mode = ? AND worker = ? AND state = 'waiting'"
            " AND due_at <= ? ORDER BY due_at, rowid LIMIT 1"
        )
        given = "UPDATE messages SET state = 'taken', attempt = attempt + 1"
        taken = f"{given} WHERE id = ({first}) RETURNING id, body, queued_by, trace, attempt"
        with self._open() as database:
            row = database.execute(taken, [place.app, place.mode, place.worker, now]).fetchone()
            if row is None:
                return None
            gone_on = database.execute("DELETE FROM held WHERE message = ? RETURNING steps", [row[0]]).fetchone()
        return Message(*row, *(gone_on or ()))

    def hold(self, steps: Mapping[str, int]) -> None:
        """Remember messages that are held where they are, and how many steps each took: whatever becomes of the plane
        meanwhile, they are given out again as if they had not been, and go on counting.
        """
        with self._open() as database:
            database.executemany("INSERT OR REPLACE INTO held VALUES (?, ?)", list(steps.items()))

    def let_go(self, messages: Collection[str]) -> None:
        """Forget that messages were held: whoever has them goes on."""
        with self._open() as database:
            database.executemany("DELETE FROM held WHERE message = ?", [(message,) for message in messages])

    def next_due(self, place: Place) -> float | None:
        """Return when the next message is due, None when none waits."""
        query = "SELECT min(due_at) FROM messages WHERE app = ? AND mode = ? AND worker = ? AND state = 'waiting'"
        with self._open() as database:
            due: float | None = database.execute(query, [place.app, place.mode, place.worker]).fetchone()[0]
        return due

    def done(self, message: str) -> None:
        """Forget a message: it was handled."""
        with self._open() as database:
            database.execute("DELETE FROM messages WHERE id = ? AND state = 'taken'", [message])

    def failed(self, message: str, words: str, again_at: float | None) -> None:
        """Give a message out again later, or, without a time, never again."""
        state = "waiting" if again_at is not None else "dead"
        with self._open() as database:
            change = "UPDATE messages SET state = ?, words = ?, due_at = ? WHERE id = ? AND state = 'taken'"
            database.execute(change, [state, words[:_WORDS], again_at or 0.0, message])
            _drop_old_dead(database)

    def give_back(self, place: Place, retries: int, now: float) -> None:
        """Give out again what nobody handles any more; what was given out too often is given up."""
        own = [place.app, place.mode, place.worker]
        of_it = "app = ? AND mode = ? AND worker = ? AND state = 'taken'"
        with self._open() as database:
            # To be held is nobody's failure.
            held = f"UPDATE messages SET attempt = attempt - 1 WHERE {of_it} AND id IN (SELECT message FROM held)"  # noqa: S608
            database.execute(held, own)
            dead = f"UPDATE messages SET state = 'dead', words = ? WHERE {of_it} AND attempt > ?"  # noqa: S608
            database.execute(dead, [_ENDED, *own, retries])
            again = f"UPDATE messages SET state = 'waiting', words = ?, due_at = ? WHERE {of_it}"  # noqa: S608
            database.execute(again, [_ENDED, now, *own])

    def revive(self, place: Place, now: float) -> int:
        """Give out anew what was given up; return how many those are."""
        change = (
            "UPDATE messages SET state = 'waiting', attempt = 0, due_at = ?"
            " WHERE app = ? AND mode = ? AND worker = ? AND state = 'dead'"
        )
        with self._open() as database:
            return database.execute(change, [now, place.app, place.mode, place.worker]).rowcount

    def counts(self, place: Place) -> Counts:
        """Return how a queue stands."""
        query = "SELECT state, count(*) FROM messages WHERE app = ? AND mode = ? AND worker = ? GROUP BY state"
        with self._open() as database:
            found = dict(database.execute(query, [place.app, place.mode, place.worker]).fetchall())
        return Counts(**found)

    def dead(self, place: Place, most: int = 20) -> list[DeadLetter]:
        """Return what was given up, newest first."""
        query = (
            "SELECT id, queued_by, queued_at, attempt, words FROM messages"
            " WHERE app = ? AND mode = ? AND worker = ? AND state = 'dead' ORDER BY rowid DESC LIMIT ?"
        )
        with self._open() as database:
            rows = database.execute(query, [place.app, place.mode, place.worker, most]).fetchall()
        return [DeadLetter(*row) for row in rows]

    def keep_apps(self, keys: Collection[tuple[str, str]]) -> None:
        """Forget the messages of apps and modes that are not served here any more."""
        with self._open() as database:
            for app, mode in database.execute("SELECT DISTINCT app, mode FROM messages").fetchall():
                if (app, mode) not in keys:
                    database.execute("DELETE FROM messages WHERE app = ? AND mode = ?", [app, mode])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=30)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            database.execute("PRAGMA foreign_keys=ON")
            with database:
                yield database
        finally:
            database.close()


def _drop_old_dead(database: sqlite3.Connection) -> None:
    newest = "SELECT rowid FROM messages WHERE state = 'dead' ORDER BY rowid DESC LIMIT -1 OFFSET ?"
    database.execute(f"DELETE FROM messages WHERE rowid IN ({newest})", [_MOST_DEAD])  # noqa: S608 - of our own
