"""The audit log: append, search, sign, prove, export and verify."""

from bailiwick.control.audit.checkpoints import sign_checkpoint
from bailiwick.control.audit.counts import Bar, Histogram, histogram
from bailiwick.control.audit.expiry import LEAST_DAYS, RetentionRules, advance_horizon, expire_batch, horizon_of
from bailiwick.control.audit.export import export_lines, verify_export
from bailiwick.control.audit.gathering import GatheringLog
from bailiwick.control.audit.holds import Hold, Scope, add_hold, all_holds, end_hold
from bailiwick.control.audit.last import last_by_actor, last_on_resource
from bailiwick.control.audit.log import AuditLog
from bailiwick.control.audit.model import AuditPage, LoggedEvent, SignedCheckpoint, Verification
from bailiwick.control.audit.proofs import latest_checkpoint, prove_consistency, prove_inclusion
from bailiwick.control.audit.query import AuditQuery, parse_terms
from bailiwick.control.audit.reading import StoredEvent, moment_at, read_on
from bailiwick.control.audit.saved import SavedSearch, remove_search, save_search, saved_searches
from bailiwick.control.audit.search import body_at, event_at, known_actions, search, search_after
from bailiwick.control.audit.tiles import StoredTiles, complete_tiles
from bailiwick.control.audit.tiles import tree_size as log_size
from bailiwick.control.audit.usage import Use, successes_on, times_on, used_by_actors, used_by_apps

__all__ = [
    "LEAST_DAYS",
    "AuditLog",
    "AuditPage",
    "AuditQuery",
    "Bar",
    "GatheringLog",
    "Histogram",
    "Hold",
    "LoggedEvent",
    "RetentionRules",
    "SavedSearch",
    "Scope",
    "SignedCheckpoint",
    "StoredEvent",
    "StoredTiles",
    "Use",
    "Verification",
    "add_hold",
    "advance_horizon",
    "all_holds",
    "body_at",
    "complete_tiles",
    "end_hold",
    "event_at",
    "expire_batch",
    "export_lines",
    "histogram",
    "horizon_of",
    "known_actions",
    "last_by_actor",
    "last_on_resource",
    "latest_checkpoint",
    "log_size",
    "moment_at",
    "parse_terms",
    "prove_consistency",
    "prove_inclusion",
    "read_on",
    "remove_search",
    "save_search",
    "saved_searches",
    "search",
    "search_after",
    "sign_checkpoint",
    "successes_on",
    "times_on",
    "used_by_actors",
    "used_by_apps",
    "verify_export",
]
