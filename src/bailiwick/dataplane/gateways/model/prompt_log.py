"""Prompts and answers as a plane keeps them: in a file of its own, each sealed with the tenant's key, for a time.

They never leave the plane but to whoever was let read them. What opens them is fetched from the control plane and is on
no disk here; once the tenant's key is destroyed, nothing does.
"""

import json
import os
import secrets
import sqlite3
import threading
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bailiwick.core.clock import Clock

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, time TEXT NOT NULL,
until TEXT NOT NULL, app TEXT NOT NULL, model TEXT NOT NULL, sealed BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS of_app ON entries (app, number);
"""
_NONCE_BYTES = 12  # NIST SP 800-38D, section 8.2.2: random, far below 2^32 under one key
MOST_BYTES = 512 * 2**20
# Room is made for more than the one entry that needs it.
_LEFT_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Entry:
    """A call as it is kept. `facts` say who called, from where, how much and what became of it; the texts are empty
    where only these are kept.
    """

    time: datetime
    app: str
    model: str
    level: str
    facts: Mapping[str, Any]
    prompt: str = ""
    answer: str = ""

    def __repr__(self) -> str:
        return f"Entry({self.time.isoformat()}, {self.app!r}, {self.model!r})"


@dataclass(frozen=True, slots=True)
class Read:
    """An entry with its number here; without one, it cannot be opened with the key that there is now."""

    number: int
    time: str
    model: str
    entry: Entry | None


class PromptLog:
    """The entries of one plane. No more than `most_bytes` are kept: the oldest go first."""

    def __init__(self, folder: Path, plane: str, clock: Clock, most_bytes: int = MOST_BYTES) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        self._plane = plane
        self._clock = clock
        self._most = most_bytes
        self._lock = threading.Lock()
        before = os.umask(0o077)
        try:
            self._database = sqlite3.connect(folder / "prompts.sqlite", isolation_level=None, check_same_thread=False)
            self._database.execute("PRAGMA secure_delete=ON")
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.executescript(_SCHEMA)
        finally:
            os.umask(before)
        (self._size,) = self._database.execute("SELECT coalesce(sum(length(sealed)), 0) FROM entries").fetchone()

    def close(self) -> None:
        """Close the file; to keep or read afterwards is an error."""
        # SQLite must not lose its file while another thread is at work in it.
        with self._lock:
            self._database.close()

    def keep(self, key: bytes, entry: Entry, days: int) -> None:
        """Keep an entry for so many days at most."""
        name, nonce = secrets.token_hex(16), secrets.token_bytes(_NONCE_BYTES)
        time, until = entry.time.isoformat(), (entry.time + timedelta(days=days)).isoformat()
        written = zlib.compress(json.dumps({**asdict(entry), "time": time}).encode(), level=1)
        sealed = nonce + AESGCM(key).encrypt(nonce, written, self._bound(name, time, entry.app, entry.model))
        with self._lock:
            self._make_room(len(sealed))
            self._database.execute(
                "INSERT INTO entries (name, time, until, app, model, sealed) VALUES (?, ?, ?, ?, ?, ?)",
                [name, time, until, entry.app, entry.model, sealed],
            )
            self._size += len(sealed)

    def read(
        self,
        key: bytes,
        app: str,
        *,
        before: int = 0,
        limit: int = 20,
        number: int = 0,
        model: str = "",
        since: str = "",
        until: str = "",
    ) -> list[Read]:
        """Return entries of an app, newest first: those before a number, or the one of a number, of a model, from a
        time on and to one, where these are given.
        """
        query = "SELECT number, name, time, model, sealed FROM entries WHERE app = ? AND until > ?"
        values: list[object] = [app, self._clock().isoformat()]
        also = {"number < ?": before, "number = ?": number, "model = ?": model, "time >= ?": since, "time < ?": until}
        for condition, value in also.items():
            if value:
                query, values = f"{query} AND {condition}", [*values, value]
        with self._lock:
            rows = self._database.execute(f"{query} ORDER BY number DESC LIMIT ?", [*values, limit]).fetchall()
        return [
            Read(number, time, model, self._opened(key, sealed, self._bound(name, time, app, model)))
            for number, name, time, model, sealed in rows
        ]

    def expire(self, days: Mapping[str, int]) -> None:
        """Remove what was kept long enough, by the days that are said of each model now, and when it was kept."""
        now = self._clock()
        with self._lock:
            self._delete("until <= ?", [now.isoformat()])
            for model, kept in days.items():
                self._delete("model = ? AND time <= ?", [model, (now - timedelta(days=kept)).isoformat()])

    def _make_room(self, more: int) -> None:
        if self._size + more <= self._most:
            return
        room = int(self._most * _LEFT_SHARE) - more
        size, last = self._size, 0
        for number, length in self._database.execute("SELECT number, length(sealed) FROM entries ORDER BY number"):
            if size <= room:
                break
            size, last = size - length, number
        self._delete("number <= ?", [last])

    def _delete(self, where: str, values: list[object]) -> None:
        query = f"SELECT coalesce(sum(length(sealed)), 0) FROM entries WHERE {where}"  # noqa: S608 - of this module
        (gone,) = self._database.execute(query, values).fetchone()
        if gone:
            self._database.execute(f"DELETE FROM entries WHERE {where}", values)  # noqa: S608 - likewise
            self._size -= gone

    def _bound(self, name: str, time: str, app: str, model: str) -> bytes:
        """Return what an entry is sealed to: it opens in its own place only."""
        return json.dumps([self._plane, name, time, app, model]).encode()

    @staticmethod
    def _opened(key: bytes, sealed: bytes, bound: bytes) -> Entry | None:
        try:
            written = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
        except InvalidTag:
            return None
        told = json.loads(zlib.decompress(written))
        return Entry(**{**told, "time": datetime.fromisoformat(told["time"]).astimezone(UTC)})
