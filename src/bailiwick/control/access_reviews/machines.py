"""Service identities and agents, as something that can be reviewed: whether each is still wanted at all."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from bailiwick.control.access_reviews.model import Evidence, Flag, Held, Kind, Outcome
from bailiwick.control.access_reviews.roles import RECENT
from bailiwick.control.audit import used_by_actors
from bailiwick.control.identity import ORGANIZATION, Service, ServiceIdentities, State

_ACCESS = "identity"


class ServiceSource:
    """Reviews service identities. They belong to the organisation, so campaigns over a folder have none.

    What they may do, their roles, are items of their own; here it is decided whether they go on at all.
    """

    kind = Kind.SERVICE

    def __init__(self, services: ServiceIdentities) -> None:
        self._services = services

    def collect(self, session: Session, scope: str, now: datetime) -> Sequence[Held]:
        """Return every service identity and agent that is not switched off or over."""
        if scope != ORGANIZATION:
            return ()
        gone = {State.DISABLED, State.EXPIRED}
        found = [item for item in self._services.services(session) if item.state(now) not in gone]
        recent: dict[str, int] = {}
        for use in used_by_actors(session, [item.name for item in found], now - RECENT):
            recent[use.who] = recent.get(use.who, 0) + use.recent
        return [_held(item, now, recent.get(item.name, 0)) for item in found]

    def remove(self, session: Session, held: Held, *, by: str, reason: str) -> tuple[Outcome, str]:
        """Switch a service identity off, unless that was done, or it was made anew, since the review began."""
        now = next((item for item in self._services.services(session) if item.name == held.holder), None)
        if now is None or not now.active:
            return Outcome.GONE, "it was removed or switched off before the review was over"
        if now.created != held.evidence.given_at:
            return Outcome.CHANGED, f"{now.made_by} made it anew after the review began: it was left alone"
        self._services.switch_off(session, by, held.holder, reason)
        return Outcome.REMOVED, "it is switched off; its keys, trusts and roles stay until somebody removes it"


def _held(item: Service, now: datetime, recent: int) -> Held:
    old = item.last_used is not None and item.last_used < now - RECENT
    flags = {
        Flag.PRIVILEGED: True,
        Flag.OWNERLESS: item.ownerless_since is not None,
        Flag.NEVER_USED: item.last_used is None,
        Flag.UNUSED_90_DAYS: old,
    }
    return Held(
        kind=Kind.SERVICE,
        holder=item.name,
        access=_ACCESS,
        scope=ORGANIZATION,
        privileged=True,
        own=frozenset({item.name}),
        answers=frozenset({item.owner} - {""}),
        evidence=Evidence(
            given_by=item.made_by,
            given_at=item.created,
            last_used=item.last_used,
            uses=recent,
            details=(f"for: {item.purpose}", f"owner: {item.owner}", f"until {item.expires:%Y-%m-%d}"),
            flags=tuple(flag for flag, is_so in flags.items() if is_so),
        ),
    )
