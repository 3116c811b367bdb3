"""The one place that says yes: questions answered by Cedar, any error or anything but Allow being a refusal."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources

import cedarpy

from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.policy.decision import DEFAULT_DENY, Decision, StepUp, both, strictest
from bailiwick.core.policy.question import ContextValue, Question, Resource
from bailiwick.core.principals import Identity, SignIn

# In a schema, only actions are named like this.
_ACTION = re.compile(r'"([a-z]+(?:-[a-z]+)*\.[a-z-]+)"')
_ANCESTORS = re.compile(r"entity ([\w, ]+?) in \[([^\]]*)\]")
_CONTEXT = re.compile(r"context: \{")
_APPLIES_TO = re.compile(r"action ([^{]*?)\s+appliesTo \{\s*principal: \[([^\]]*)\],\s*resource: \[([^\]]*)\]")

# Annotations of policies that refuse what another sign-in would allow.
_STEP_UP = frozenset({"max_age", "second_factor"})


@dataclass(frozen=True, slots=True)
class PolicyEngine:
    """Cedar policies and their schema, parsed once, with the words of each policy by its id."""

    policies: cedarpy.PolicySet = field(repr=False)
    schema: cedarpy.Schema = field(repr=False)
    reasons: Mapping[str, str] = field(repr=False)
    step_ups: Mapping[str, StepUp] = field(repr=False)
    actions: frozenset[str] = field(repr=False)
    actions_of_people: Mapping[str, frozenset[str]] = field(repr=False)
    ancestors: Mapping[str, frozenset[str]] = field(repr=False)
    environment: str = ""
    clock: Clock = field(default=utc_now, repr=False)

    @classmethod
    def from_text(cls, policies: str, schema: str, *, environment: str = "", clock: Clock = utc_now) -> "PolicyEngine":
        """Parse and validate; raise `ValueError` when a policy does not parse, fit the schema or carry an id of its
        own.
        """
        return replace(_parsed(policies, schema), environment=environment, clock=clock)

    @classmethod
    def built_in(cls, more: str = "", *, environment: str = "", clock: Clock = utc_now) -> "PolicyEngine":
        """Return the policies that every Bailiwick starts with, and `more` in Cedar."""
        return cls.from_text(built_in_policies() + more, built_in_schema(), environment=environment, clock=clock)

    def reason_of(self, decider: str) -> str:
        """Return the words of a policy."""
        return self.reasons.get(decider, decider)

    def actions_on(self, entity_type: str) -> frozenset[str]:
        """Return the actions that people can take on entities of a type, by the schema."""
        return self.actions_of_people.get(entity_type, frozenset())

    def decide(
        self, identity: Identity, action: str, resource: Resource, context: Mapping[str, ContextValue] | None = None
    ) -> Decision:
        """Answer whether `identity` may do `action` to `resource` now; errors in evaluation refuse (fail closed)."""
        return self.answer(self.question(identity, action, resource, context))

    def question(
        self, identity: Identity, action: str, resource: Resource, context: Mapping[str, ContextValue] | None = None
    ) -> Question:
        """Return the question whether `identity` may do `action` to `resource` now."""
        return Question(identity, action, resource, self.clock(), self.environment, context or {})

    def answer(self, question: Question) -> Decision:
        """Answer a question about any time; errors in evaluation refuse (fail closed).

        An agent that works for a person may do what both may; the answer explains both.
        """
        decision = self._answer_one(question)
        person = question.identity.behalf
        if person is None:
            return decision
        behind = self._answer_one(replace(question, identity=replace(person, address=question.identity.address)))
        return both({question.identity.principal.own: decision, str(person.principal): behind})

    def _answer_one(self, question: Question) -> Decision:
        """Answer for the principal alone, whoever it works for."""
        decision = self._evaluate(question)
        if decision.allowed or not set(decision.deciders) <= self.step_ups.keys():
            return decision
        # Nobody is sent to sign in again only to be refused for another reason.
        signed_in = replace(question.identity, sign_in=SignIn(age_seconds=0, second_factor=True))
        if not self._evaluate(replace(question, identity=signed_in)).allowed:
            return decision
        return replace(decision, step_up=strictest([self.step_ups[decider] for decider in decision.deciders]))

    def _evaluate(self, question: Question) -> Decision:
        entities = question.entities(self.ancestors)
        answer = cedarpy.is_authorized(question.request(), self.policies, entities, self.schema)
        return self._explain(answer, question.identity, question.action, question.resource)

    def _explain(self, answer: cedarpy.AuthzResult, identity: Identity, action: str, resource: Resource) -> Decision:
        notes = answer.diagnostics
        ids = notes.id_annotations_by_reason
        deciders = tuple(sorted(ids.get(reason, reason) for reason in notes.reasons))
        if notes.errors:
            words = f"policy could not be evaluated for {action}, so it is refused"
            return Decision(False, words, deciders or ("evaluation-error",))
        if answer.decision is cedarpy.Decision.Allow:
            return Decision(True, self._words(deciders), deciders)
        if deciders:
            return Decision(False, self._words(deciders), deciders)
        words = f"no policy lets {identity.principal.own} do {action} on {resource.name}"
        return Decision(False, words, (DEFAULT_DENY,))

    def _words(self, deciders: tuple[str, ...]) -> str:
        return "; ".join(self.reason_of(decider) for decider in deciders)


@lru_cache(maxsize=8)
def _parsed(policies: str, schema: str) -> PolicyEngine:
    """Return policies as they are read and checked, which takes a while and is the same for the same text."""
    result = cedarpy.validate_policies(policies, schema)
    if not result:
        raise ValueError("; ".join(str(error) for error in result.errors))
    static = json.loads(cedarpy.policies_to_json_str(policies))["staticPolicies"]
    annotations = [policy.get("annotations", {}) for policy in static.values()]
    if any("id" not in notes or "reason" not in notes for notes in annotations):
        raise ValueError("each policy needs an @id and a @reason")
    reasons = {notes["id"]: notes["reason"] for notes in annotations}
    if len(reasons) != len(annotations):
        raise ValueError("two policies have the same @id")
    return PolicyEngine(
        policies=cedarpy.PolicySet.from_str(policies),
        schema=cedarpy.Schema.from_str(schema),
        reasons=reasons,
        step_ups={notes["id"]: _step_up(notes) for notes in annotations if _STEP_UP & notes.keys()},
        actions=frozenset(_ACTION.findall(schema)),
        actions_of_people=_actions_of_people(schema),
        ancestors=_ancestors(schema),
    )


def _actions_of_people(schema: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for names, principals, resources_ in _APPLIES_TO.findall(schema):
        if "Person" in principals.replace(" ", "").split(","):
            for entity_type in resources_.replace(" ", "").split(","):
                found.setdefault(entity_type, set()).update(_ACTION.findall(names))
    return {entity_type: frozenset(actions) for entity_type, actions in found.items()}


def built_in_policies() -> str:
    """Return the policies that every Bailiwick starts with, as Cedar text."""
    return (resources.files("bailiwick.core.policy") / "policies.cedar").read_text()


def built_in_schema() -> str:
    """Return the schema as Cedar reads it: with the request in the context of every action."""
    text = (resources.files("bailiwick.core.policy") / "schema.cedarschema").read_text()
    return _CONTEXT.sub('context: {\n      "request": Request,', text)


def _ancestors(schema: str) -> dict[str, frozenset[str]]:
    return {
        name: frozenset(above.replace(" ", "").split(","))
        for names, above in _ANCESTORS.findall(schema)
        for name in names.replace(" ", "").split(",")
    }


def _step_up(notes: Mapping[str, str]) -> StepUp:
    max_age = notes.get("max_age")
    return StepUp(int(max_age) if max_age is not None else None, "second_factor" in notes)
