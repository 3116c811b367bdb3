"""Rules of approval: who must approve later deploys, by folder and sensitivity; every version is kept."""

import re

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.gates.errors import NoSuchRuleError
from bailiwick.control.gates.model import USUAL, Rule, RuleDraft, RuleKind, Sensitivity
from bailiwick.control.gates.tables import ApprovalRuleRow
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.gate import ANYONE
from bailiwick.core.policy import ROLES, Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store
from bailiwick.store.locks import hold

_LEAST, _MOST = 2, 5
_GROUP = re.compile(r"[^\s:][^\s]{0,199}")
_LOCK = "approval-rules"
_MOST_SHOWN = 100


class RuleService:
    """Each verb is one transaction with its audit event, which shows old and new."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        catalog: CatalogService,
        clock: Clock,
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._clock = clock

    def rules(self, session: Session, identity: Identity) -> list[Rule]:
        """Return the rules in force, the organisation's first; raise `ForbiddenError` for whoever may not read them."""
        self._authorizer.require(session, identity, "approval-rule.read", ORGANIZATION)
        found = rules_in_force(session)
        if not any((rule.folder, rule.sensitivity) == ("", Sensitivity.ANY) for rule in found):
            found.append(USUAL)
        return sorted(found, key=lambda rule: (rule.folder, rule.sensitivity))

    def earlier(self, session: Session, identity: Identity) -> list[Rule]:
        """Return the versions that were in force before, the newest first."""
        self._authorizer.require(session, identity, "approval-rule.read", ORGANIZATION)
        query = select(ApprovalRuleRow).where(ApprovalRuleRow.ended_at.is_not(None))
        return [
            _rule(row) for row in session.scalars(query.order_by(ApprovalRuleRow.ended_at.desc()).limit(_MOST_SHOWN))
        ]

    def explain_change(self, session: Session, identity: Identity) -> Decision:
        """Answer whether somebody may change the organisation's rules; nothing is done."""
        return self._authorizer.explain(session, identity, "approval-rule.manage", ORGANIZATION)

    def set(self, identity: Identity, draft: RuleDraft, reason: str) -> Rule:
        """Put a rule into force at a place, instead of the one there; approvals that rest on another one are void.

        Raises `InvalidInputError` for a rule that could never be met, `NotFoundError` for no such folder.
        """
        reason = given_reason(reason, "say why the rule changes", what="a rule")
        draft = _checked(draft)
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "approval-rule.manage", _place(draft.folder))
            if draft.folder and draft.folder not in {item.path for item in self._catalog.folders(session)}:
                raise NotFoundError(f"there is no folder '{draft.folder[:80]}'", hint="name one that there is")
            hold(session, _LOCK)
            row = _in_force(session, draft.folder, draft.sensitivity)
            if row is not None and (row.kind, tuple(row.seats)) == (draft.kind, draft.seats):
                raise ConflictError(f"the {_rule(row).name} says that already")
            before = _rule(row) if row is not None else None
            if row is not None:
                row.ended_by, row.ended_at = str(identity.principal), self._clock()
                session.flush()
            made = self._add(session, identity, draft, reason)
            self._note(session, identity, "approval-rule.set", decision, reason, before, made)
            return made

    def remove(self, identity: Identity, folder: str, sensitivity: Sensitivity, reason: str) -> Rule:
        """End the rule of a place: the one above it counts from then on. Raises `NoSuchRuleError`."""
        reason = given_reason(reason, "say why the rule goes", what="a rule")
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "approval-rule.manage", _place(folder))
            hold(session, _LOCK)
            row = _in_force(session, folder, sensitivity)
            if row is None:
                raise NoSuchRuleError(
                    f"{folder[:80] or 'the organisation'} has no such rule", hint="bailiwick approval-rule list"
                )
            row.ended_by, row.ended_at = str(identity.principal), self._clock()
            ended = _rule(row)
            self._note(session, identity, "approval-rule.removed", decision, reason, ended, None)
            return ended

    def _add(self, session: Session, identity: Identity, draft: RuleDraft, reason: str) -> Rule:
        newest = select(func.max(ApprovalRuleRow.version)).where(
            ApprovalRuleRow.folder == draft.folder, ApprovalRuleRow.sensitivity == draft.sensitivity
        )
        row = ApprovalRuleRow(
            folder=draft.folder,
            sensitivity=draft.sensitivity.value,
            version=(session.scalar(newest) or 0) + 1,
            kind=draft.kind.value,
            seats=list(draft.seats),
            reason=reason,
            set_by=str(identity.principal),
            set_at=self._clock(),
            ended_by="",
            ended_at=None,
        )
        session.add(row)
        session.flush()
        return _rule(row)

    def _note(
        self,
        session: Session,
        identity: Identity,
        action: str,
        decision: Decision,
        reason: str,
        before: Rule | None,
        after: Rule | None,
    ) -> None:
        rule = after or before
        folder = rule.folder if rule is not None else ""
        self._audit.note(
            session,
            str(identity.principal),
            action,
            _place(folder),
            reason=reason,
            deciders=decision.deciders,
            context={"rule": rule.name, "version": rule.version} if rule is not None else {},
            before={"rule": before.words if before is not None else ""},
            after={"rule": after.words if after is not None else ""},
        )


