"""Inference: which models may be asked, what goes to them, how much, and what it cost in tokens."""

from bailiwick.control.inference.budget_notices import BUDGET_EVENTS, BudgetNotice, BudgetNotices
from bailiwick.control.inference.budgets import Standing, Use, budgets_of, standings, take_use
from bailiwick.control.inference.client import Gateway, ModelClient
from bailiwick.control.inference.errors import ModelError, UnknownModelError
from bailiwick.control.inference.model import Answer, Call, Question, Route, Wire
from bailiwick.control.inference.outflows import KEPT_DAYS, OutflowDay, OutflowFilter, OutflowLine, OutflowService
from bailiwick.control.inference.prompt_logs import PromptLogService
from bailiwick.control.inference.redaction_trial import MOST_CHARACTERS, RedactionTrial, Tried, why_found
from bailiwick.control.inference.service import REVIEWERS, InferenceService
from bailiwick.control.inference.serving import ModelServing

__all__ = [
    "BUDGET_EVENTS",
    "KEPT_DAYS",
    "MOST_CHARACTERS",
    "REVIEWERS",
    "Answer",
    "BudgetNotice",
    "BudgetNotices",
    "Call",
    "Gateway",
    "InferenceService",
    "ModelClient",
    "ModelError",
    "ModelServing",
    "OutflowDay",
    "OutflowFilter",
    "OutflowLine",
    "OutflowService",
    "PromptLogService",
    "Question",
    "RedactionTrial",
    "Route",
    "Standing",
    "Tried",
    "UnknownModelError",
    "Use",
    "Wire",
    "budgets_of",
    "standings",
    "take_use",
    "why_found",
]
