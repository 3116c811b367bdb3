"""Who may read what planes keep of prompts: decided and audited here, and shown by the plane that keeps them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotFoundError
from bailiwick.core.messages import PassAnswer
from bailiwick.core.passes import Pass, issue_pass
from bailiwick.core.principals import Identity
from bailiwick.core.prompt_logs import BY_TOKEN, PROMPTS_MODE
from bailiwick.core.reasons import given_reason
from bailiwick.core.statements import SigningKey
from bailiwick.store import Store

_LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True)
class PromptLogService:
    """Opens logs. `known` returns those of some apps that there are; `pass_key` signs passes, as planes pinned it."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    known: Callable[[Session, Collection[str]], Collection[str]]
    pass_key: SigningKey
    clock: Clock

    def open(self, by: Identity, app: str, reason: str) -> PassAnswer:
        """Return a pass that shows the log of an app, or, without one, that of calls by token, for five minutes.

        The plane audits each reading once more. Raises `ForbiddenError` for whoever may not read it.
        """
        reason = given_reason(reason)
        expires = self.clock() + _LIFETIME
        resource = f"app:{app}" if app else ORGANIZATION
        with self.store.transaction() as session:
            if app and not self.known(session, [app]):
                raise NotFoundError(f"there is no app '{app[:80]}', or you may not see it")
            decision = self.authorizer.require(session, by, "prompt-log.read", resource)
            self.audit.note(
                session,
                str(by.principal),
                "prompt-log.opened",
                resource,
                reason=reason,
                app=app,
                deciders=tuple(decision.deciders),
            )
        return PassAnswer(
            token=issue_pass(Pass(by, app or BY_TOKEN, PROMPTS_MODE, "", expires), self.pass_key), expires=expires
        )
