"""Looks up who ran a query. Policy decides who may ask, and that somebody did is in the log itself."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog, AuditQuery, search
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.queries.model import Asked, Found, Kind
from bailiwick.core.principals import Identity
from bailiwick.core.row_log import UNTOLD, tokens
from bailiwick.store import Store

_LONGEST_NOTED = 200


@dataclass(frozen=True)
class QueryLookup:
    """Answers from the audit log."""

    store: Store
    authorizer: Authorizer
    audit: AuditLog
    mask_key: Callable[[Session], str]

    def who(self, by: Identity, asked: Asked, *, cursor: str = "", limit: int = 50) -> Found:
        """Return the statements that fit, newest first; `cursor` comes from the page before.

        Raises `ForbiddenError` for whoever may not read the log. The look-up is audited as `query.looked-up`, by what
        it was about: a statement by its fingerprint, never by its values.
        """
        with self.store.transaction() as session:
            decision = self.authorizer.require(session, by, "audit.read", ORGANIZATION)
            page = search(session, self._query(session, asked), cursor=cursor, limit=limit)
            facts = dict(asked.facts)
            if asked.kind is Kind.WORDS:
                facts["words"] = asked.query.text[:_LONGEST_NOTED]
            self.audit.note(
                session, str(by.principal), "query.looked-up", ORGANIZATION, deciders=decision.deciders,
                context={"kind": str(asked.kind), "found": len(page.events), **facts},
            )  # fmt: skip
        return Found(asked, page)

    def _query(self, session: Session, asked: Asked) -> AuditQuery:
        """Return what the log is asked; of a row it has the key in several forms, or that nobody was told which."""
        if asked.row is None:
            return asked.query
        table, key = asked.row
        kept = [*tokens(table, key, bytes.fromhex(self.mask_key(session))), UNTOLD]
        facts = (*asked.query.facts, *(("context.keys", form) for form in kept))
        return replace(asked.query, facts=facts)
