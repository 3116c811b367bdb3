"""What each plane must not reach, and what came of trying; what changes is audited, and nobody's word is taken for it.

The control plane tries for itself, too: business rows never pass through it, so it has no way to where they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick import reaching
from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.integrations import IntegrationService
from bailiwick.control.networks.model import CONTROL_PLANE, PlaneNetworks
from bailiwick.control.networks.tables import PlaneNetworksRow
from bailiwick.core.clock import Clock
from bailiwick.core.events import Outcome
from bailiwick.core.messages import FileConnection, Forbidden, NetworkRules, NetworksReport, NetworkTry
from bailiwick.core.modes import PLANE_OF_MODE, PRODUCTION
from bailiwick.core.networks import Parted, judge
from bailiwick.core.principals import Identity
from bailiwick.store import Store

_MOST_WORDS = 10


class PlanePlace(Protocol):
    """A plane of the settings: where other networks would find its router, its gateways and its databases."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Each as `host:port`."""


@dataclass(frozen=True)
class NetworkService:
    """Tells planes what they must not reach, and keeps what they say. `separate` is whether networks are to be."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    integrations: IntegrationService
    planes: Mapping[str, PlanePlace]
    separate: bool
    clock: Clock

    def rules(self, session: Session, plane: str) -> NetworkRules:
        """Return what a plane must not reach: other planes, and from outside production the databases there."""
        others = {name: place for name, place in self.planes.items() if name != plane}
        doors = [
            Forbidden(what=f"the data plane {name}", host=host, port=port)
            for name, place in others.items()
            for host, port in map(split_address, place.addresses)
        ]
        untold = tuple(f"the data plane {name}" for name, place in others.items() if not place.addresses)
        return NetworkRules(separate=self.separate, forbidden=(*doors, *self._databases(session, plane)), untold=untold)

    def _databases(self, session: Session, plane: str) -> list[Forbidden]:
        """Return the business systems of production, unless this is the plane whose they are."""
        production = PLANE_OF_MODE[PRODUCTION]
        if plane == production:
            return []
        found = []
        for item in self.integrations.integrations(session):
            there, here = item.connections.get(production), item.connections.get(plane)
            if there is not None and not isinstance(there, FileConnection):  # a file is on no network
                near = here if not isinstance(here, FileConnection) else None
                same = near is not None and (near.host, near.port) == (there.host, there.port)
                what = f"the production database of {item.name}"
                found.append(Forbidden(what=what, host=there.host, port=there.port, used_here=same))
        return found

    def take(self, session: Session, plane: str, report: NetworksReport) -> None:
        """Keep what came of a round; a round that comes to something else than the last is audited."""
        if any(item.source not in {"plane", "sandbox"} for item in report.tries):
            return  # a plane speaks for itself only
        self._keep(session, plane, f"plane:{plane}", report)

    def probe(self) -> None:
        """Try what the control plane must not reach, and keep what came of it."""
        with self.store.transaction() as session:
            forbidden = self._databases(session, CONTROL_PLANE)
        reached = reaching.reach_all([(item.host, item.port) for item in forbidden])
        tries = tuple(
            NetworkTry.model_validate(
                {"source": "control plane", "what": item.what, "address": item.address, "reached": said}
            )
            for item, said in zip(forbidden, reached, strict=True)
        )
        report = NetworksReport(separate=self.separate, tries=tries, time=self.clock())
        with self.store.transaction() as session:
            self._keep(session, CONTROL_PLANE, "service:networks", report)

    def _keep(self, session: Session, plane: str, actor: str, report: NetworksReport) -> None:
        row = session.get(PlaneNetworksRow, (self.store.tenant, plane), with_for_update=True)
        before = self._judged(NetworksReport.model_validate(row.report)) if row is not None else None
        now = self._judged(report)
        since = row.since if row is not None and before == now else report.time
        values = {"report": report.model_dump(mode="json"), "time": report.time, "since": since}
        kept = insert(PlaneNetworksRow).values(plane=plane, **values)
        session.execute(kept.on_conflict_do_update(index_elements=["tenant", "plane"], set_=values))
        if before == now:
            return
        self.audit.note(
            session,
            actor,
            "networks.probed",
            f"plane:{plane}",
            outcome=Outcome.SUCCESS if now.ready else Outcome.FAILED,
            reason="; ".join(now.faults[:_MOST_WORDS]),
            plane="" if plane == CONTROL_PLANE else plane,
            before={"networks": before.parting.value} if before is not None else None,
            after={"networks": now.parting.value, "ready": now.ready},
        )

    def known(self, session: Session) -> list[PlaneNetworks]:
        """Return what is known of the control plane and of each plane of the settings."""
        rows = {row.plane: row for row in session.query(PlaneNetworksRow)}
        return [self._seen(plane, rows.get(plane)) for plane in (CONTROL_PLANE, *self.planes)]

    def seen_by(self, identity: Identity) -> list[PlaneNetworks]:
        """Return what is known, for whoever may read settings."""
        with self.store.transaction() as session:
            self.authorizer.require(session, identity, "settings.read", ORGANIZATION)
            return self.known(session)

    def in_the_way(self, session: Session) -> tuple[str, ...]:
        """Return why the control plane must not be ready, where networks are to be separate; nothing when it may."""
        own = self._seen(CONTROL_PLANE, session.get(PlaneNetworksRow, (self.store.tenant, CONTROL_PLANE))).parted
        return own.faults if self.separate and not own.ready else ()

    def _seen(self, plane: str, row: PlaneNetworksRow | None) -> PlaneNetworks:
        if row is None:
            return PlaneNetworks(plane)
        report = NetworksReport.model_validate(row.report)
        return PlaneNetworks(plane, self._judged(report), report.tries, row.time, row.since)

    def _judged(self, report: NetworksReport) -> Parted:
        """Return what a round comes to by what is demanded here and now, whatever the plane was told then."""
        return judge(report.model_copy(update={"separate": self.separate}))


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of `host:port`, IPv6 in brackets; raise `ValueError` when it is no such thing."""
    host, colon, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise ValueError(f"'{address[:80]}' is no address: write host:port")
    return host, int(port)
