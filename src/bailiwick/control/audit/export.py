"""Exports of the audit log that anyone can check offline with the public key alone."""

import json
from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit.expiry_check import ExpiryCheck, read_leaf
from bailiwick.control.audit.model import CHECKPOINT_TYPE, EXPORT_FORMAT, Verification
from bailiwick.control.audit.tables import CheckpointRow, EventRow
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.events import canonical_json
from bailiwick.core.merkle import Frontier, leaf_hash
from bailiwick.core.statements import Keyring, SignatureError, key_id, open_envelope, read_envelope

_BATCH = 1000


def export_lines(session: Session, public_key: str) -> Iterator[bytes]:
    """Yield the whole log as NDJSON: a header, then events in order, each checkpoint right after what it covers."""
    yield canonical_json({"format": EXPORT_FORMAT, "public_key": public_key}) + b"\n"
    checkpoints = list(session.execute(select(CheckpointRow.size, CheckpointRow.envelope).order_by(CheckpointRow.size)))
    events = select(EventRow.sequence, EventRow.body, EventRow.leaf).order_by(EventRow.sequence)
    upcoming = iter(checkpoints)
    checkpoint = next(upcoming, None)
    for row in session.execute(events.execution_options(yield_per=_BATCH)):
        content = {"expired": True} if row.body is None else {"event": json.loads(row.body)}
        yield canonical_json({"sequence": row.sequence, "leaf": row.leaf.hex(), **content}) + b"\n"
        while checkpoint is not None and checkpoint.size == row.sequence + 1:
            yield canonical_json({"checkpoint": checkpoint.envelope}) + b"\n"
            checkpoint = next(upcoming, None)


def verify_export(lines: Iterable[bytes], public_key: str = "") -> Verification:
    """Check an export: each event against its leaf, the order, and every checkpoint's signature and root.

    `public_key` (base64) is the key published by the installation; without it the one in the export is used, which
    proves that the export is whole but not whose it is. Raises `InvalidInputError` when it is no export at all.
    """
    source = iter(lines)
    header = _read(next(source, b""))
    if header.get("format") != EXPORT_FORMAT:
        raise InvalidInputError("this is not an export of the audit log", hint="make one with: bailiwick audit export")
    key = public_key or str(header.get("public_key", ""))
    return _Check(key).run(source)


class _Check:
    def __init__(self, public_key: str) -> None:
        self.ring = Keyring.of([public_key])
        self.key_id = key_id(public_key)
        self.frontier = Frontier()
        self.covered = 0
        self.checkpoints = 0
        self.expiry = ExpiryCheck()

    def run(self, lines: Iterator[bytes]) -> Verification:
        for line in lines:
            record = _read(line)
            problem = self._checkpoint(record) if "checkpoint" in record else self._event(record)
            if problem:
                return self._result(problem)
        if self.covered != self.frontier.size:
            return self._result(f"no checkpoint covers the events from {self.covered} on")
        unexplained = self.expiry.unexplained()
        if unexplained is not None:
            problem = f"event {unexplained} has no content, and no event of the log says that its retention had ended"
            return self._result(problem, unexplained)
        return self._result("")

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
        return ""

    def _checkpoint(self, record: dict[str, object]) -> str:
        try:
            envelope = read_envelope(json.dumps(record["checkpoint"]))
            content = json.loads(open_envelope(envelope, self.ring, CHECKPOINT_TYPE))
        except SignatureError as fault:
            return f"the checkpoint after event {self.frontier.size - 1} does not verify: {fault.message}"
        if content["size"] != self.frontier.size:
            return f"events between {self.frontier.size} and {content['size']} are missing"
        if content["root"] != self.frontier.root().hex():
            return f"events {self.covered} to {self.frontier.size - 1} hold one that is not as it was signed"
        self.covered = self.frontier.size
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
