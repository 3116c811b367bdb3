"""What people do with policies: propose a version, decide about it, put it into force. Each is one transaction."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.policies import versions
from bailiwick.control.policies.errors import PolicyNotValidError, TooManyPoliciesError, WrongStateError
from bailiwick.control.policies.lockout import require_way_back
from bailiwick.control.policies.model import PolicySet, PolicyVersion, State
from bailiwick.control.policies.replay import MOST_ASKED_AGAIN, DecisionMemory, Replay
from bailiwick.control.policies.tables import PolicyVersionRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.events import ContextFact
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
from bailiwick.store import Store

_NAME = re.compile(r"[a-z][a-z0-9-]{0,38}")
_LONGEST_DIFF = 16_384


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

    # -- reading -------------------------------------------------------------------------------------------------

    def sets(self, session: Session, by: Identity) -> list[PolicySet]:
        """Return the sets that somebody may read, by name."""
        found = versions.all_sets(session)
        standing = self.authorizer.holders_of(session, sorted({item.scope for item in found}))
        return [
            item
            for item in found
            if self.authorizer.decide_held(by, "policy.read", item.scope, standing[item.scope]).allowed
        ]

    def history(self, session: Session, by: Identity, name: str) -> list[PolicyVersion]:
        """Return every version of a set, newest first; to those who may not read it, it looks as if there were none."""
        found = versions.history(session, name)
        if not found or not self.authorizer.decide(session, by, "policy.read", found[0].scope).allowed:
            raise NotFoundError(
                f"there are no policies '{name[:60]}'", hint="bailiwick policy list shows those there are"
            )
        return found

    def difference(self, session: Session, by: Identity, name: str, version: int) -> str:
        """Return the diff from the version in force to another."""
        self.history(session, by, name)
        return self._difference(session, versions.version_row(session, name, version))

    def check(self, session: Session, by: Identity, proposed: CustomerSet, tests: str) -> Checked:
        """Return what is wrong with a text, without keeping anything."""
        self.authorizer.require(session, by, "policy.read", self._scope(session, proposed.scope))
        return check(proposed, tests, self.policies.engine_with)

    def replay(self, session: Session, by: Identity, proposed: CustomerSet, *, most: int = MOST_ASKED_AGAIN) -> Replay:
        """Return which decisions of the last 30 days would come out differently with this set in force; raise
        `PolicyNotValidError` when it has faults. Whoever may not read the audit log sees those in their own folder.
        """
        self.authorizer.require(session, by, "policy.read", self._scope(session, proposed.scope))
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
        all_of = [ORGANIZATION, *(f"folder:{folder.path}" for folder in self.catalog.folders(session))]
        standing, facts = self.authorizer.holders_of(session, all_of), _facts("policy.propose")
        return [
            scope
            for scope in all_of
            if self.authorizer.decide_held(by, "policy.propose", scope, standing[scope], facts).allowed
        ]

    def may(self, session: Session, by: Identity, action: str, version: PolicyVersion) -> Decision:
        """Return whether somebody may propose or approve a version."""
        return self.authorizer.decide(
            session, by, action, version.scope, _facts(action, author=version.author, text=version.text)
        )

    # -- changing ------------------------------------------------------------------------------------------------

    def propose(self, by: Identity, name: str, *, scope: str, text: str, tests: str, reason: str) -> PolicyVersion:
        """Propose a version of a set. What has faults, fails its test cases or has none is refused."""
        _require_reason(reason)
        if not _NAME.fullmatch(name):
            raise InvalidInputError(f"'{name[:60]}' cannot name policies", hint="use a-z, 0-9 and -, from a letter on")
        with self.store.transaction() as session:
            facts = _facts("policy.propose", text=text)
            decision = self.authorizer.require(session, by, "policy.propose", self._scope(session, scope), facts)
            versions.locked_force(session)
            newest = versions.newest_row(session, name)
            if newest is not None and newest.scope != scope:
                raise ConflictError(f"policies '{name}' stand on {newest.scope}", hint="choose another name")
            proposed = CustomerSet(name, newest.version + 1 if newest is not None else 1, scope, text)
            self._require_good(session, proposed, tests)
            row = PolicyVersionRow(
                name=name,
                version=proposed.version,
                scope=scope,
                text=text,
                tests=tests,
                author=str(by.principal),
                reason=reason,
                time=self.clock(),
                state=State.PROPOSED,
                decided_by="",
                decided_reason="",
                activated_by="",
            )
            session.add(row)
            session.flush()
            self._note(session, by, "policy.proposed", row, decision, reason)
            return versions.as_version(row)

    def approve(self, by: Identity, name: str, version: int, reason: str = "") -> PolicyVersion:
        """Approve a version that somebody else proposed."""
        return self._decide(by, name, version, State.APPROVED, reason)

    def refuse(self, by: Identity, name: str, version: int, reason: str) -> PolicyVersion:
        """Refuse a version, for good."""
        _require_reason(reason)
        return self._decide(by, name, version, State.REFUSED, reason)

    def activate(self, by: Identity, name: str, version: int, reason: str = "") -> PolicyVersion:
        """Put a version that was approved into force, or one that was in force before. Whatever is asked once this
        has returned, of any process of the control plane, is answered by it.
        """
        with self.store.transaction() as session:
            row = versions.version_row(session, name, version)
            facts = _facts("policy.propose", text=row.text)
            decision = self.authorizer.require(session, by, "policy.propose", row.scope, facts)
            force = versions.locked_force(session)
            session.refresh(row, with_for_update=True)
            if row.state not in {State.APPROVED, State.SUPERSEDED}:
                raise WrongStateError(
                    f"{row.name}@{row.version} is {row.state}", hint="only what was approved is put into force"
                )
            self._require_good(session, versions.as_set(row), row.tests)
            text = "".join(rendered(item) for item in self._all_with(session, versions.as_set(row)))
            self._require_way_back(session, by, text)
            self._note(session, by, "policy.activated", row, decision, reason)
            before = versions.active_row(session, name)
            if before is not None:
                before.state = State.SUPERSEDED
            row.state, row.activated_by, row.activated_at = State.ACTIVE, str(by.principal), self.clock()
            # Never used twice, not even after a transaction that came to nothing.
            force.generation = max(force.generation + 1, int(self.clock().timestamp() * 1000))
            force.text = text
            self.store.after_commit(session, self.on_change)
            session.flush()
            return versions.as_version(row)

    def _decide(self, by: Identity, name: str, version: int, state: State, reason: str) -> PolicyVersion:
        with self.store.transaction() as session:
            row = versions.version_row(session, name, version, lock=True)
            facts = _facts("policy.approve", author=row.author)
            decision = self.authorizer.require(session, by, "policy.approve", row.scope, facts)
            if row.state != State.PROPOSED:
                raise WrongStateError(
                    f"{row.name}@{row.version} is {row.state}", hint="only a proposal is decided about"
                )
            row.state, row.decided_by = state, str(by.principal)
            row.decided_reason, row.decided_at = reason, self.clock()
            session.flush()
            self._note(session, by, f"policy.{state}", row, decision, reason)
            return versions.as_version(row)

    # -- what must hold ------------------------------------------------------------------------------------------

    def _scope(self, session: Session, scope: str) -> str:
        folders = {f"folder:{folder.path}" for folder in self.catalog.folders(session)}
        if scope != ORGANIZATION and scope not in folders:
            raise NotFoundError(
                f"policies cannot stand on '{scope[:80]}'", hint=f"{ORGANIZATION}, or a folder: folder:…"
            )
        return scope

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

    def _difference(self, session: Session, row: PolicyVersionRow) -> str:
        before = versions.active_row(session, row.name)
        old = before.text if before is not None else ""
        label = f"{row.name}@{before.version}" if before is not None else "nothing in force"
        return versions.difference(old, row.text, names=(label, f"{row.name}@{row.version}"))

    def _note(
        self, session: Session, by: Identity, action: str, row: PolicyVersionRow, decision: Decision, reason: str
    ) -> None:
        diff = self._difference(session, row)
        context: dict[str, ContextFact] = {
            "policies": row.name,
            "version": row.version,
            "author": row.author,
            "diff": diff[:_LONGEST_DIFF],
            "diff_is_whole": len(diff) <= _LONGEST_DIFF,
        }
        self.audit.note(
            session,
            str(by.principal),
            action,
            row.scope,
            reason=reason,
            deciders=decision.deciders,
            context=context,
        )


def _facts(action: str, *, author: str = "", text: str = "") -> dict[str, ContextValue]:
    """Return what policy is told of a version that is proposed or decided about."""
    return {"author": author} if action == "policy.approve" else {"permits": permits_in(text)}


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInputError("this needs a reason", hint="say why, for the audit log")
