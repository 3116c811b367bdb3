"""What a campaign must be like: a name, something to review, time to do it, and reviewers who exist."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bailiwick.control.access_reviews.model import Kind, Plan
from bailiwick.control.identity import person_facts
from bailiwick.core.errors import InvalidInputError

_SHORTEST, _LONGEST = timedelta(days=1), timedelta(days=366)
_MOST_REVIEWERS = 50
_LONGEST_NAME = 120
_REVIEWER = re.compile(r"(user|group):[^\s:][^\s]{0,253}")


def check_plan(session: Session, plan: Plan, *, kinds: Collection[Kind], now: datetime) -> None:
    """Return when a campaign can be held as planned; raise `InvalidInputError` when not. `kinds` can be reviewed."""
    if not 0 < len(plan.name.strip()) <= _LONGEST_NAME:
        raise InvalidInputError(f"an access review needs a name, of {_LONGEST_NAME} characters at most")
    if not plan.kinds or not plan.kinds <= set(kinds):
        raise InvalidInputError("say what to review", hint=f"there are: {', '.join(sorted(kinds))}")
    ahead = plan.due - now
    if not _SHORTEST <= ahead <= _LONGEST:
        raise InvalidInputError(
            "an access review is due between one day and one year from now",
            hint="give reviewers time; end it early with: bailiwick access-review close",
        )
    if len(plan.reviewers) > _MOST_REVIEWERS:
        raise InvalidInputError(f"name {_MOST_REVIEWERS} reviewers at most", hint="name a group")
    for reviewer in plan.reviewers:
        if not _REVIEWER.fullmatch(reviewer):
            raise InvalidInputError(
                f"'{reviewer[:80]}' cannot review", hint="write user:ada@example.com or group:managers"
            )
        if reviewer.startswith("user:") and person_facts(session, reviewer.removeprefix("user:")) is None:
            raise InvalidInputError(f"nobody here is called {reviewer[:80]}", hint="people appear when they sign in")
