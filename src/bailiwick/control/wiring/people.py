"""Who there is: people, the directories and providers that describe them, and machines."""

from collections.abc import Mapping
from dataclasses import dataclass

from bailiwick.control.identity import (
    ClaimRule,
    DirectoryService,
    IdentityService,
    InFlight,
    LdapSync,
    Providers,
    ServiceIdentities,
    TokenExchange,
)
from bailiwick.control.sign_in import build_providers
from bailiwick.control.wiring.base import Base
from bailiwick.store import Store

TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address


@dataclass(frozen=True)
class People:
    """Who there is: people, directories that describe them, and machines."""

    providers: Providers
    identity: IdentityService
    in_flight: InFlight
    services: ServiceIdentities
    directory: DirectoryService
    ldap: LdapSync


def build_people(base: Base) -> People:
    """Put together who there is."""
    settings, rule = base.settings, base.settings.first_administrator
    providers = build_providers(settings, base.saml_keys, base.clock)
    identity = IdentityService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        providers=providers,
        first_administrator=ClaimRule(rule.claim, rule.value) if rule is not None else None,
        clock=base.clock,
        on_change=base.relay.refresh,
    )
    base.relay.in_flight = in_flight = InFlight(lambda: _epochs(base.store, identity))
    read_by_us = {item.name: item.source() for item in settings.ldap}
    directory = DirectoryService(
        base.store, base.audit, base.authorizer, base.clock, base.relay.refresh, frozenset(read_by_us)
    )
    services = ServiceIdentities(base.store, base.audit, base.authorizer, base.clock, base.relay.refresh)
    return People(providers, identity, in_flight, services, directory, LdapSync(directory, read_by_us))


def _epochs(store: Store, identity: IdentityService) -> Mapping[str, int]:
    with store.transaction() as session:
        return identity.epochs(session)


def build_exchange(base: Base, identity: IdentityService) -> TokenExchange:
    """Return what gives tokens for what agents and machines show."""
    public_url = base.settings.public_url
    # The audiences that a service may name when it signs for us (RFC 7523, section 3).
    own_names = frozenset({public_url, f"{public_url}{TOKEN_PATH}"})
    return TokenExchange.of(
        base.store,
        base.audit,
        base.authorizer,
        own_names,
        lambda secret, door: identity.authenticate_token(secret, audience=door),
        base.clock,
    )
