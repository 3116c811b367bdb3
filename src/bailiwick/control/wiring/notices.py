"""How people hear of what waits for them and come back to decide, and who decides in their place."""

from dataclasses import dataclass

from bailiwick.control.delegations import DelegationKeeper, DelegationService
from bailiwick.control.notices import AlertOutbox, LinkDesk, Links, NoticeKeeper, NoticeService
from bailiwick.control.telemetry import TelemetryService
from bailiwick.control.vault import secret_reader
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.delivery import Delivery
from bailiwick.control.wiring.estate import Estate


@dataclass(frozen=True)
class Notices:
    """What sends notices, what people do with them, and what reads the links in them."""

    service: NoticeService
    keeper: NoticeKeeper
    links: LinkDesk
    alerts: AlertOutbox


def build_notices(base: Base, estate: Estate, delivery: Delivery, telemetry: TelemetryService) -> Notices:
    """Put together what tells people of what waits."""
    settings = base.settings.notices
    links = Links(base.keys["link"], base.settings.public_url)
    read = secret_reader(base.store, base.vault)
    service = NoticeService(
        settings,
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        read_secret=read,
        clock=base.clock,
    )
    keeper = NoticeKeeper(
        settings,
        links,
        store=base.store,
        audit=base.audit,
        read_secret=read,
        waits=delivery.deploys.waits,
        gate=telemetry.gate,
        clock=base.clock,
    )
    desk = LinkDesk(
        links,
        delivery.deploys,
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        clock=base.clock,
    )
    return Notices(service, keeper, desk, AlertOutbox(settings, base.clock))


def build_delegations(base: Base, estate: Estate) -> tuple[DelegationService, DelegationKeeper]:
    """Put together what hands approving over, and what ends that by itself."""
    service = DelegationService(
        store=base.store, audit=base.audit, authorizer=base.authorizer, catalog=estate.catalog, clock=base.clock
    )
    return service, DelegationKeeper(service, store=base.store, audit=base.audit, clock=base.clock)
