"""An organisation's own policies: versioned text with review, tests and approval, and what is in force."""

from bailiwick.control.policies.errors import WrongStateError
from bailiwick.control.policies.force import PolicyForce
from bailiwick.control.policies.model import PolicySet, PolicyVersion, State
from bailiwick.control.policies.replay import DecisionMemory, Difference, Replay, remember
from bailiwick.control.policies.service import PolicyService
from bailiwick.control.policies.versions import difference

__all__ = [
    "DecisionMemory",
    "Difference",
    "PolicyForce",
    "PolicyService",
    "PolicySet",
    "PolicyVersion",
    "Replay",
    "State",
    "WrongStateError",
    "difference",
    "remember",
]
