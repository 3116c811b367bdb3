"""An organisation's own policies: versioned text with review, tests and approval, and what is in force."""

from bailiwick.control.policies.force import PolicyForce
from bailiwick.control.policies.model import PolicySet, PolicyVersion
from bailiwick.control.policies.replay import DecisionMemory, Difference, Replay, remember
from bailiwick.control.policies.service import PolicyService
from bailiwick.control.policies.versions import name_of_policies

__all__ = [
    "DecisionMemory",
    "Difference",
    "PolicyForce",
    "PolicyService",
    "PolicySet",
    "PolicyVersion",
    "Replay",
    "name_of_policies",
    "remember",
]
