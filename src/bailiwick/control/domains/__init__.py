"""Domains: host names of an organisation's own under which apps answer in production."""

from bailiwick.control.domains.errors import DomainTakenError, NoSuchDomainError
from bailiwick.control.domains.model import Domain
from bailiwick.control.domains.service import DomainService, domains_by_app

__all__ = ["Domain", "DomainService", "DomainTakenError", "NoSuchDomainError", "domains_by_app"]
