"""Signing keys: which sign reviews, approvals and releases now, how one follows another, and what became of them."""

from bailiwick.control.signing.saying import PlatformStatements
from bailiwick.control.signing.service import KeyService
from bailiwick.control.signing.store import LiveKey, SigningKeys

__all__ = ["KeyService", "LiveKey", "PlatformStatements", "SigningKeys"]
