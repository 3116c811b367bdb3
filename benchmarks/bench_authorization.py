"""Authorization decisions a second, against the bare Cedar engine asked the same question."""

import json
import time

import cedarpy

from bailiwick.core.policy import PolicyEngine, Resource, cascade
from bailiwick.core.principals import Identity, Principal

_ROUNDS = 3000


def measure() -> list[tuple[str, float, str]]:
    """Return decisions through our wrapper over Cedar's own speed on an already built question."""
    engine = PolicyEngine.built_in()
    person = Identity(Principal("user", "a@example.com"), frozenset({"user:a@example.com", "group:makers"}))
    resource = Resource("App", "app:finance/refund-desk", cascade([("builder", "group:makers")]))
    start = time.perf_counter()
    for _ in range(_ROUNDS):
        engine.decide(person, "app.push", resource)
    ours = _ROUNDS / (time.perf_counter() - start)
    bare = _bare_rate(engine)
    return [("authorization decisions / bare Cedar", ours / bare, f"{ours:,.0f}/s against {bare:,.0f}/s")]


def _bare_rate(engine: PolicyEngine) -> float:
    names = ["user:a@example.com", "group:makers"]
    person = {"type": "Person", "id": names[0]}
    roles = {role: ["group:makers"] if role == "builder" else [] for role in cascade([])}
    built = [
        {"uid": person, "attrs": {"name": names[0], "names": names}, "parents": []},
        {"uid": {"type": "App", "id": "app:x"}, "attrs": {"roles": roles}, "parents": []},
    ]
    entities = cedarpy.Entities.from_json_str(json.dumps(built))
    question = {
        "principal": 'Person::"user:a@example.com"',
        "action": 'Action::"app.push"',
        "resource": 'App::"app:x"',
        "context": {},
    }
    start = time.perf_counter()
    for _ in range(_ROUNDS):
        cedarpy.is_authorized(question, engine.policies, entities, engine.schema)
    return _ROUNDS / (time.perf_counter() - start)
