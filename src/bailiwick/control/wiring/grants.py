"""Grants that are drafted from plain questions."""

from dataclasses import dataclass

from bailiwick.control.grant_drafts import CatalogueBook, DraftService, GrantPreviews, KnownIdentities, UsageService
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.delivery import Delivery
from bailiwick.control.wiring.estate import Estate
from bailiwick.control.wiring.people import People


@dataclass(frozen=True)
class Drafting:
    """What tables there are, drafts, their previews, and what was used of grants."""

    catalogues: CatalogueBook
    drafts: DraftService
    previews: GrantPreviews
    usage: UsageService
    identities: KnownIdentities


def build_drafting(base: Base, people: People, estate: Estate, delivery: Delivery) -> Drafting:
    """Put it together."""
    settings = base.settings
    catalogues = CatalogueBook(
        base.store,
        base.audit,
        base.authorizer,
        estate.integrations,
        estate.data_classes,
        {name: plane.kind for name, plane in settings.planes.items()},
        base.clock,
        base.relay.refresh,
    )
    drafts = DraftService(
        base.store,
        base.audit,
        base.authorizer,
        estate.integrations,
        catalogues,
        settings.person_attributes,
        base.clock,
    )
    previews = GrantPreviews(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        identity=people.identity,
        integrations=estate.integrations,
        catalogues=catalogues,
        drafts=drafts,
        address=settings.grants_address,
        clock=base.clock,
        on_change=base.relay.refresh,
    )
    usage = UsageService(base.store, base.authorizer, drafts, delivery.deploys.production_reaches, base.clock)
    identities = KnownIdentities(base.authorizer, estate.integrations, estate.accounts, people.identity)
    return Drafting(catalogues, drafts, previews, usage, identities)
