"""Capabilities opened for an app: by somebody who wrote none of it, for a reason, until a day."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from bailiwick.control.capabilities.errors import CapabilityOpenError
from bailiwick.control.capabilities.model import MOST_DAYS, OpenedCapability
from bailiwick.control.capabilities.register import CapabilityRegister
from bailiwick.control.capabilities.service import CapabilityService
from bailiwick.control.capabilities.tables import CAPABILITIES

# What is open for an app at this moment, in order.
OpenFor = Callable[[Session, str], tuple[str, ...]]

__all__ = [
    "CAPABILITIES",
    "MOST_DAYS",
    "CapabilityOpenError",
    "CapabilityRegister",
    "CapabilityService",
    "OpenFor",
    "OpenedCapability",
]
