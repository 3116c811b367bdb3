"""The approvals of deploys: given, withdrawn, and weighed against the rule. The caller brings the transaction.

An approval is counted anew at every decision: it rests on tree, reach, rule, policies and what was new, it is good for
some days, and policy is asked again about whoever gave it.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.gates.deciding import demanded, rule_for, seated
from bailiwick.control.gates.errors import AlreadyApprovedError, NoSeatError
from bailiwick.control.gates.model import (
    USUAL,
    Approval,
    ApprovalState,
    Basis,
    Demand,
    GateFacts,
    Judged,
    Weighed,
    seat_words,
)
from bailiwick.control.gates.rules import rules_in_force
from bailiwick.control.gates.tables import DeployApprovalRow
from bailiwick.control.identity import Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.events import canonical_json
from bailiwick.core.gate import ADMINISTRATOR, ANYONE
from bailiwick.core.policy import ContextValue, Decision, RoleHolders
from bailiwick.core.principals import Identity
from bailiwick.core.statements import Envelope

_ADMINISTRATORS = ("org-admin", "it-admin", "security-admin")
# As far as clocks of one installation may be apart: what was given later than that has not been given yet.
_AHEAD = timedelta(minutes=5)


class ApprovalDesk:
    """Keeps approvals. `identities` says who somebody is now, `judge` whether they may approve and for whom, and
    `policies` names the policies in force for an app.
    """

    def __init__(
        self,
        *,
        authorizer: Authorizer,
        identities: Callable[[Session, str], Identity],
        judge: Callable[[Session, Identity, str, Mapping[str, ContextValue]], tuple[Decision, str]],
        policies: Callable[[Session, str], str],
        days: int,
        clock: Clock,
    ) -> None:
        """`days` is how long an approval is good."""
        self._authorizer = authorizer
        self._identities = identities
        self._judge = judge
        self._policies = policies
        self._good_for = timedelta(days=days)
        self._clock = clock

    def weigh(self, session: Session, facts: GateFacts) -> Weighed:
        """Return what a deploy needs and what of it is there now; nothing is written."""
        rule = rule_for(rules_in_force(session), facts.app, sensitive=bool(facts.sensitive), usual=USUAL)
        demand = demanded(rule, facts)
        basis = self._basis(session, facts, rule.digest())
        holders = self._authorizer.holders(session, f"app:{facts.app}")
        judged = _once(
            self._judged(session, facts, basis, holders, approval) for approval in self.approvals(session, facts.deploy)
        )
        counted = [item for item in judged if item.state is ApprovalState.COUNTS]
        places = seated(demand.seats, [item.seats for item in counted])
        taken = tuple(counted[place].approval if place is not None else None for place in places)
        return Weighed(demand, basis, judged, taken)

    def approvals(self, session: Session, deploy: str) -> list[Approval]:
        """Return every approval that a deploy was given, the oldest first."""
        query = select(DeployApprovalRow).where(DeployApprovalRow.deploy == deploy)
        return [
            approval_of(row) for row in session.scalars(query.order_by(DeployApprovalRow.time, DeployApprovalRow.id))
        ]

    def identity(self, session: Session, approval: Approval) -> Identity:
        """Return who gave an approval as they are now, from where they gave it: a policy may ask for that."""
        return replace(self._identities(session, approval.approver), address=approval.address)

    def seats_of(
        self, session: Session, identity: Identity, app: str, demand: Demand, behalf: str = ""
    ) -> tuple[str, ...]:
        """Return the seats that somebody who may approve can take, of those that are demanded and of every rule; who
        approves for somebody takes those of that person.
        """
        who = self._identities(session, behalf) if behalf else identity
        return tuple(sorted(_able(who, self._authorizer.holders(session, f"app:{app}"), demand.seats)))

    def require_wanted(
        self, session: Session, identity: Identity, facts: GateFacts, weighed: Weighed, behalf: str = ""
    ) -> None:
        """Return when an approval of somebody who may approve would be one of those that the rule demands.

        Raises `AlreadyApprovedError` or `NoSeatError`.
        """
        asked, demand = str(identity.principal), weighed.demand
        given = next((it for it in weighed.counted if it.people & {asked, behalf} - {""}), None)
        if given is not None:
            behalf_of = f", for {given.behalf}," if given.behalf else ""
            who = "you" if asked == given.approver else f"{given.approver}{behalf_of}"
            missing = " and ".join(map(seat_words, weighed.missing))
            raise AlreadyApprovedError(
                f"{who} approved this deploy already",
                hint=f"it waits for {missing}" if missing else "it waits to go on",
            )
        if not set(self.seats_of(session, identity, facts.app, demand, behalf)) & set(demand.seats):
            raise NoSeatError(
                f"this deploy needs {demand.words} ({demand.why}): you are none of them",
                deciders=(demand.rule.name,),
                hint="ask one of them: the deploy's page names who could",
            )

    def could_help(
        self, session: Session, identity: Identity, holders: RoleHolders, weighed: Weighed, behalf: str = ""
    ) -> bool:
        """Whether an approval of somebody who may approve, for `behalf` where that is somebody, would take a seat that
        is missing; `holders` hold roles on the app.
        """
        if any(approval.people & {str(identity.principal), behalf} for approval in weighed.counted):
            return False
        identity = self._identities(session, behalf) if behalf else identity
        seats = weighed.demand.seats
        able = [item.seats for item in weighed.judged if item.state is ApprovalState.COUNTS]
        places = seated(seats, [*able, _able(identity, holders, seats)])
        return sum(place is None for place in places) < len(weighed.missing)

    def add(
        self,
        session: Session,
        name: str,
        facts: GateFacts,
        *,
        identity: Identity,
        behalf: str,
        seats: Sequence[str],
        reason: str,
        basis: Basis,
        fixes: Sequence[str],
        statement: Envelope,
    ) -> None:
        """Keep an approval; an earlier one of the same person, which does not count any more, ends."""
        now, approver = self._clock(), str(identity.principal)
        for row in self._standing(session, facts.deploy):
            if row.approver == approver:
                row.void_at, row.void_why = now, "approved again"
        session.flush()
        session.add(
            DeployApprovalRow(
                id=name,
                deploy=facts.deploy,
                approver=approver,
                seats=list(seats),
                reason=reason,
                time=now,
                behalf=behalf,
                address=identity.address,
                basis=asdict(basis),
                fixes=list(fixes),
                statement=statement.model_dump(mode="json", by_alias=True),
                withdrawn_at=None,
                void_at=None,
                void_why="",
            )
        )
        session.flush()

    def withdraw(self, session: Session, deploy: str, approver: str) -> Approval | None:
        """Take back somebody's approval that stands; return it, or None when there is none."""
        for row in self._standing(session, deploy):
            if row.approver == approver:
                row.withdrawn_at = self._clock()
                session.flush()
                return approval_of(row)
        return None

    def write_void(self, session: Session, facts: GateFacts) -> list[Approval]:
        """Write down which approvals are void from now on, as what they rest on changed; return those that became it.

        An approval that was void stays it, also when everything is as it was before.
        """
        found = []
        rule = rule_for(rules_in_force(session), facts.app, sensitive=bool(facts.sensitive), usual=USUAL)
        now = self._basis(session, facts, rule.digest())
        for row in self._standing(session, facts.deploy):
            changed = now.change_from(Basis(**row.basis))
            if changed:
                row.void_at, row.void_why = self._clock(), changed
                found.append(approval_of(row))
        session.flush()
        return found

    def _standing(self, session: Session, deploy: str) -> list[DeployApprovalRow]:
        query = select(DeployApprovalRow).where(
            DeployApprovalRow.deploy == deploy,
            DeployApprovalRow.withdrawn_at.is_(None),
            DeployApprovalRow.void_at.is_(None),
        )
        return list(session.scalars(query.with_for_update()))

    def _basis(self, session: Session, facts: GateFacts, rule: str) -> Basis:
        new = {
            "new": [asdict(line) for line in facts.new],
            "before": facts.before.digest() if facts.before is not None else "",
        }
        return Basis(
            tree=facts.tree,
            reach=facts.after.digest(),
            rule=rule,
            policies=self._policies(session, facts.app),
            new=hashlib.sha256(canonical_json(new)).hexdigest(),
        )

    def _judged(
        self, session: Session, facts: GateFacts, basis: Basis, holders: RoleHolders, approval: Approval
    ) -> Judged:
        state, words = self._ended(approval, basis)
        if state is not ApprovalState.COUNTS:
            return Judged(approval, state, words)
        who = self.identity(session, approval)
        decision, behalf = self._judge(session, who, facts.app, facts.asked)
        if not decision.allowed:
            return Judged(approval, ApprovalState.REFUSED, f"may not approve any more: {decision.reason}")
        if behalf != approval.behalf:
            return Judged(approval, ApprovalState.REFUSED, "may not approve any more by the right that they did it by")
        seated_as = self._identities(session, behalf) if behalf else who
        able = _able(seated_as, holders, approval.seats) & set(approval.seats)
        return Judged(approval, ApprovalState.COUNTS, "", able)

    def _ended(self, approval: Approval, basis: Basis) -> tuple[ApprovalState, str]:
        """Return what became of an approval by itself, whoever gave it."""
        changed, age = basis.change_from(approval.basis), self._clock() - approval.time
        if approval.withdrawn_at is not None:
            return ApprovalState.WITHDRAWN, f"withdrawn {_when(approval.withdrawn_at)}"
        if approval.void_at is not None:
            return ApprovalState.VOID, f"void since {_when(approval.void_at)}: {approval.void_why}"
        if changed:
            return ApprovalState.VOID, f"void since now: {changed}"
        if age > self._good_for:
            return ApprovalState.EXPIRED, f"expired {_when(approval.time + self._good_for)}"
        if -age > _AHEAD:
            return ApprovalState.EXPIRED, "given at a time that has not come yet: approve again"
        return ApprovalState.COUNTS, ""


