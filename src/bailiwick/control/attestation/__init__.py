"""Attestations: what planes say of running instances, believed as far as it can be checked, and shown."""

from bailiwick.control.attestation.service import AttestationService, Shown

__all__ = ["AttestationService", "Shown"]
