"""Integrations: business systems, what they offer, and what an app is granted."""

from bailiwick.control.integrations.accounts import AccountBook, FoundAccount
from bailiwick.control.integrations.classes import DataClasses
from bailiwick.control.integrations.errors import AccessNotOfferedError, UnknownIntegrationError
from bailiwick.control.integrations.model import Integration, Resolved
from bailiwick.control.integrations.service import IntegrationService
from bailiwick.control.integrations.static_keys import Wrapping, static_key
from bailiwick.control.integrations.withdrawals import GrantWithdrawals, Withdrawal, withdrawals

__all__ = [
    "AccessNotOfferedError",
    "AccountBook",
    "DataClasses",
    "FoundAccount",
    "GrantWithdrawals",
    "Integration",
    "IntegrationService",
    "Resolved",
    "UnknownIntegrationError",
    "Withdrawal",
    "Wrapping",
    "static_key",
    "withdrawals",
]
