"""A request for a certificate, as a plain value."""

from dataclasses import dataclass
from datetime import datetime

from bailiwick.control.vault import Environment


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """What an authority of the company shall sign (`csr`, PEM) for a secret. Its key is sealed in the vault."""

    name: str
    subject: str
    csr: str
    environment: Environment
    asked_by: str
    asked_at: datetime
