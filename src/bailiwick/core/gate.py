"""The gate of a release: which rule was met by whom, by which policies, and what was new; signed, and checked again.

The key for approvals signs it, not the one for releases: an artefact that nobody had to approve needs both. What a
gate says of reach is not believed but counted anew from the two reaches in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from pydantic import ValidationError

from bailiwick.core.data_classes import sensitive_in
from bailiwick.core.reach import Reach
from bailiwick.core.reach_news import news
from bailiwick.core.reach_words import Line
from bailiwick.core.statements import GATE, SignatureError, Statement

ADMINISTRATOR, ANYONE = "administrator", "anyone"
AUTOMATIC = "automatic"
_LEAST_IN_EMERGENCIES = 2


@dataclass(frozen=True, slots=True)
class Seat:
    """A place that a rule has for one approver, and whose approval (by the digest of its statement) took it."""

    seat: str
    approver: str
    approval: str


@dataclass(frozen=True, slots=True)
class Gate:
    """How a deploy came through. `rule` names it, `kind` is `automatic`, `one` or `several`, `seats` what it demands.

    `policy` names by digest the rule and the policies that were in force. `before` and `after` are the reach of what
    production ran and of what it runs now, `users_before` (None where nobody wrote them down) and `users_after` who may
    use it, and `new` what is new in words. `emergency` says why it did not wait for its rule, where it is one.
    """

    rule: str
    kind: str
    seats: tuple[str, ...]
    taken: tuple[Seat, ...]
    policy: Mapping[str, str]
    deploy: str
    first: bool
    before: Reach | None
    after: Reach
    users_before: tuple[str, ...] | None
    users_after: tuple[str, ...]
    new: tuple[Line, ...] = field(default=())
    emergency: str = ""

    def predicate(self, *, release: str, tree: str) -> dict[str, object]:
        """Return what is said of the release of a tree."""
        return {
            "rule": {"name": self.rule, "kind": self.kind, "seats": list(self.seats)},
            "taken": [asdict(seat) for seat in self.taken],
            "policy": dict(self.policy),
            "deploy": self.deploy,
            "release": release,
            "tree": tree,
            "first": self.first,
            "before": self.before.model_dump(mode="json") if self.before is not None else None,
            "after": self.after.model_dump(mode="json"),
            "users": {
                "before": list(self.users_before) if self.users_before is not None else None,
                "after": list(self.users_after),
            },
            "new": [asdict(line) for line in self.new],
            **({"emergency": self.emergency} if self.emergency else {}),
        }


def is_gate(statement: Statement) -> bool:
    """Whether a statement says how a deploy came through."""
    return statement.predicate_type == GATE


def demands_gate(artifact: Statement, approvals: Sequence[Statement]) -> bool:
    """Whether a release must say how it came through.

    What was signed before there were gates says nothing of one and still starts, by one approval of somebody who wrote
    none of it. Both the artefact and each approval say it from then on, with keys of their own: whoever holds the key
    for releases alone cannot make several approvals pass for one of the old kind.
    """
    return artifact.predicate.get("gate") is True or any("policy" in item.predicate for item in approvals)


def check_gate(
    gate: Statement,
    approvals: Mapping[str, Statement],
    *,
    release: str,
    tree: str,
    reach: str,
    authors: Sequence[str],
) -> None:
    """Check that the approvals of a release (by the digests of their statements) meet the rule that its gate says.

    Raises `SignatureError` that says what does not fit.
    """
    said = gate.predicate
    rule, policy = _mapping(said.get("rule"), "rule"), _mapping(said.get("policy"), "policy")
    _same("the gate's release", said.get("release"), release)
    _same("the gate's tree", said.get("tree"), tree)
    after = _reach(said.get("after"))
    if after is None or after.digest() != reach:
        raise SignatureError("the gate is about another reach")
    kind, seats = rule.get("kind"), [str(seat) for seat in _items(rule.get("seats"))]
    if said.get("first") is not False and ADMINISTRATOR not in seats:
        raise SignatureError("the gate of a first deploy does not demand an administrator")
    if said.get("emergency") and len(seats) < _LEAST_IN_EMERGENCIES:
        raise SignatureError("the gate of an emergency demands two people")
    if kind == AUTOMATIC:
        _check_automatic(said, after, seats)
        return
    if not seats:
        raise SignatureError("the gate demands nobody's approval, and its rule is not automatic")
    _check_seats(said, seats, approvals, dict(policy), authors)


def _check_automatic(said: Mapping[str, object], after: Reach, seats: Sequence[str]) -> None:
    """Check that nobody had to approve: nothing is new, counted again here, and nothing sensitive is handled."""
    before = _reach(said.get("before"))
    users = _mapping(said.get("users"), "users")
    known = users.get("before")
    if said.get("first") is not False or before is None or not isinstance(known, list):
        raise SignatureError("the gate lets a first deploy through without an approval")
    if seats or said.get("taken"):
        raise SignatureError("the gate is automatic, and demands approvals")
    new = [*news(before, after), *({*map(str, _items(users.get("after")))} - {*map(str, known)})]
    if new or said.get("new"):
        raise SignatureError("the gate is automatic, and something is new in the reach: somebody must approve it")
    if sensitive_in(after.data_classes):
        raise SignatureError("the gate is automatic, and the app handles sensitive data: somebody must approve it")


def _check_seats(
    said: Mapping[str, object],
    seats: Sequence[str],
    approvals: Mapping[str, Statement],
    policy: dict[str, object],
    authors: Sequence[str],
) -> None:
    taken = [_mapping(item, "taken") for item in _items(said.get("taken"))]
    if sorted(str(item.get("seat")) for item in taken) != sorted(seats):
        raise SignatureError(f"the gate demands {', '.join(seats)}, and not each of them was met")
    people = [name for item in taken for name in _people(item, approvals)]
    if len(set(people)) != len(people):
        raise SignatureError("one person was counted more than once at the gate")
    for item in taken:
        seat, approver = str(item.get("seat")), str(item.get("approver"))
        approval = approvals.get(str(item.get("approval")))
        if approval is None:
            raise SignatureError(f"the approval of {approver:.80} that the gate counts is not there")
        _same("the approver whom the gate counts", approval.predicate.get("approver"), approver)
        _same("the deploy that was approved", approval.predicate.get("deploy"), said.get("deploy"))
        _same("the policy that was approved under", approval.predicate.get("policy"), policy)
        if seat not in _items(approval.predicate.get("seats")):
            raise SignatureError(f"{approver:.80} did not approve as {seat:.80}")
        for name in _people(item, approvals):
            if name in authors:
                raise SignatureError(f"{name:.80} wrote some of it, and is counted at the gate")


def _people(taken: Mapping[str, object], approvals: Mapping[str, Statement]) -> list[str]:
    """Return who stands behind a seat that was taken: the approver, and whoever handed that right to them."""
    approval = approvals.get(str(taken.get("approval")))
    behalf = str(approval.predicate.get("behalf", "")) if approval is not None else ""
    return [str(taken.get("approver")), *([behalf] if behalf else [])]


def _reach(document: object) -> Reach | None:
    if document is None:
        return None
    try:
        return Reach.model_validate(document)
    except ValidationError as fault:
        raise SignatureError("the gate names a reach that cannot be read") from fault


def _mapping(found: object, name: str) -> Mapping[str, object]:
    if not isinstance(found, dict):
        raise SignatureError(f"the gate does not say its {name}")
    return found


def _items(found: object) -> list[object]:
    return found if isinstance(found, list) else []


def _same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise SignatureError(f"{what} is not the one expected: expected {expected!r:.80}, found {found!r:.80}")
