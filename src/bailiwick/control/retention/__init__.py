"""Retention: how long events of the audit log are kept, and the legal holds that keep them longer."""

from bailiwick.control.retention.service import Expiry, RetentionService, RetentionStatus

__all__ = ["Expiry", "RetentionService", "RetentionStatus"]
