"""Integrations: business systems, what they offer, and what an app is granted."""

from bailiwick.control.integrations.errors import AccessNotOfferedError, UnknownIntegrationError
from bailiwick.control.integrations.model import Integration, Resolved
from bailiwick.control.integrations.service import IntegrationService

__all__ = ["AccessNotOfferedError", "Integration", "IntegrationService", "Resolved", "UnknownIntegrationError"]
