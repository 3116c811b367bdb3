"""Authorization decisions a second, against the bare Cedar engine, and with 50 policies of an organisation's own."""

import json
import time
from collections.abc import Callable

import cedarpy

from bailiwick.core.clock import utc_now
from bailiwick.core.policy import (
    MOST_POLICIES,
    ORGANIZATION,
    CustomerSet,
    Journal,
    PolicyEngine,
    Question,
    Resource,
    cascade,
    rendered,
)
from bailiwick.core.principals import Identity, Principal, SignIn

_ROUNDS = 3000
_POLICY = """@id("office-{number}")
@reason("only from the office")
forbid (principal is Person, action in [Action::"app.push", Action::"app.kill"], resource)
unless {{ context.request.address.isInRange(ip("10.{number}.0.0/8")) || principal.country == "DE" }};
"""
Row = tuple[str, float, str]


def measure() -> list[Row]:
    """Return decisions through our wrapper over Cedar's own speed on an already built question; the cost of as many
    policies of an organisation's own as there may be; and what it costs to remember a decision for replays.
    """
    engine, question = PolicyEngine.built_in(), _question()
    ours = _rate(lambda: engine.decide(question.identity, question.action, question.resource))
    bare = _bare_rate(engine, question)
    text = "".join(_POLICY.format(number=number) for number in range(MOST_POLICIES))
    full = PolicyEngine.built_in(rendered(CustomerSet("mine", 1, ORGANIZATION, text)))
    governed = _rate(lambda: full.decide(question.identity, question.action, question.resource))
    journal, decision = Journal(), engine.answer(question)
    remembered = _rate(lambda: journal.add(question, decision))
    return [
        ("authorization decisions / bare Cedar", ours / bare, f"{ours:,.0f}/s against {bare:,.0f}/s"),
        (
            f"decisions with {MOST_POLICIES} policies of one's own / without",
            governed / ours,
            f"{governed:,.0f}/s against {ours:,.0f}/s, {1e3 / governed:.2f} ms each",
        ),
        (
            "decisions remembered / made",
            remembered / ours,
            f"{remembered:,.0f}/s against {ours:,.0f}/s",
        ),
    ]


def _question() -> Question:
    facts = {"department": "Sales", "country": "DE", "region": "EMEA"}
    names = frozenset({"user:a@example.com", "group:makers"})
    sign_in = SignIn(60, second_factor=True)
    person = Identity(Principal("user", "a@example.com"), names, facts, sign_in=sign_in, address="10.1.2.3")
    resource = Resource("App", "app:finance/refund-desk", cascade([("builder", "group:makers")]))
    return Question(person, "app.push", resource, utc_now())


def _bare_rate(engine: PolicyEngine, question: Question) -> float:
    """Return how fast Cedar answers what is built and parsed once."""
    entities = cedarpy.Entities.from_json_str(json.dumps(question.entities(engine.ancestors)))
    asked = question.request()
    return _rate(lambda: cedarpy.is_authorized(asked, engine.policies, entities, engine.schema))


def _rate(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(_ROUNDS):
        work()
    return _ROUNDS / (time.perf_counter() - start)
