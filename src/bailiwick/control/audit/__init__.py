"""The audit log: append, search, sign, export and verify."""

from bailiwick.control.audit.checkpoints import sign_checkpoint
from bailiwick.control.audit.export import export_lines, verify_export
from bailiwick.control.audit.gathering import GatheringLog
from bailiwick.control.audit.log import AuditLog
from bailiwick.control.audit.model import AuditPage, AuditQuery, LoggedEvent, Verification
from bailiwick.control.audit.search import event_at, search

__all__ = [
    "AuditLog",
    "AuditPage",
    "AuditQuery",
    "GatheringLog",
    "LoggedEvent",
    "Verification",
    "event_at",
    "export_lines",
    "search",
    "sign_checkpoint",
    "verify_export",
]
