"""Delegations: somebody who may approve hands that to another person for a time."""

from bailiwick.control.delegations.judging import Approvers
from bailiwick.control.delegations.keeper import DelegationKeeper
from bailiwick.control.delegations.model import MOST, Delegation
from bailiwick.control.delegations.service import DelegationService

__all__ = ["MOST", "Approvers", "Delegation", "DelegationKeeper", "DelegationService"]
