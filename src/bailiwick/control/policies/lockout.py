"""The guard against locking oneself out: somebody must still be able to replace policies and to give roles."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from bailiwick.control.policies.errors import WouldLockOutError
from bailiwick.core.policy import (
    ENTITY_TYPES,
    ORGANIZATION,
    ContextValue,
    PolicyEngine,
    Question,
    Resource,
    RoleHolders,
)
from bailiwick.core.principals import Identity

_KEEPERS = ("org-admin", "security-admin")
_MOST_KEEPERS = 50
_WAYS_BACK: Mapping[str, Mapping[str, ContextValue]] = {
    "policy.propose": {"permits": False},
    "policy.approve": {"author": ""},
    "role.assign": {"role": "org-admin", "holder": ""},
}
# Policies may ask for the time: if it is not now, then some time in the coming week.
_STEP, _STEPS = timedelta(hours=4), 42


def require_way_back(engine: PolicyEngine, everyone: Iterable[Identity], roles: RoleHolders, now: datetime) -> None:
    """Raise `WouldLockOutError` when `engine` leaves none of `everyone` who could undo its policies."""
    holders = frozenset[str]().union(*(roles.get(role, frozenset()) for role in _KEEPERS))
    keepers = [identity for _, identity in zip(range(_MOST_KEEPERS), _of(everyone, holders), strict=False)]
    organization = Resource(ENTITY_TYPES["organization"], ORGANIZATION, roles)
    for action, context in _WAYS_BACK.items():
        questions = (
            Question(keeper, action, organization, now + step * _STEP, "control", context)
            for step in range(_STEPS)
            for keeper in keepers
        )
        if not any(engine.answer(question).allowed for question in questions):
            raise WouldLockOutError(
                f"with these policies nobody could do {action} in the organisation any more",
                hint="leave a way for an administrator, from the address that you ask from now",
            )


def _of(everyone: Iterable[Identity], holders: frozenset[str]) -> Iterator[Identity]:
    return (identity for identity in everyone if identity.names & holders)
