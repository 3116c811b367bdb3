"""Authorization: every action is one question, answered here."""

from bailiwick.core.policy.cases import USUAL_CONTEXT, Case, CaseResult, CasesError, parse_cases, run_cases
from bailiwick.core.policy.checking import Checked, check
from bailiwick.core.policy.customer import (
    MOST_POLICIES,
    CustomerSet,
    Fault,
    count_of,
    faults_in,
    own_id,
    permits_in,
    rendered,
    set_of,
)
from bailiwick.core.policy.decision import DEFAULT_DENY, Decision, StepUp, both
from bailiwick.core.policy.engine import PolicyEngine, built_in_policies, built_in_schema
from bailiwick.core.policy.force import UNREADABLE, PoliciesInForce
from bailiwick.core.policy.journal import Asked, Journal, read_question, write_question
from bailiwick.core.policy.question import FACTS_OF_PEOPLE, ContextValue, Question, Resource
from bailiwick.core.policy.roles import ROLES, RoleHolders, Standing, cascade
from bailiwick.core.policy.scopes import ENTITY_TYPES, ORGANIZATION, scope_chain

__all__ = [
    "DEFAULT_DENY",
    "ENTITY_TYPES",
    "FACTS_OF_PEOPLE",
    "MOST_POLICIES",
    "ORGANIZATION",
    "ROLES",
    "UNREADABLE",
    "USUAL_CONTEXT",
    "Asked",
    "Case",
    "CaseResult",
    "CasesError",
    "Checked",
    "ContextValue",
    "CustomerSet",
    "Decision",
    "Fault",
    "Journal",
    "PoliciesInForce",
    "PolicyEngine",
    "Question",
    "Resource",
    "RoleHolders",
    "Standing",
    "StepUp",
    "both",
    "built_in_policies",
    "built_in_schema",
    "cascade",
    "check",
    "count_of",
    "faults_in",
    "own_id",
    "parse_cases",
    "permits_in",
    "read_question",
    "rendered",
    "run_cases",
    "scope_chain",
    "set_of",
    "write_question",
]
