"""Authorization: every action is one question, answered here."""

from bailiwick.core.policy.decision import Decision, StepUp
from bailiwick.core.policy.engine import DEFAULT_DENY, ContextValue, PolicyEngine, Resource
from bailiwick.core.policy.roles import ROLES, RoleHolders, cascade

__all__ = [
    "DEFAULT_DENY",
    "ROLES",
    "ContextValue",
    "Decision",
    "PolicyEngine",
    "Resource",
    "RoleHolders",
    "StepUp",
    "cascade",
]
