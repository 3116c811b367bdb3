"""What a deploy needs, and whether the approvals that there are meet it: facts in, answers out."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from bailiwick.control.gates.model import Demand, GateFacts, Rule, RuleKind, Sensitivity
from bailiwick.core.gate import ADMINISTRATOR, ANYONE
from bailiwick.core.policy import ORGANIZATION, scope_chain


def rule_for(rules: Sequence[Rule], app: str, *, sensitive: bool, usual: Rule) -> Rule:
    """Return the rule for an app: of the deepest folder that has one.

    A rule for sensitive apps goes before one for all, wherever each stands: a general rule of a folder does not undo
    what the organisation says of them.
    """
    places = {(rule.sensitivity, rule.folder): rule for rule in rules}
    kinds = [Sensitivity.SENSITIVE, Sensitivity.ANY] if sensitive else [Sensitivity.ANY]
    for kind in kinds:
        for scope in scope_chain(f"app:{app}"):
            folder = "" if scope == ORGANIZATION else scope.removeprefix("folder:")
            if (kind, folder) in places:
                return places[kind, folder]
    return usual


def demanded(rule: Rule, facts: GateFacts) -> Demand:
    """Return what a deploy needs by a rule; an emergency needs two people, whatever the rule says."""
    if facts.emergency:
        two = (ADMINISTRATOR if facts.first else ANYONE,) * 2
        return Demand(rule, RuleKind.SEVERAL, two, f"it is an emergency: {facts.emergency}")
    if facts.first:
        # Policy lets only administrators approve it, so a rule that wants several wants as many of them.
        several = rule.kind is RuleKind.SEVERAL
        seats = (ADMINISTRATOR,) * (len(rule.seats) if several else 1)
        return Demand(rule, RuleKind.SEVERAL if several else RuleKind.ONE, seats, "it is the app's first deploy")
    if rule.kind is RuleKind.SEVERAL:
        return Demand(rule, RuleKind.SEVERAL, rule.seats, f"by the {rule.name}")
    against = _against_automatic(facts) if rule.kind is RuleKind.AUTOMATIC else f"by the {rule.name}"
    if against:
        return Demand(rule, RuleKind.ONE, (ANYONE,), against)
    return Demand(rule, RuleKind.AUTOMATIC, (), f"automatic by the {rule.name}")


def _against_automatic(facts: GateFacts) -> str:
    """Return why somebody must approve a deploy whatever its rule says, or nothing."""
    if facts.before is None or facts.users_before is None:
        return "what production ran, and who could use it, was not written down"
    if facts.new:
        return "something is new in its reach"
    if facts.sensitive:
        return f"it handles {', '.join(facts.sensitive)} data"
    return "it is said to be the fix of a freeze" if facts.fixes else ""


def seated(seats: Sequence[str], able: Sequence[AbstractSet[str]]) -> list[int | None]:
    """Return who takes which seat (by their place in `able`), one seat each, so that as many as can be are taken.

    A greedy choice would leave a seat empty that somebody could take: people are moved along while that frees a seat
    (the augmenting paths of Kuhn, 1955).
    """
    holder: list[int | None] = [None] * len(seats)

    def place(person: int, tried: set[int]) -> bool:
        for seat, name in enumerate(seats):
            if name not in able[person] or seat in tried:
                continue
            tried.add(seat)
            sitting = holder[seat]
            if sitting is None or place(sitting, tried):
                holder[seat] = person
                return True
        return False

    for person in range(len(able)):
        place(person, set())
    return holder
