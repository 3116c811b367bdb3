"""Proof key for code exchange (RFC 7636): who redeems a code proves that they asked for it."""

import base64
import hashlib


def pkce_challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
