"""Checks a set of policies before anybody is bothered with it: the text against the schema, then its own test cases."""

from collections.abc import Callable
from dataclasses import dataclass

from bailiwick.core.policy.cases import CaseResult, CasesError, parse_cases, run_cases
from bailiwick.core.policy.customer import CustomerSet, Fault, faults_in, rendered
from bailiwick.core.policy.engine import PolicyEngine


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: faults with their places, test cases with their results, and what else is wrong."""

    faults: tuple[Fault, ...]
    results: tuple[CaseResult, ...] = ()
    problem: str = ""

    @property
    def good(self) -> bool:
        """Whether it may be proposed: no fault, and at least one test case, and none that fails."""
        return not self.problems

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong, in words."""
        failing = [f"test '{result.name}': {result.problem}" for result in self.results if result.problem]
        return [*(str(fault) for fault in self.faults), *([self.problem] if self.problem else []), *failing]


def check(policies: CustomerSet, tests: str, engine_with: Callable[[str], PolicyEngine]) -> Checked:
    """Check a set; `engine_with` returns an engine with these policies beside the built-in ones."""
    faults = faults_in(policies.text, scope=policies.scope)
    if faults:
        return Checked(tuple(faults))
    try:
        engine = engine_with(rendered(policies))
    except ValueError as fault:
        return Checked((Fault(1, 1, str(fault)),))
    try:
        cases = parse_cases(tests)
    except CasesError as fault:
        return Checked((), problem=fault.message)
    if not cases:
        return Checked((), problem="there is no test case: write at least one that says what the policies are for")
    return Checked((), tuple(run_cases(engine, cases)))
