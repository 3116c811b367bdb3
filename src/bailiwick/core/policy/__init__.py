"""Authorization: every action is one question, answered here."""

from bailiwick.core.policy.decision import Decision
from bailiwick.core.policy.engine import PolicyEngine, Resource
from bailiwick.core.policy.roles import ROLES, RoleHolders, cascade

__all__ = ["ROLES", "Decision", "PolicyEngine", "Resource", "RoleHolders", "cascade"]
