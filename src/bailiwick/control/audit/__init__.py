"""The audit log: append, search, sign, export and verify."""

from bailiwick.control.audit.checkpoints import sign_checkpoint
from bailiwick.control.audit.export import export_lines, verify_export
from bailiwick.control.audit.log import AuditLog
from bailiwick.control.audit.model import AuditPage, AuditQuery, LoggedEvent, Verification
from bailiwick.control.audit.search import event_at, search
from bailiwick.control.audit.usage import Use, used_by_actors, used_by_apps

__all__ = [
    "AuditLog",
    "AuditPage",
    "AuditQuery",
    "LoggedEvent",
    "Use",
    "Verification",
    "event_at",
    "export_lines",
    "search",
    "sign_checkpoint",
    "used_by_actors",
    "used_by_apps",
    "verify_export",
]
