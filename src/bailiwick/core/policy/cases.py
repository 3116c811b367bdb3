"""Test cases of policies, written in TOML beside them: who asks what under which facts, and what must come out."""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bailiwick.core.errors import BailiwickError, InvalidInputError
from bailiwick.core.policy.customer import own_id
from bailiwick.core.policy.decision import Decision
from bailiwick.core.policy.engine import PolicyEngine
from bailiwick.core.policy.question import ContextValue, Question, Resource
from bailiwick.core.policy.roles import ROLES, cascade
from bailiwick.core.policy.scopes import ENTITY_TYPES, scope_chain
from bailiwick.core.principals import Identity, Principal, SignIn

MOST_CASES = 200
_MOST_CHARACTERS = 65536
# A Monday at noon: business hours nearly everywhere near UTC.
_NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
# What policy is told where an answer depends on more than who asks, and nothing else is said.
USUAL_CONTEXT: Mapping[str, Mapping[str, ContextValue]] = {
    "app.approve": {"authors": frozenset(), "requested_by": "", "first_deploy": False},
    "app.approve-by-link": {"first_deploy": False, "emergency": False, "age_minutes": 0},
    "approval.delegate": {"delegate": ""},
    "consent.give": {"owner": "", "within_reach": True},
    "consent.end": {"owner": "", "within_reach": True},
    "delegation.end": {"delegator": "", "delegate": ""},
    "waiver.approve": {"authors": frozenset(), "requested_by": "", "severity": "high"},
    "standard.approve": {"author": ""},
    "sql-function.approve": {"author": ""},
    "capability.open": {"authors": frozenset()},
    "app.use": {"mode": "production"},
    "policy.approve": {"author": ""},
    "role.assign": {"role": "app-user", "holder": ""},
    "role.remove": {"role": "app-user", "holder": ""},
    "grant.give": {"app": ""},
    "grant.preview": {"plane": ""},
    "model.call": {
        "app": "",
        "declared": False,
        "scopes": frozenset(),
        "open_to": frozenset(),
        "runs_in": "",
        "environments": frozenset(),
        "region": "",
        "regions": frozenset(),
        "data_classes": frozenset(),
        "allowed_classes": frozenset(),
    },
    "model.prompt": {
        "may_call": True,
        "app": "",
        "server": "",
        "topics": frozenset(),
        "instructed": frozenset(),
        "classes": frozenset(),
        "flagged": False,
    },
    "model.use-tool": {
        "may_call": True,
        "app": "",
        "tool": "",
        "integration": "",
        "topics": frozenset(),
        "flagged": False,
    },
    "access-review.read": {"named": False, "answers": False},
    "access-review.manage": {"removes": False},
    "access-review.decide": {"named": False, "by_owners": True, "privileged": False, "own": False, "answers": False},
    "service.read": {"owner": ""},
    "service.disable": {"owner": ""},
    "agent.start": {"agent": ""},
    "policy.propose": {"permits": False},
    "stop.lift": {"security": False, "killers": frozenset()},
    "freeze.lift": {"starters": frozenset()},
    "secret.approve-reveal": {"askers": frozenset()},
    "secret.reveal": {"secret": "", "asked": True, "approved": False},
    "integration.wrap-key": {"integration": "", "owned": True, "every_hours": 720},
    "encryption-key.shred": {"askers": frozenset()},
}


