"""What would have been refused under other limits of an integration, before they are set: nothing is changed."""

from datetime import timedelta

from sqlalchemy.orm import Session

from bailiwick.control.audit import times_on
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.integrations.service import IntegrationService
from bailiwick.core.clock import Clock
from bailiwick.core.limit_trial import Call, TrialResult, try_limits
from bailiwick.core.messages import IntegrationLimits
from bailiwick.core.principals import Identity

_CALLS = ("query.executed", "service.called", "tool.called", "mail.sent")
MOST_CALLS = 200_000


class LimitTrial:
    """Holds limits against the calls of the last hours, out of the audit log."""

    def __init__(self, integrations: IntegrationService, authorizer: Authorizer, clock: Clock) -> None:
        self._integrations = integrations
        self._authorizer = authorizer
        self._clock = clock

    def of(
        self, session: Session, identity: Identity, name: str, limits: IntegrationLimits, *, hours: int
    ) -> TrialResult:
        """Return what limits would have done; whoever may set them may try them."""
        self._authorizer.require(session, identity, "integration.manage", ORGANIZATION)
        found = self._integrations.integration(session, name)
        since = self._clock() - timedelta(hours=hours)
        made = times_on(session, f"integration:{found.name}", actions=_CALLS, since=since, limit=MOST_CALLS)
        return try_limits((_call(at.timestamp(), app, actor) for at, app, actor in made), limits)


def _call(at: float, app: str, actor: str) -> Call:
    person = actor.startswith("user:")
    return Call(at, app, actor if person else "", person)
