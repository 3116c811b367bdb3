"""What there is: apps and folders, business systems and models, and who may do what with them."""

from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy.orm import Session

from bailiwick.control.access_reviews import (
    GrantSource,
    RoleSource,
    ServiceSource,
)
from bailiwick.control.catalog import CatalogService
from bailiwick.control.certificate_requests import CertificateRequests
from bailiwick.control.identity import (
    AccessService,
)
from bailiwick.control.inference import ModelServing, OutflowService
from bailiwick.control.integrations import (
    AccountBook,
    Connectors,
    DataClasses,
    GrantWithdrawals,
    IntegrationService,
    Wrapping,
)
from bailiwick.control.rotations import ClientAuthority, HookTarget, RotationKeeper, RotationService, ServerTarget
from bailiwick.control.secret_stores import LeaseKeeper, SecretStoreService
from bailiwick.control.sql_functions import SqlFunctionService
from bailiwick.control.vault import Environment, secret_reader
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.people import People


@dataclass(frozen=True)
class Estate:
    """What there is: apps and folders, business systems, and who may do what with them."""

    catalog: CatalogService
    integrations: IntegrationService
    models: ModelServing
    outflows: OutflowService
    withdrawals: GrantWithdrawals
    accounts: AccountBook
    data_classes: DataClasses
    sql_functions: SqlFunctionService
    connectors: Connectors
    access: AccessService
    rotations: RotationService
    rotation_keeper: RotationKeeper
    client_authority: ClientAuthority
    certificate_requests: CertificateRequests
    secret_stores: SecretStoreService
    lease_keeper: LeaseKeeper
    reviewed: tuple[RoleSource, GrantSource, ServiceSource]


def build_estate(base: Base, people: People) -> Estate:
    """Put together what there is."""
    catalog = CatalogService(store=base.store, audit=base.audit, authorizer=base.authorizer, clock=base.clock)
    certificates = ClientAuthority(base.store, base.vault, base.clock, base.settings.public_url)

    def folders(session: Session) -> frozenset[str]:
        return frozenset(folder.path for folder in catalog.folders(session))

    rotations = RotationService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        vault=base.vault,
        hooks=base.settings.secret_rotation.hooks,
        servers=base.settings.secret_rotation.authorization_servers,
        certificates=certificates,
        folders=folders,
        clock=base.clock,
    )

    def wrapping_of(session: Session, name: str) -> Wrapping:
        rule = rotations.rule(session, name)
        return Wrapping(rule.owner, rule.every_hours) if rule is not None else Wrapping("", 0)

    integrations = IntegrationService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        clock=base.clock,
        on_change=base.relay.refresh,
        planes=base.environments,
        secrets=lambda session: {item.name: item.environment for item in base.vault.names(session)},
        leased=base.vault.leased.spots,
        folders=folders,
        wrapping_of=wrapping_of,
    )
    with base.store.transaction() as session:
        base.vault.enter_rest(session, lambda: _used_in(base, integrations, session))
    withdrawals = GrantWithdrawals(
        store=base.store, audit=base.audit, authorizer=base.authorizer, on_change=base.relay.refresh
    )
    names = {"app": catalog.app_paths, "folder": catalog.folder_paths, "integration": integrations.names}
    return Estate(
        catalog=catalog,
        integrations=integrations,
        models=ModelServing(
            base.settings.inference.routes,
            base.authorizer,
            secret_reader(base.store, base.vault),
            base.settings.inference.model_budgets,
        ),
        outflows=OutflowService(
            base.store,
            base.audit,
            base.authorizer,
            frozenset(base.settings.inference.routes),
            catalog.owners,
            base.clock,
            base.relay.refresh,
        ),
        withdrawals=withdrawals,
        accounts=AccountBook(base.audit),
        sql_functions=SqlFunctionService(
            base.store, base.audit, base.authorizer, catalog, integrations, base.clock, base.relay.refresh
        ),
        data_classes=DataClasses(base.store, base.audit, base.authorizer, base.relay.refresh),
        connectors=Connectors(base.settings.connectors),
        access=AccessService(base.authorizer, names, base.clock),
        rotations=rotations,
        rotation_keeper=_rotation_keeper(base, rotations, certificates),
        client_authority=certificates,
        certificate_requests=CertificateRequests(
            store=base.store,
            audit=base.audit,
            authorizer=base.authorizer,
            vault=base.vault,
            clock=base.clock,
            put=rotations.put_in,
            folders=folders,
            is_made=rotations.makes_certificates,
        ),
        secret_stores=SecretStoreService(base.store, base.authorizer, base.vault, folders, rotations.end_brought),
        lease_keeper=_lease_keeper(base, integrations, rotations),
        reviewed=(RoleSource(people.identity), GrantSource(catalog, withdrawals), ServiceSource(people.services)),
    )


def _used_in(base: Base, integrations: IntegrationService, session: Session) -> dict[str, set[Environment]]:
    """Return in which environments integrations and models use secrets of the vault."""
    used: dict[str, set[Environment]] = {}
    for name, uses in integrations.using(session).items():
        used[name] = {base.environments[plane] for _, plane in uses if plane in base.environments}
    for route in base.settings.inference.routes.values():
        if route.key is not None and route.key.vault is not None:
            used.setdefault(route.key.vault, set()).update(base.environments.values())
    return used


def _lease_keeper(base: Base, integrations: IntegrationService, rotations: RotationService) -> LeaseKeeper:
    def used(session: Session) -> set[str]:
        on = integrations.enabled(session)
        return {name for name, uses in integrations.using(session).items() if any(on[system] for system, _ in uses)}

    def made() -> None:
        rotations.end_brought()
        base.relay.refresh()

    return LeaseKeeper(
        base.store, base.audit, base.vault, used=used, leaked=rotations.waiting, on_made=made, clock=base.clock
    )


def _rotation_keeper(base: Base, rotations: RotationService, certificates: ClientAuthority) -> RotationKeeper:
    read = secret_reader(base.store, base.vault)

    def hooks() -> dict[str, HookTarget]:
        return {
            name: HookTarget(hook.url, read(hook.token) if hook.token is not None else SecretStr(""), hook.ca)
            for name, hook in base.settings.secret_rotation.hooks.items()
        }

    return RotationKeeper(
        rotations,
        store=base.store,
        audit=base.audit,
        vault=base.vault,
        hooks=hooks,
        servers={
            name: ServerTarget(server.configuration_url, server.token_url, server.ca)
            for name, server in base.settings.secret_rotation.authorization_servers.items()
        },
        certificates=certificates,
        on_switch=base.relay.refresh,
        clock=base.clock,
    )
