"""Remembers questions that were decided, with every fact of theirs, so that they can be asked again of other policies.

The same question is kept once a day with how many times it was asked. So that there are few of them, the time
is kept to the quarter of an hour, as is the age of a sign-in, but that to five minutes in its first hour; and of who
holds a role on the resource only whether the one who asks does.
"""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import canonical_json
from bailiwick.core.policy.cases import USUAL_CONTEXT
from bailiwick.core.policy.decision import Decision
from bailiwick.core.policy.question import Question, Resource
from bailiwick.core.policy.roles import ROLES
from bailiwick.core.principals import Identity, Principal, SignIn

_QUARTER = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YOUNG_SECONDS, _YOUNG_STEP_SECONDS, _STEP_SECONDS = 3600, 300, 900
_MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is kept, how it was answered, and how many times on which day."""

    key: str
    day: date
    question: Mapping[str, Any]
    allowed: bool
    deciders: tuple[str, ...]
    times: int
    last: datetime


class Journal:
    """What was asked since it was last taken; safe to use from several threads.

    It holds so many questions at most: more are counted in `lost` and forgotten.
    """

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._asked: dict[str, Asked] = {}
        self._lock = threading.Lock()
        self.lost = 0

    def add(self, question: Question, decision: Decision) -> None:
        """Remember a question and its answer."""
        written = write_question(question)
        day = question.time.astimezone(UTC).date()
        content = [written, decision.allowed, decision.deciders, day.isoformat()]
        key = hashlib.sha256(canonical_json(content)).hexdigest()[:32]
        with self._lock:
            known = self._asked.get(key)
            if known is not None:
                self._asked[key] = replace(known, times=known.times + 1, last=question.time)
            elif len(self._asked) < self._most:
                self._asked[key] = Asked(key, day, written, decision.allowed, decision.deciders, 1, question.time)
            else:
                self.lost += 1

    def take(self) -> list[Asked]:
        """Return what was asked, and forget it."""
        with self._lock:
            taken, self._asked = list(self._asked.values()), {}
        return taken


def write_question(question: Question) -> dict[str, Any]:
    """Return a question as plain JSON."""
    resource = question.resource
    context = {key: sorted(value) if isinstance(value, frozenset) else value for key, value in question.context.items()}
    return {
        **_write_identity(question.identity, resource),
        "action": question.action,
        "type": resource.entity_type,
        "resource": resource.name,
        "data_classes": sorted(resource.data_classes),
        "time": _quarter(question.time).isoformat(),
        "environment": question.environment,
        "context": context,
    }


def read_question(written: Mapping[str, Any]) -> Question:
    """Return the question that was written; raise `ValueError` when it cannot be read."""
    try:
        identity = _read_identity(written)
        roles = {role: _holding(written, role) for role in ROLES}
        said = {
            key: frozenset(value) if isinstance(value, list) else value for key, value in written["context"].items()
        }
        # What nobody asked about then is what it usually is.
        context = {**USUAL_CONTEXT.get(written["action"], {}), **said}
        return Question(
            identity,
            written["action"],
            Resource(written["type"], written["resource"], roles, frozenset(written["data_classes"])),
            datetime.fromisoformat(written["time"]),
            written["environment"],
            context,
        )
    except (KeyError, TypeError, AttributeError, BailiwickError) as fault:
        raise ValueError("this is no question that can be asked again") from fault


def _write_identity(identity: Identity, resource: Resource) -> dict[str, Any]:
    sign_in = identity.sign_in
    return {
        "principal": str(identity.principal),
        "names": sorted(identity.names),
        "attributes": dict(identity.attributes),
        "sign_in": [_step(sign_in.age_seconds), sign_in.second_factor] if sign_in is not None else None,
        "address": identity.address,
        "roles": [role for role in ROLES if resource.roles.get(role, frozenset()) & identity.names],
        "behalf": _write_identity(identity.behalf, resource) if identity.behalf is not None else None,
    }


def _read_identity(written: Mapping[str, Any]) -> Identity:
    behalf = written.get("behalf")
    return Identity(
        Principal.parse(written["principal"]),
        frozenset(written["names"]),
        written["attributes"],
        sign_in=SignIn(*written["sign_in"]) if written["sign_in"] is not None else None,
        address=written["address"],
        behalf=_read_identity(behalf) if behalf is not None else None,
    )


def _holding(written: Mapping[str, Any], role: str) -> frozenset[str]:
    """Return who holds a role, of whoever asks and whoever they work for: under which name makes no difference."""
    names: frozenset[str] = frozenset(written["names"]) if role in written["roles"] else frozenset()
    behalf = written.get("behalf")
    return names if behalf is None else names | _holding(behalf, role)


def _step(age_seconds: int) -> int:
    size = _YOUNG_STEP_SECONDS if age_seconds < _YOUNG_SECONDS else _STEP_SECONDS
    return age_seconds // size * size


def _quarter(moment: datetime) -> datetime:
    return moment.astimezone(UTC) - (moment - _EPOCH) % _QUARTER
