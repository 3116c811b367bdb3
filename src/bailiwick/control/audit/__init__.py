"""The audit log: append, search, sign, export and verify."""

from bailiwick.control.audit.checkpoints import sign_checkpoint
from bailiwick.control.audit.export import export_lines, verify_export
from bailiwick.control.audit.log import AuditLog
from bailiwick.control.audit.model import AuditPage, AuditQuery, LoggedEvent, Verification
from bailiwick.control.audit.search import event_at, last_by_actor, last_on_resource, search

__all__ = [
    "AuditLog",
    "AuditPage",
    "AuditQuery",
    "LoggedEvent",
    "Verification",
    "event_at",
    "export_lines",
    "last_by_actor",
    "last_on_resource",
    "search",
    "sign_checkpoint",
    "verify_export",
]
