"""Gates: who must approve a deploy before it goes to production, and who did."""

from bailiwick.control.gates.desk import ApprovalDesk
from bailiwick.control.gates.errors import AlreadyApprovedError, NoSeatError, NoSuchRuleError
from bailiwick.control.gates.model import (
    Approval,
    ApprovalState,
    Basis,
    Demand,
    GateFacts,
    Judged,
    Rule,
    RuleDraft,
    RuleKind,
    Sensitivity,
    Weighed,
    seat_words,
)
from bailiwick.control.gates.rules import RuleService

__all__ = [
    "AlreadyApprovedError",
    "Approval",
    "ApprovalDesk",
    "ApprovalState",
    "Basis",
    "Demand",
    "GateFacts",
    "Judged",
    "NoSeatError",
    "NoSuchRuleError",
    "Rule",
    "RuleDraft",
    "RuleKind",
    "RuleService",
    "Sensitivity",
    "Weighed",
    "seat_words",
]
