"""Proofs about the audit log: that an event is in it, and that it only grew, from O(log n) stored hashes."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit.model import SignedCheckpoint
from bailiwick.control.audit.tables import CheckpointRow
from bailiwick.control.audit.tiles import StoredTiles, tree_size
from bailiwick.core.checkpoints import open_checkpoint
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.core.merkle import consistency_proof, inclusion_proof
from bailiwick.core.statements import Keyring
from bailiwick.core.tiles import TileNodes


def latest_checkpoint(session: Session, public_key: str) -> SignedCheckpoint:
    """Return the newest checkpoint, its signature checked; raise `NotFoundError` while nothing is signed."""
    newest = select(CheckpointRow.envelope).order_by(CheckpointRow.size.desc()).limit(1)
    envelope = session.scalar(newest)
    if envelope is None:
        raise NotFoundError("the log has no checkpoint yet", hint="ask again in a second")
    return SignedCheckpoint(open_checkpoint(envelope, Keyring.of([public_key])), envelope)


def prove_inclusion(session: Session, sequence: int, size: int) -> list[str]:
    """Return the proof (hex hashes) that event `sequence` is in the tree of the first `size` events.

    Raises `InvalidInputError` when the log is not that long, or the event is not among them.
    """
    _check_size(session, size)
    if not 0 <= sequence < size:
        raise InvalidInputError(f"event {sequence} is not among the first {size}", hint="ask with a larger size")
    return [node.hex() for node in inclusion_proof(TileNodes(StoredTiles(session).entries), sequence, size)]


def prove_consistency(session: Session, first: int, second: int) -> list[str]:
    """Return the proof (hex hashes) that the tree of `second` events extends the one of `first`.

    Raises `InvalidInputError` when the log is not that long, or the first is the larger one.
    """
    _check_size(session, second)
    if not 0 <= first <= second:
        raise InvalidInputError("the first tree must not be larger than the second", hint="swap the sizes")
    return [node.hex() for node in consistency_proof(TileNodes(StoredTiles(session).entries), first, second)]


def _check_size(session: Session, size: int) -> None:
    length = tree_size(session)
    if size > length:
        raise InvalidInputError(f"the log has {length} events, not {size}", hint="ask for a size of a checkpoint")
