"""Authorization: every action is one question, answered here."""

from bailiwick.core.policy.decision import Decision, StepUp
from bailiwick.core.policy.engine import ContextValue, PolicyEngine, Resource
from bailiwick.core.policy.roles import ROLES, RoleHolders, cascade

__all__ = ["ROLES", "ContextValue", "Decision", "PolicyEngine", "Resource", "RoleHolders", "StepUp", "cascade"]
