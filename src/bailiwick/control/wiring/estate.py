"""What there is: apps and folders, business systems, and who may do what with them."""

from dataclasses import dataclass

from bailiwick.control.access_reviews import (
    GrantSource,
    RoleSource,
    ServiceSource,
)
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import (
    AccessService,
)
from bailiwick.control.integrations import AccountBook, GrantWithdrawals, IntegrationService
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.people import People


@dataclass(frozen=True)
class Estate:
    """What there is: apps and folders, business systems, and who may do what with them."""

    catalog: CatalogService
    integrations: IntegrationService
    withdrawals: GrantWithdrawals
    accounts: AccountBook
    access: AccessService
    reviewed: tuple[RoleSource, GrantSource, ServiceSource]


def build_estate(base: Base, people: People) -> Estate:
    """Put together what there is."""
    catalog = CatalogService(store=base.store, audit=base.audit, authorizer=base.authorizer, clock=base.clock)
    integrations = IntegrationService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        clock=base.clock,
        on_change=base.relay.refresh,
    )
    withdrawals = GrantWithdrawals(
        store=base.store, audit=base.audit, authorizer=base.authorizer, on_change=base.relay.refresh
    )
    names = {"app": catalog.app_paths, "folder": catalog.folder_paths, "integration": integrations.names}
    return Estate(
        catalog=catalog,
        integrations=integrations,
        withdrawals=withdrawals,
        accounts=AccountBook(base.audit),
        access=AccessService(base.authorizer, names, base.clock),
        reviewed=(RoleSource(people.identity), GrantSource(catalog, withdrawals), ServiceSource(people.services)),
    )
