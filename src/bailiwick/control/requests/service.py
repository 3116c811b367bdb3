"""Repeated requests: a write that is sent again under the same key is answered again, not done again.

Source: draft-ietf-httpapi-idempotency-key-header. A request whose answer was lost with the process is not done a second
time either: whoever asks is told to look first.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.requests.tables import KeptAnswerRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError
from bailiwick.store import Store

KEPT_FOR = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{8,200}")
_HEADER = "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was given the first time."""

    status: int
    media_type: str
    body: bytes


class RepeatService:
    """Remembers answers by who asked and under which key, for a day."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def begin(self, principal: str, key: str, request_hash: str) -> Answer | None:
        """Return None when the request is new and may be done; the answer given before when it is not.

        Raises `InvalidInputError` for a key that is none or was used for another request, `ConflictError` while the
        first request has no answer.
        """
        if not _KEY.fullmatch(key):
            raise InvalidInputError(
                f"this {_HEADER} cannot be used", hint="8 to 200 visible ASCII characters, a UUID for example"
            )
        with self._store.transaction() as session:
            now = self._clock()
            session.execute(delete(KeptAnswerRow).where(KeptAnswerRow.begun < now - KEPT_FOR))
            new = insert(KeptAnswerRow).values(
                principal=principal, key=key, request_hash=request_hash, begun=now, status=None, media_type="", body=b""
            )
            if session.scalar(new.on_conflict_do_nothing().returning(KeptAnswerRow.key)) is not None:
                return None
            return self._given(session, principal, key, request_hash)

    def finish(self, principal: str, key: str, answer: Answer) -> None:
        """Keep the answer of a request that was begun."""
        values = {"status": answer.status, "media_type": answer.media_type, "body": answer.body}
        with self._store.transaction() as session:
            session.execute(update(KeptAnswerRow).where(*_named(principal, key)).values(**values))

    def forget(self, principal: str, key: str) -> None:
        """Let a request be done again: nothing came of it."""
        with self._store.transaction() as session:
            session.execute(delete(KeptAnswerRow).where(*_named(principal, key)))

    def _given(self, session: Session, principal: str, key: str, request_hash: str) -> Answer:
        row = session.scalars(select(KeptAnswerRow).where(*_named(principal, key))).one()
        if row.request_hash != request_hash:
            raise InvalidInputError(f"this {_HEADER} was used for another request", hint="use a new key for each write")
        if row.status is None:
            raise ConflictError(
                "the first request under this key has no answer yet",
                hint="ask again in a moment; if it stays so, look whether it took effect before you use a new key",
            )
        return Answer(row.status, row.media_type, row.body)


def _named(principal: str, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return KeptAnswerRow.principal == principal, KeptAnswerRow.key == key
