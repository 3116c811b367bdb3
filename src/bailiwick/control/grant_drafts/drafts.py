"""Drafts of grants: from a question, saved as an access rule that the integration offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.grant_drafts.catalogues import CatalogueBook
from bailiwick.control.grant_drafts.errors import NoCatalogueError, NothingToSaveError, UnknownDraftError
from bailiwick.control.grant_drafts.interpreting import interpret
from bailiwick.control.grant_drafts.kept import draft_of, written
from bailiwick.control.grant_drafts.model import Draft, Reading
from bailiwick.control.grant_drafts.tables import DraftRow
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.integrations import IntegrationService
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError
from bailiwick.core.ids import new_id
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

LONGEST_QUESTION = 500
# What nobody saved is forgotten after.
_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class DraftService:
    """Makes drafts and saves them. `attributes` are those of people that rows may be limited by."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    integrations: IntegrationService
    catalogues: CatalogueBook
    attributes: Sequence[str]
    clock: Clock

    def ask(self, identity: Identity, name: str, question: str) -> Draft:
        """Return what a question comes to, as a draft that opens nothing before somebody saves it.

        Whoever may see the integration may ask. Raises `NoCatalogueError` when nobody has looked what tables there are.
        """
        if not question.strip() or len(question) > LONGEST_QUESTION:
            raise InvalidInputError(
                f"a question has 1 to {LONGEST_QUESTION} characters", hint="orders of my region, no card numbers"
            )
        with self.store.transaction() as session:
            self.authorizer.require(session, identity, "integration.read", f"integration:{name}")
            found = self.catalogues.catalogue(session, name)
            if found is None or not found.tables:
                raise NoCatalogueError(name)
            reading = interpret(question, found.tables, self.attributes, self.clock().date())
            return self.keep(session, identity, name, " ".join(question.split()), reading)

    def keep(self, session: Session, identity: Identity, name: str, question: str, reading: Reading) -> Draft:
        """Keep a reading as a draft, in the caller's transaction, whose caller asked policy."""
        now = self.clock()
        session.execute(delete(DraftRow).where(DraftRow.time < now - _KEPT, DraftRow.rule == ""))
        row = DraftRow(
            id=new_id("draft"),
            integration=name,
            by=str(identity.principal),
            time=now,
            question=question,
            reading=written(reading),
            rule="",
        )
        session.add(row)
        tables = tuple(table.relation for table in reading.tables)
        self.audit.note(
            session,
            str(identity.principal),
            "grant.drafted",
            f"integration:{name}",
            context={"draft": row.id, "question": question, "tables": tables},
        )
        return draft_of(row)

    def draft(self, session: Session, name: str, draft: str) -> Draft:
        """Return a draft of an integration; raise `UnknownDraftError` for none."""
        return draft_of(_found(session.scalars(_query(name, draft)).one_or_none(), name, draft))

    def recent(self, session: Session, name: str, limit: int = 20) -> list[Draft]:
        """Return the newest drafts of an integration."""
        query = select(DraftRow).where(DraftRow.integration == name).order_by(DraftRow.id.desc()).limit(limit)
        return [draft_of(row) for row in session.scalars(query)]

    def save(
        self,
        identity: Identity,
        name: str,
        draft: str,
        *,
        rule: str,
        reason: str,
        wider: bool = False,
        replaces: bool = False,
    ) -> Draft:
        """Make a draft an access rule that the integration offers; `wider` says that what it opens beyond the question
        is meant. Apps get nothing by it before a release of theirs that asks for it is approved.

        Raises `NothingToSaveError` for one that opens nothing, or more than was asked without that word, and what
        `IntegrationService.offer` raises.
        """
        reason = given_reason(reason, what="a new access rule")
        with self.store.transaction() as session:
            # Policy comes first: whoever may not save learns nothing of the draft.
            self.authorizer.require(session, identity, "integration.manage", ORGANIZATION)
            row = _found(session.scalars(_query(name, draft).with_for_update()).one_or_none(), name, draft)
            kept = draft_of(row)
            _require_savable(kept, wider=wider)
            self.integrations.offer(session, identity, name, rule, kept.reading.tables, reason, replaces=replaces)
            row.rule = rule
            self.audit.note(
                session,
                str(identity.principal),
                "grant.saved",
                f"integration:{name}",
                reason=reason,
                context={"draft": draft, "rule": rule, "question": kept.question, "wider": kept.reading.wider},
            )
            return draft_of(row)


def _query(name: str, draft: str) -> Select[DraftRow]:
    return select(DraftRow).where(DraftRow.id == draft, DraftRow.integration == name)


def _found(row: DraftRow | None, name: str, draft: str) -> DraftRow:
    if row is None:
        raise UnknownDraftError(f"{name[:60]} has no draft '{draft[:60]}'", hint="ask anew")
    return row


def _require_savable(draft: Draft, *, wider: bool) -> None:
    if draft.rule:
        raise ConflictError(f"this draft was saved as '{draft.rule}' already", hint="ask anew for another rule")
    if not draft.reading.tables or draft.reading.unasked:
        raise NothingToSaveError("this draft opens nothing", hint="it says of each part of the question why")
    if draft.reading.wider and not wider:
        raise NothingToSaveError(
            f"this draft opens more than was asked: {'; '.join(draft.reading.wider)}",
            hint="ask more narrowly, or say that it is meant (--wider)",
        )
