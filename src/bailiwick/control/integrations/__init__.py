"""Integrations: business systems, what they offer, and what an app is granted."""

from bailiwick.control.integrations.accounts import AccountBook, FoundAccount
from bailiwick.control.integrations.classes import DataClasses, classes_by_integration, classes_in
from bailiwick.control.integrations.connectors import Connector, Connectors, Made
from bailiwick.control.integrations.day_use import DayUse, day_uses_for, take_day_use
from bailiwick.control.integrations.errors import AccessNotOfferedError, UnknownIntegrationError
from bailiwick.control.integrations.folders import secrets_of
from bailiwick.control.integrations.limit_trial import LimitTrial
from bailiwick.control.integrations.model import Integration, Resolved
from bailiwick.control.integrations.pressure import Pressure, pressures, take_pressure
from bailiwick.control.integrations.service import IntegrationService
from bailiwick.control.integrations.static_keys import Wrapping, static_key
from bailiwick.control.integrations.withdrawals import GrantWithdrawals, Withdrawal, withdrawals

__all__ = [
    "AccessNotOfferedError",
    "AccountBook",
    "Connector",
    "Connectors",
    "DataClasses",
    "DayUse",
    "FoundAccount",
    "GrantWithdrawals",
    "Integration",
    "IntegrationService",
    "LimitTrial",
    "Made",
    "Pressure",
    "Resolved",
    "UnknownIntegrationError",
    "Withdrawal",
    "Wrapping",
    "classes_by_integration",
    "classes_in",
    "day_uses_for",
    "pressures",
    "secrets_of",
    "static_key",
    "take_day_use",
    "take_pressure",
    "withdrawals",
]