def rules_in_force(session: Session) -> list[Rule]:
    """Return every rule in force."""
    return [_rule(row) for row in session.scalars(select(ApprovalRuleRow).where(ApprovalRuleRow.ended_at.is_(None)))]


def _in_force(session: Session, folder: str, sensitivity: Sensitivity) -> ApprovalRuleRow | None:
    query = select(ApprovalRuleRow).where(
        ApprovalRuleRow.folder == folder,
        ApprovalRuleRow.sensitivity == sensitivity.value,
        ApprovalRuleRow.ended_at.is_(None),
    )
    return session.scalars(query).one_or_none()


def _checked(draft: RuleDraft) -> RuleDraft:
    folder = draft.folder.strip().removeprefix("folder:").strip("/")
    seats = tuple(seat.strip() for seat in draft.seats if seat.strip())
    if draft.kind is RuleKind.AUTOMATIC and draft.sensitivity is Sensitivity.SENSITIVE:
        raise InvalidInputError("sensitive apps are never deployed by themselves", hint="say one, or several")
    if draft.kind is not RuleKind.SEVERAL:
        if seats:
            raise InvalidInputError("only a rule of several says who they are", hint="leave them out, or say several")
        return RuleDraft(folder, draft.kind, (), draft.sensitivity)
    if not _LEAST <= len(seats) <= _MOST:
        raise InvalidInputError(
            f"several are {_LEAST} to {_MOST} people, and {len(seats)} are named",
            hint="for example --by role:approver --by group:security",
        )
    for seat in seats:
        kind, _, name = seat.partition(":")
        known = (kind == "role" and name in ROLES) or (kind == "group" and _GROUP.fullmatch(name)) or seat == ANYONE
        if not known:
            raise InvalidInputError(
                f"'{seat[:80]}' is nobody who can approve",
                hint=f"write {ANYONE}, group:NAME, or role:NAME with one of {', '.join(ROLES)}",
            )
    # Those whom few can be first, so that whoever could be any of them takes that place.
    return RuleDraft(folder, draft.kind, tuple(sorted(seats, key=lambda it: (it == ANYONE, it))), draft.sensitivity)


def _place(folder: str) -> str:
    return f"folder:{folder}" if folder else ORGANIZATION


def _rule(row: ApprovalRuleRow) -> Rule:
    return Rule(
        folder=row.folder,
        sensitivity=Sensitivity(row.sensitivity),
        kind=RuleKind(row.kind),
        seats=tuple(row.seats),
        version=row.version,
        set_by=row.set_by,
        set_at=row.set_at,
        reason=row.reason,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
    )
