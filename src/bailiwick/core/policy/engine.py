"""The one place that says yes: questions answered by Cedar, any error or anything but Allow being a refusal."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Self

import cedarpy

from bailiwick.core.policy.decision import Decision, StepUp, both, strictest
from bailiwick.core.policy.roles import ROLES, RoleHolders
from bailiwick.core.principals import Identity, SignIn

_ENTITY_TYPES = {"user": "Person", "service": "Service", "agent": "Agent", "app": "AppIdentity", "plane": "Plane"}

# In a schema, only actions are named like this.
_ACTION = re.compile(r'"([a-z]+\.[a-z-]+)"')
_APPLIES_TO = re.compile(r"action ([^{]*?)\s+appliesTo \{\s*principal: \[([^\]]*)\],\s*resource: \[([^\]]*)\]")

# What decides where no policy does.
DEFAULT_DENY = "default-deny"
# Annotations of policies that refuse what another sign-in would allow.
_STEP_UP = frozenset({"max_age", "second_factor"})
# A credential that does not say how old its sign-in is counts as older than any policy allows.
_UNKNOWN_SIGN_IN = SignIn(age_seconds=2**40, second_factor=False)

ContextValue = str | bool | int | frozenset[str]


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that is acted on: its Cedar entity type, its written name and who holds which role on it."""

    entity_type: str
    name: str
    roles: RoleHolders


@dataclass(frozen=True, slots=True)
class PolicyEngine:
    """Cedar policies and their schema, parsed once, with the words of each policy by its id."""

    policies: cedarpy.PolicySet = field(repr=False)
    schema: cedarpy.Schema = field(repr=False)
    reasons: Mapping[str, str] = field(repr=False)
    step_ups: Mapping[str, StepUp] = field(repr=False)
    actions: frozenset[str] = field(repr=False)
    actions_of_people: Mapping[str, frozenset[str]] = field(repr=False)

    @classmethod
    def from_text(cls, policies: str, schema: str) -> Self:
        """Parse and validate; raise `ValueError` when a policy does not parse, fit the schema or carry an id."""
        result = cedarpy.validate_policies(policies, schema)
        if not result:
            raise ValueError("; ".join(str(error) for error in result.errors))
        static = json.loads(cedarpy.policies_to_json_str(policies))["staticPolicies"]
        annotations = [policy.get("annotations", {}) for policy in static.values()]
        if any("id" not in notes or "reason" not in notes for notes in annotations):
            raise ValueError("each policy needs an @id and a @reason")
        reasons = {notes["id"]: notes["reason"] for notes in annotations}
        actions, of_people = frozenset(_ACTION.findall(schema)), _actions_of_people(schema)
        step_ups = {notes["id"]: _step_up(notes) for notes in annotations if _STEP_UP & notes.keys()}
        return cls(
            cedarpy.PolicySet.from_str(policies), cedarpy.Schema.from_str(schema), reasons, step_ups, actions, of_people
        )

    @classmethod
    def built_in(cls, more: str = "") -> Self:
        """Return the policies that every Bailiwick starts with, and `more` in Cedar."""
        folder = resources.files("bailiwick.core.policy")
        policies = (folder / "policies.cedar").read_text() + more
        return cls.from_text(policies, (folder / "schema.cedarschema").read_text())

    def actions_on(self, entity_type: str) -> frozenset[str]:
        """Return the actions that people can take on entities of a type, by the schema."""
        return self.actions_of_people.get(entity_type, frozenset())

    def decide(
        self, identity: Identity, action: str, resource: Resource, context: Mapping[str, ContextValue] | None = None
    ) -> Decision:
        """Answer whether `identity` may do `action` to `resource`; errors in evaluation refuse (fail closed).

        An agent that works for a person may do what both may; the answer explains both.
        """
        decision = self._decide_one(identity, action, resource, context)
        if identity.behalf is None:
            return decision
        behind = self._decide_one(identity.behalf, action, resource, context)
        return both({identity.principal.own: decision, str(identity.behalf.principal): behind})

    def _decide_one(
        self, identity: Identity, action: str, resource: Resource, context: Mapping[str, ContextValue] | None
    ) -> Decision:
        """Answer for the principal alone, whoever it works for."""
        decision = self._evaluate(identity, action, resource, context)
        if decision.allowed or not set(decision.deciders) <= self.step_ups.keys():
            return decision
        # Nobody is sent to sign in again only to be refused for another reason.
        anew = replace(identity, sign_in=SignIn(age_seconds=0, second_factor=True))
        if not self._evaluate(anew, action, resource, context).allowed:
            return decision
        return replace(decision, step_up=strictest([self.step_ups[decider] for decider in decision.deciders]))

    def _evaluate(
        self, identity: Identity, action: str, resource: Resource, context: Mapping[str, ContextValue] | None
    ) -> Decision:
        principal_type = _ENTITY_TYPES[identity.principal.kind]
        principal_uid = {"type": principal_type, "id": str(identity.principal)}
        resource_uid = {"type": resource.entity_type, "id": resource.name}
        question = {
            "principal": principal_uid,
            "action": {"type": "Action", "id": action},
            "resource": resource_uid,
            "context": {key: _plain(value) for key, value in (context or {}).items()},
        }
        entities = [
            {"uid": principal_uid, "attrs": _principal_attributes(identity), "parents": []},
            {
                "uid": resource_uid,
                "attrs": {"roles": {role: sorted(resource.roles.get(role, ())) for role in ROLES}},
                "parents": [],
            },
        ]
        answer = cedarpy.is_authorized(question, self.policies, entities, self.schema)
        return self._explain(answer, identity, action, resource)

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
        return "; ".join(self.reasons.get(decider, decider) for decider in deciders)


def _actions_of_people(schema: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for names, principals, resources_ in _APPLIES_TO.findall(schema):
        if "Person" in principals.replace(" ", "").split(","):
            for entity_type in resources_.replace(" ", "").split(","):
                found.setdefault(entity_type, set()).update(_ACTION.findall(names))
    return {entity_type: frozenset(actions) for entity_type, actions in found.items()}


def _principal_attributes(identity: Identity) -> dict[str, object]:
    attributes: dict[str, object] = {"name": str(identity.principal), "names": sorted(identity.names)}
    if identity.is_person:
        known = identity.sign_in or _UNKNOWN_SIGN_IN
        attributes |= {"sign_in_age": known.age_seconds, "second_factor": known.second_factor}
    return attributes


def _step_up(notes: Mapping[str, str]) -> StepUp:
    max_age = notes.get("max_age")
    return StepUp(int(max_age) if max_age is not None else None, "second_factor" in notes)


def _plain(value: ContextValue) -> object:
    return sorted(value) if isinstance(value, frozenset) else value