class Case(BaseModel):
    """One test case. Where nothing is said, it is a Monday noon in UTC, just after a sign-in with a second factor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    principal: str = "user:somebody@example.com"
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    attributes: Mapping[str, str] = Field(default_factory=dict)
    second_factor: bool = True
    sign_in_age: Annotated[int, Field(ge=0)] = 0
    address: str = ""
    time: datetime = _NOON
    environment: Literal["control", "editor", "production"] = "control"
    action: str
    resource: str
    data_classes: tuple[str, ...] = ()
    context: Mapping[str, bool | int | str | list[str]] = Field(default_factory=dict)
    expect: Literal["allow", "deny"]
    decided_by: str = ""

    @field_validator("roles")
    @classmethod
    def _known_roles(cls, roles: tuple[str, ...]) -> tuple[str, ...]:
        for role in roles:
            if role not in ROLES:
                raise ValueError(f"'{role}' is not a role; there are: {', '.join(ROLES)}")
        return roles

    def question(self) -> Question:
        """Return what is asked."""
        who = Principal.parse(self.principal)
        names = frozenset({str(who), *(f"group:{group}" for group in self.groups)})
        sign_in = SignIn(self.sign_in_age, self.second_factor)
        identity = Identity(who, names, dict(self.attributes), sign_in=sign_in, address=self.address)
        scope_chain(self.resource)
        resource = Resource(
            ENTITY_TYPES[self.resource.partition(":")[0]],
            self.resource,
            cascade((role, str(who)) for role in self.roles),
            frozenset(self.data_classes),
        )
        said = {key: frozenset(value) if isinstance(value, list) else value for key, value in self.context.items()}
        time = self.time if self.time.tzinfo else self.time.replace(tzinfo=UTC)
        context = {**USUAL_CONTEXT.get(self.action, {}), **said}
        return Question(identity, self.action, resource, time, self.environment, context)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How a test case came out; `problem` is empty when it came out as expected."""

    name: str
    problem: str
    deciders: tuple[str, ...] = ()


class CasesError(InvalidInputError):
    """The test cases cannot be read."""

    code = "policy.cases-not-valid"


class _Cases(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    test: tuple[Case, ...] = ()


def parse_cases(text: str) -> tuple[Case, ...]:
    """Read test cases (`[[test]]` tables); raise `CasesError` that names the fault and the nearest known key."""
    if len(text) > _MOST_CHARACTERS:
        raise CasesError(f"the test cases have {len(text)} characters", hint=f"{_MOST_CHARACTERS} are allowed")
    try:
        cases = _Cases.model_validate(tomllib.loads(text)).test
    except tomllib.TOMLDecodeError as fault:
        raise CasesError(f"the test cases are not valid TOML: {fault}") from None
    except RecursionError:
        raise CasesError("the test cases are nested too deeply") from None
    except ValidationError as fault:
        raise CasesError("; ".join(_words(fault))[:1000], hint="docs/policies.md shows how test cases look") from None
    if len(cases) > MOST_CASES:
        raise CasesError(f"there are {len(cases)} test cases", hint=f"{MOST_CASES} are allowed")
    return cases


def run_cases(engine: PolicyEngine, cases: Sequence[Case]) -> list[CaseResult]:
    """Ask every case's question and compare."""
    return [_run(engine, case) for case in cases]


def _run(engine: PolicyEngine, case: Case) -> CaseResult:
    if case.action not in engine.actions:
        close = difflib.get_close_matches(case.action, sorted(engine.actions), n=1)
        return CaseResult(case.name, f"there is no action '{case.action}'" + (f": {close[0]}?" if close else ""))
    try:
        decision = engine.answer(case.question())
    except BailiwickError as fault:
        return CaseResult(case.name, fault.message)
    return CaseResult(case.name, _difference(case, decision), decision.deciders)


def _difference(case: Case, decision: Decision) -> str:
    came = "allow" if decision.allowed else "deny"
    by = ", ".join(decision.deciders)
    if came != case.expect:
        return f"expected {case.expect}, but it is {came}, decided by {by}"
    if case.decided_by and case.decided_by not in {own_id(decider) for decider in decision.deciders}:
        return f"{came} as expected, but decided by {by}, not by {case.decided_by}"
    return ""


def _words(fault: ValidationError) -> list[str]:
    words = []
    for error in fault.errors(include_url=False):
        place = ".".join(str(part + 1) if isinstance(part, int) else part for part in error["loc"])
        if error["type"] == "extra_forbidden":
            known = sorted(Case.model_fields) if len(error["loc"]) > 1 else ["test"]
            close = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
            hint = f"did you mean '{close[0]}'?" if close else f"there are: {', '.join(known)}"
            words.append(f"{place}: unknown key, {hint}")
        else:
            words.append(f"{place}: {error['msg']}")
    return words
