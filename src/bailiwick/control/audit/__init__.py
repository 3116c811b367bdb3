"""The audit log: append, search, sign, export and verify."""

from bailiwick.control.audit.checkpoints import sign_checkpoint
from bailiwick.control.audit.expiry import LEAST_DAYS, RetentionRules, advance_horizon, expire_batch, horizon_of
from bailiwick.control.audit.export import export_lines, verify_export
from bailiwick.control.audit.holds import Hold, Scope, add_hold, all_holds, end_hold
from bailiwick.control.audit.log import AuditLog
from bailiwick.control.audit.model import AuditPage, AuditQuery, LoggedEvent, Verification
from bailiwick.control.audit.reading import StoredEvent, log_size, moment_at, read_on
from bailiwick.control.audit.search import event_at, search

__all__ = [
    "LEAST_DAYS",
    "AuditLog",
    "AuditPage",
    "AuditQuery",
    "Hold",
    "LoggedEvent",
    "RetentionRules",
    "Scope",
    "StoredEvent",
    "Verification",
    "add_hold",
    "advance_horizon",
    "all_holds",
    "end_hold",
    "event_at",
    "expire_batch",
    "export_lines",
    "horizon_of",
    "log_size",
    "moment_at",
    "read_on",
    "search",
    "sign_checkpoint",
    "verify_export",
]
