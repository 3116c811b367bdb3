"""Authorization: every action is one question, answered here."""

from bailiwick.core.policy.decision import Decision

__all__ = ["Decision"]
