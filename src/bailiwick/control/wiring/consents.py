"""What people consent to put together: where they can, what they do, what planes get of it."""

from dataclasses import dataclass

from bailiwick.control.consents import (
    AuthorizationServers,
    ConsentKeeper,
    ConsentPlaces,
    ConsentService,
    ConsentTokens,
)
from bailiwick.control.vault import SecretFrom, secret_reader
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.delivery import Delivery
from bailiwick.control.wiring.estate import Estate


@dataclass(frozen=True)
class Consents:
    """What people do with consents, what planes get, and what looks after them."""

    service: ConsentService
    tokens: ConsentTokens
    keeper: ConsentKeeper


def build_consents(base: Base, estate: Estate, delivery: Delivery) -> Consents:
    """Put it together."""
    read = secret_reader(base.store, base.vault)
    servers = AuthorizationServers(lambda name: read(SecretFrom(vault=name)).get_secret_value(), base.clock)
    places = ConsentPlaces(estate.integrations, delivery.serving, base.authorizer)
    service = ConsentService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        vault=base.vault,
        places=places,
        servers=servers,
        public_url=base.settings.public_url,
        clock=base.clock,
        on_change=base.relay.refresh,
    )
    tokens = ConsentTokens(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        vault=base.vault,
        places=places,
        servers=servers,
        public_url=base.settings.public_url,
        clock=base.clock,
        on_change=base.relay.refresh,
    )
    keeper = ConsentKeeper(
        store=base.store,
        audit=base.audit,
        vault=base.vault,
        places=places,
        servers=servers,
        on_change=base.relay.refresh,
    )
    return Consents(service, tokens, keeper)
