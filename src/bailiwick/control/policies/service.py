"""What people do with policies: propose a version, decide about it, put it into force. Each is one transaction."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.policies import versions
from bailiwick.control.policies.errors import PolicyNotValidError, TooManyPoliciesError
from bailiwick.control.policies.lockout import require_way_back
from bailiwick.control.policies.model import PolicySet, PolicyVersion
from bailiwick.control.policies.replay import MOST_ASKED_AGAIN, DecisionMemory, Replay
from bailiwick.control.policies.tables import PolicyVersionRow
from bailiwick.control.versions import VersionBook
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError
from bailiwick.core.policy import (
    MOST_POLICIES,
    Checked,
    ContextValue,
    CustomerSet,
    Decision,
    PoliciesInForce,
    check,
    count_of,
    faults_in,
    permits_in,
    rendered,
)
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store


@dataclass(frozen=True)
class PolicyService:
    """The organisation's own policies. `everyone` yields the people there are; `on_change` tells planes."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    catalog: CatalogService
    policies: PoliciesInForce
    memory: DecisionMemory
    everyone: Callable[[Session], Iterator[Identity]]
    clock: Clock
    on_change: Callable[[], None]

    @cached_property
    def book(self) -> VersionBook[PolicyVersionRow, PolicyVersion]:
        """The versions of all sets."""
        return VersionBook(versions.POLICIES, self.store, self.audit, self.authorizer, self.catalog, self.clock)

    # -- reading -------------------------------------------------------------------------------------------------

    def sets(self, session: Session, by: Identity) -> list[PolicySet]:
        """Return the sets that somebody may read, by name."""
        found = self.book.sets(session)
        scopes = {item.scope for item in found}
        readable = self.authorizer.allowed_among(session, by, "policy.read", scopes)
        return [item for item in found if item.scope in readable]

    def history(self, session: Session, by: Identity, name: str) -> list[PolicyVersion]:
        """Return every version of a set, newest first; to those who may not read it, it looks as if there were none."""
        found = self.book.history(session, name)
        if not found or not self.authorizer.decide(session, by, "policy.read", found[0].scope).allowed:
            raise self.book.unknown(name)
        return found

    def difference(self, session: Session, by: Identity, name: str, version: int) -> str:
        """Return the diff from the version in force to another."""
        self.history(session, by, name)
        return self.book.difference(session, self.book.row(session, name, version))

    def check(self, session: Session, by: Identity, proposed: CustomerSet, tests: str) -> Checked:
        """Return what is wrong with a text, without keeping anything."""
        self.authorizer.require(session, by, "policy.read", self.book.require_place(session, proposed.scope))
        return check(proposed, tests, self.policies.engine_with)

    def replay(self, session: Session, by: Identity, proposed: CustomerSet, *, most: int = MOST_ASKED_AGAIN) -> Replay:
        """Return which decisions of the last 30 days would come out differently with this set in force; raise
        `PolicyNotValidError` when it has faults. Whoever may not read the audit log sees those in their own folder.
        """
        self.authorizer.require(session, by, "policy.read", self.book.require_place(session, proposed.scope))
        within = ""
        if not self.authorizer.decide(session, by, "audit.read", ORGANIZATION).allowed:
            self.authorizer.require(session, by, "policy.propose", proposed.scope, _facts("policy.propose"))
            within = proposed.scope
        faults = faults_in(proposed.text, scope=proposed.scope)
        if faults:
            raise PolicyNotValidError(Checked(tuple(faults)))
        self.memory.keep()
        in_force = "".join(rendered(item) for item in versions.active_sets(session))
        with_it = "".join(rendered(item) for item in self._all_with(session, proposed))
        now, then = self.policies.engine_with(in_force), self.policies.engine_with(with_it)
        return self.memory.replay(session, now, then, most=most, within=within)

    def scopes(self, session: Session, by: Identity) -> list[str]:
        """Return where somebody may propose policies: the organisation first, then folders by path."""
        places, facts = self.book.places(session), _facts("policy.propose")
        return self.authorizer.allowed_among(session, by, "policy.propose", places, facts)

    def may(self, session: Session, by: Identity, action: str, version: PolicyVersion) -> Decision:
        """Return whether somebody may propose or approve a version."""
        return self.authorizer.decide(
            session, by, action, version.scope, _facts(action, author=version.author, text=version.text)
        )

    # -- changing ------------------------------------------------------------------------------------------------

    def propose(self, by: Identity, name: str, *, scope: str, text: str, tests: str, reason: str) -> PolicyVersion:
        """Propose a version of a set. What has faults, fails its test cases or has none is refused."""
        reason = given_reason(reason)
        self.book.require_name(name)
        with self.store.transaction() as session:
            facts = _facts("policy.propose", text=text)
            decision = self.authorizer.require(
                session, by, "policy.propose", self.book.require_place(session, scope), facts
            )
            versions.locked_force(session)
            row = self.book.draft(session, by, name, scope=scope, text=text, reason=reason)
            row.tests = tests
            self._require_good(session, versions.as_set(row), tests)
            return self.book.keep(session, by, row, decision)

    def approve(self, by: Identity, name: str, version: int, reason: str = "") -> PolicyVersion:
        """Approve a version that somebody else proposed."""
        return self.book.approve(by, name, version, reason)

    def refuse(self, by: Identity, name: str, version: int, reason: str) -> PolicyVersion:
        """Refuse a version, for good."""
        return self.book.refuse(by, name, version, reason)

    def activate(self, by: Identity, name: str, version: int, reason: str = "") -> PolicyVersion:
        """Put a version that was approved into force, or one that was in force before. Whatever is asked once this
        has returned, of any process of the control plane, is answered by it.
        """
        with self.store.transaction() as session:
            row = self.book.row(session, name, version)
            facts = _facts("policy.propose", text=row.text)
            decision = self.authorizer.require(session, by, "policy.propose", row.scope, facts)
            force = versions.locked_force(session)
            session.refresh(row, with_for_update=True)
            self.book.require_approved(row)
            self._require_good(session, versions.as_set(row), row.tests)
            text = "".join(rendered(item) for item in self._all_with(session, versions.as_set(row)))
            self._require_way_back(session, by, text)
            # Never used twice, not even after a transaction that came to nothing.
            force.generation = max(force.generation + 1, int(self.clock().timestamp() * 1000))
            force.text = text
            self.store.after_commit(session, self.on_change)
            return self.book.activate(session, by, row, decision, reason)

    # -- what must hold ------------------------------------------------------------------------------------------

    def _require_good(self, session: Session, proposed: CustomerSet, tests: str) -> None:
        checked = check(proposed, tests, self.policies.engine_with)
        if not checked.good:
            raise PolicyNotValidError(checked)
        count = sum(count_of(item.text) for item in self._all_with(session, proposed))
        if count > MOST_POLICIES:
            raise TooManyPoliciesError(
                f"all sets together would have {count} policies, and {MOST_POLICIES} are allowed",
                hint="each costs time at every decision: say it in fewer, or take back another set",
            )

    def _all_with(self, session: Session, proposed: CustomerSet) -> list[CustomerSet]:
        others = versions.active_sets(session, without=proposed.name)
        return sorted([*others, proposed], key=lambda item: item.name)

    def _require_way_back(self, session: Session, by: Identity, text: str) -> None:
        try:
            engine = self.policies.engine_with(text)
        except ValueError as fault:
            if self.policies.readable:
                raise ConflictError(f"with the other sets this cannot be read: {fault}") from None
            # Another set cannot be read either, as after an upgrade: everything is refused until that is mended, too.
            return
        # They are asked about as if each stood where the one stands who does this.
        everyone = (replace(identity, address=by.address) for identity in self.everyone(session))
        require_way_back(engine, everyone, self.authorizer.holders(session, ORGANIZATION), self.clock())


def _facts(action: str, *, author: str = "", text: str = "") -> dict[str, ContextValue]:
    """Return what policy is told of a version that is proposed or decided about."""
    return {"author": author} if action == "policy.approve" else {"permits": permits_in(text)}
