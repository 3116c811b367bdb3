"""Checkpoints: signed statements of the tree's size and root, so that nothing before them can be changed unseen."""

import json

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from bailiwick.control.audit.tables import CheckpointRow, TreeRow
from bailiwick.core.checkpoints import Checkpoint, seal_checkpoint
from bailiwick.core.clock import Clock
from bailiwick.core.merkle import Frontier
from bailiwick.core.statements import SigningKey


def sign_checkpoint(session: Session, key: SigningKey, clock: Clock) -> int:
    """Sign the tree as it stands when it has grown since the last checkpoint; return its size."""
    tree = session.scalars(select(TreeRow).with_for_update()).one_or_none()
    signed = session.scalar(select(func.max(CheckpointRow.size))) or 0
    if tree is None or tree.size == signed:
        return signed
    root = Frontier(tree.size, [bytes.fromhex(peak) for peak in tree.peaks]).root()
    checkpoint = Checkpoint(tree.tenant, tree.size, root.hex(), clock())
    envelope = json.loads(seal_checkpoint(checkpoint, key).model_dump_json(by_alias=True))
    row = {"tenant": tree.tenant, "size": tree.size, "time": checkpoint.time, "envelope": envelope}
    session.execute(insert(CheckpointRow), [row])
    return tree.size
