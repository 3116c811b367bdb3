"""What can go wrong on the way to production."""

from collections.abc import Sequence
from datetime import datetime

from bailiwick.control.databases import Rehearsal, RehearsalState
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError


class NotReviewedError(ConflictError):
    """There is no signed verdict for what should be deployed."""

    code = "release.not-reviewed"


class NotDecidableError(ConflictError):
    """The thing is not waiting for this decision any more."""

    code = "release.not-decidable"


class AppIsStoppedError(ForbiddenError):
    """Policy does not let this app be deployed now."""

    code = "release.deploy-refused"


class FrozenError(ForbiddenError):
    """A freeze covers what should go to production; `details` names the freezes."""

    code = "release.frozen"

    def __init__(self, message: str, *, deciders: Sequence[str], freezes: Sequence[str], hint: str = "") -> None:
        """Take who froze what and why, the ids of the policies that decided and of the freezes, and the next step."""
        super().__init__(message, deciders=deciders, hint=hint)
        self.freezes = tuple(freezes)
        self.details = {"freezes": list(freezes)}


class NotRehearsedError(ConflictError):
    """The migrations of a deploy were not rehearsed yet, or did not come back as they were."""

    code = "deploy.not-rehearsed"

    def __init__(self, rehearsal: Rehearsal, *, deciders: Sequence[str] = ()) -> None:
        """Take how the rehearsal stands, and the ids of the policies that decided."""
        waits = rehearsal.state is RehearsalState.WAITING
        super().__init__(
            f"this deploy cannot go on: {rehearsal.words}",
            hint="try again in a moment" if waits else "correct the migrations, push, and ask for a deploy again",
            details={"diff": list(rehearsal.diff)} if rehearsal.diff else None,
            deciders=deciders,
        )


class NotBuiltError(InvalidInputError):
    """What the lock file names could not be built; nothing was released."""

    code = "release.not-built"


class TestsFailedError(InvalidInputError):
    """The app's own tests do not pass, or could not be run; nothing was released."""

    __test__ = False  # its name is no test's
    code = "release.tests-failed"


class NotStartableError(ConflictError):
    """No plane would start this release any more, whoever wants it."""

    code = "release.not-startable"


class ReviewOverdueError(ConflictError):
    """Nobody looked in time at an earlier emergency of the app."""

    code = "deploy.emergency-not-reviewed"

    def __init__(self, deploy: str, due: datetime) -> None:
        """Take the deploy that was that emergency, and until when somebody was to look at it."""
        super().__init__(
            f"the emergency {deploy} was to be looked at by {due:%Y-%m-%d}, and nobody did: no other one is taken",
            hint=f"a third person looks at it first: bailiwick emergency-review {deploy}; or deploy by the rule",
        )


class EmergencyReviewedError(ConflictError):
    """Somebody looked at it already."""

    code = "emergency.reviewed"
