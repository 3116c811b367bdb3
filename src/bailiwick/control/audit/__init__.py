"""The audit log: append, search, sign, prove, export and verify."""

from bailiwick.control.audit.checkpoints import sign_checkpoint
from bailiwick.control.audit.export import export_lines, verify_export
from bailiwick.control.audit.log import AuditLog
from bailiwick.control.audit.model import AuditPage, AuditQuery, LoggedEvent, SignedCheckpoint, Verification
from bailiwick.control.audit.proofs import latest_checkpoint, prove_consistency, prove_inclusion
from bailiwick.control.audit.search import body_at, event_at, search
from bailiwick.control.audit.tiles import StoredTiles, complete_tiles

__all__ = [
    "AuditLog",
    "AuditPage",
    "AuditQuery",
    "LoggedEvent",
    "SignedCheckpoint",
    "StoredTiles",
    "Verification",
    "body_at",
    "complete_tiles",
    "event_at",
    "export_lines",
    "latest_checkpoint",
    "prove_consistency",
    "prove_inclusion",
    "search",
    "sign_checkpoint",
    "verify_export",
]
