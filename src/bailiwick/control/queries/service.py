"""Looks up who ran a query. Policy decides who may ask, and that somebody did is in the log itself."""

from dataclasses import dataclass

from bailiwick.control.audit import AuditLog, search
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.queries.model import Asked, Found, Kind
from bailiwick.core.principals import Identity
from bailiwick.store import Store

_LONGEST_NOTED = 200


@dataclass(frozen=True)
class QueryLookup:
    """Answers from the audit log."""

    store: Store
    authorizer: Authorizer
    audit: AuditLog

    def who(self, by: Identity, asked: Asked, *, cursor: str = "", limit: int = 50) -> Found:
        """Return the statements that fit, newest first; `cursor` comes from the page before.

        Raises `ForbiddenError` for whoever may not read the log. The look-up is audited as `query.looked-up`, by what
        it was about: a statement by its fingerprint, never by its values.
        """
        with self.store.transaction() as session:
            decision = self.authorizer.require(session, by, "audit.read", ORGANIZATION)
            page = search(session, asked.query, cursor=cursor, limit=limit)
            facts = dict(asked.facts)
            if asked.kind is Kind.WORDS:
                facts["words"] = asked.query.text[:_LONGEST_NOTED]
            self.audit.note(
                session, str(by.principal), "query.looked-up", ORGANIZATION, deciders=decision.deciders,
                context={"kind": str(asked.kind), "found": len(page.events), **facts},
            )  # fmt: skip
        return Found(asked, page)