def _once(judged: Iterable[Judged]) -> tuple[Judged, ...]:
    """Count each person once: whoever approved does not again for somebody, nor somebody for them."""
    seen: set[str] = set()
    found = []
    for item in judged:
        again = item.state is ApprovalState.COUNTS and seen & item.approval.people
        found.append(
            Judged(item.approval, ApprovalState.REFUSED, "counted already, by another approval") if again else item
        )
        if item.state is ApprovalState.COUNTS and not again:
            seen |= item.approval.people
    return tuple(found)


def approval_of(row: DeployApprovalRow) -> Approval:
    """Return a row as an approval."""
    return Approval(
        id=row.id,
        deploy=row.deploy,
        approver=row.approver,
        seats=tuple(row.seats),
        reason=row.reason,
        time=row.time,
        basis=Basis(**row.basis),
        fixes=tuple(row.fixes),
        statement=Envelope.model_validate(row.statement),
        behalf=row.behalf,
        address=row.address,
        withdrawn_at=row.withdrawn_at,
        void_at=row.void_at,
        void_why=row.void_why,
    )


def _able(identity: Identity, holders: RoleHolders, wanted: Sequence[str]) -> frozenset[str]:
    """Return the seats that somebody who may approve can take: of anyone, of administrators, and those of `wanted`."""
    found = {ANYONE}
    if any(identity.names & holders[role] for role in _ADMINISTRATORS):
        found.add(ADMINISTRATOR)
    for seat in wanted:
        kind, _, name = seat.partition(":")
        if (kind == "group" and seat in identity.names) or (
            kind == "role" and identity.names & holders.get(name, frozenset())
        ):
            found.add(seat)
    return frozenset(found)


def _when(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
