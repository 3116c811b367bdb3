"""Exports of the audit log that anyone can check offline with the public key alone, a line at a time."""

import json
from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit.expiry_check import ExpiryCheck, read_leaf
from bailiwick.control.audit.model import EXPORT_FORMAT, Verification
from bailiwick.control.audit.tables import CheckpointRow, EventRow
from bailiwick.core.checkpoints import Checkpoint, open_checkpoint
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.events import canonical_json
from bailiwick.core.merkle import Frontier, leaf_hash
from bailiwick.core.statements import Keyring, SignatureError, key_id

_BATCH = 1000


def export_lines(session: Session, public_key: str) -> Iterator[bytes]:
    """Yield the whole log as NDJSON: a header, then events in order, each checkpoint right after what it covers."""
    yield canonical_json({"format": EXPORT_FORMAT, "public_key": public_key}) + b"\n"
    signed = select(CheckpointRow.size, CheckpointRow.envelope).order_by(CheckpointRow.size)
    events = select(EventRow.sequence, EventRow.body, EventRow.leaf).order_by(EventRow.sequence)
    # Both come in batches from the server: neither a long log nor its checkpoints are ever held whole.
    upcoming = iter(session.execute(signed.execution_options(yield_per=_BATCH)))
    checkpoint = next(upcoming, None)
    for row in session.execute(events.execution_options(yield_per=_BATCH)):
        content = {"expired": True} if row.body is None else {"event": json.loads(row.body)}
        yield canonical_json({"sequence": row.sequence, "leaf": row.leaf.hex(), **content}) + b"\n"
        while checkpoint is not None and checkpoint.size <= row.sequence + 1:
            yield canonical_json({"checkpoint": checkpoint.envelope}) + b"\n"
            checkpoint = next(upcoming, None)


def verify_export(
    lines: Iterable[bytes], public_key: str = "", remembered: dict[str, object] | None = None
) -> Verification:
    """Check an export: each event against its leaf, the order, and every checkpoint's signature and root.

    `public_key` (base64) is the key published by the installation; without it the one in the export is used, which
    proves that the export is whole but not whose it is. `remembered` is the envelope of a checkpoint from before: the
    export must hold the very events that it signed. Reads a line at a time and keeps none. Raises
    `InvalidInputError` when it is no export at all, `SignatureError` when `remembered` does not verify.
    """
    source = iter(lines)
    header = _read(next(source, b""))
    if header.get("format") != EXPORT_FORMAT:
        raise InvalidInputError("this is not an export of the audit log", hint="make one with: bailiwick audit export")
    key = public_key or str(header.get("public_key", ""))
    return _Check(key, remembered).run(source)


class _Check:
    def __init__(self, public_key: str, remembered: dict[str, object] | None) -> None:
        self.ring = Keyring.of([public_key])
        self.key_id = key_id(public_key)
        self.before = open_checkpoint(remembered, self.ring) if remembered is not None else None
        self.frontier = Frontier()
        self.checkpoints = 0
        self.newest: Checkpoint | None = None
        self.envelope: dict[str, object] | None = None
        self.expiry = ExpiryCheck()

    def run(self, lines: Iterator[bytes]) -> Verification:
        for line in lines:
            record = _read(line)
            problem = self._checkpoint(record) if "checkpoint" in record else self._event(record)
            if problem:
                return self._result(problem)
        return self._result(*self._ending())

    def _ending(self) -> tuple[str, int | None]:
        """Return what is wrong with the log as a whole, and where when that is not at its end."""
        if self.covered != self.frontier.size:
            return f"no checkpoint covers the events from {self.covered} on", None
        if self.before is not None and self.before.size > self.frontier.size:
            cut = f"the log was cut: {self.before.size} events were signed before, and it has {self.frontier.size}"
            return cut, None
        unexplained = self.expiry.unexplained()
        if unexplained is not None:
            words = f"event {unexplained} has no content, and no event of the log says that its retention had ended"
            return words, unexplained
        return "", None

    @property
    def covered(self) -> int:
        return self.newest.size if self.newest is not None else 0

    def _event(self, record: dict[str, object]) -> str:
        place = self.frontier.size
        if record.get("sequence") != place:
            return f"event {place} is missing: found {str(record.get('sequence'))[:20]} in its place"
        if record.get("expired") is True and "event" not in record:
            leaf = read_leaf(record.get("leaf"))
            self.expiry.missing(place)
        else:
            event = record.get("event")
            leaf = leaf_hash(canonical_json(event))
            self.expiry.seen(place, event)
        if leaf.hex() != record.get("leaf"):
            return f"event {place} was changed: it does not fit its leaf hash"
        self.frontier.append(leaf)
        if self.before is not None and self.before.size == place + 1 and self.before.root != self.frontier.root().hex():
            return f"the log was rewritten: its first {place + 1} events are not those that were signed before"
        return ""

    def _checkpoint(self, record: dict[str, object]) -> str:
        envelope = record["checkpoint"]
        try:
            if not isinstance(envelope, dict):
                raise SignatureError("it is no envelope")
            content = open_checkpoint(envelope, self.ring)
        except SignatureError as fault:
            return f"the checkpoint after event {self.frontier.size - 1} does not verify: {fault.message}"
        if content.size != self.frontier.size:
            return f"events between {self.frontier.size} and {content.size} are missing"
        if content.root != self.frontier.root().hex():
            return f"events {self.covered} to {self.frontier.size - 1} hold one that is not as it was signed"
        self.newest, self.envelope = content, envelope
        self.checkpoints += 1
        return ""

    def _result(self, problem: str, place: int | None = None) -> Verification:
        return Verification(
            intact=not problem,
            events=self.frontier.size,
            checkpoints=self.checkpoints,
            problem=problem,
            place=(self.frontier.size if place is None else place) if problem else None,
            key_id=self.key_id,
            newest=None if problem else self.envelope,
            expired=self.expiry.count,
        )


def _read(line: bytes) -> dict[str, object]:
    try:
        record = json.loads(line)
    except ValueError as fault:
        raise InvalidInputError("a line of the export is not JSON", hint="export it again") from fault
    if not isinstance(record, dict):
        raise InvalidInputError("a line of the export is not an object", hint="export it again")
    return record
