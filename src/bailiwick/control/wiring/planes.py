"""What data planes pull and push."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bailiwick.control.assurance import AssuranceService
from bailiwick.control.declared import PlaneSettingsBook
from bailiwick.control.inference import BudgetNotices
from bailiwick.control.networks import NetworkService
from bailiwick.control.notices import BudgetOutbox
from bailiwick.control.observe import ObserveService
from bailiwick.control.planes import PlaneConsents, PlaneHub, PlaneKeys, PlaneModels, PlaneService, PolicySpread
from bailiwick.control.telemetry import PlaneTelemetry
from bailiwick.control.traces import TraceService
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.consents import Consents
from bailiwick.control.wiring.delivery import Delivery
from bailiwick.control.wiring.estate import Estate
from bailiwick.control.wiring.grants import Drafting
from bailiwick.control.wiring.people import People
from bailiwick.core.passes import SIGN_IN_PATH


@dataclass(frozen=True)
class Planes:
    """What data planes pull and push."""

    observe: ObserveService
    service: PlaneService
    hub: PlaneHub
    spread: PolicySpread
    networks: NetworkService
    assurance: AssuranceService
    budget_notices: BudgetNotices
    traces: TraceService


def build_planes(
    base: Base,
    people: People,
    estate: Estate,
    delivery: Delivery,
    drafting: Drafting,
    consents: Consents,
    telemetry: Callable[[Session], PlaneTelemetry],
) -> Planes:
    """Put together what planes speak with, and give the relay its hub; `telemetry` says what they tell."""
    observe = ObserveService(base.clock)
    traces = TraceService(
        base.store, base.authorizer, estate.catalog.readable_app, base.settings.traces.days, base.clock
    )
    keys = base.keys
    networks = NetworkService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        integrations=estate.integrations,
        planes=base.settings.planes,
        separate=base.settings.networks == "separate",
        clock=base.clock,
    )
    assurance = AssuranceService(
        base.store,
        base.audit,
        base.authorizer,
        tuple(base.settings.planes),
        lambda order: hub.broadcast(order),  # noqa: PLW0108 - the hub is made later
    )

    budget_notices = BudgetNotices(
        base.store,
        base.audit,
        base.authorizer,
        estate.catalog.owners,
        BudgetOutbox(base.settings.notices, base.clock).announce,
        base.clock,
    )

    def of_environment(session: Session, plane: str, secret: str) -> bool:
        environment = base.environments.get(plane)
        return environment is not None and base.vault.environment(session, secret).fits(environment)

    service = PlaneService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        observe=observe,
        releases=delivery.serving,
        stops=delivery.stops,
        codes=people.identity,
        secrets=base.vault,
        of_environment=of_environment,
        consents=PlaneConsents(consents.tokens.token, consents.service.ended_lately),
        authority=base.authority,
        models=PlaneModels(
            base.store,
            base.audit,
            base.authorizer,
            estate.models,
            people.identity,
            of_environment,
            keys["pass"],
            {name: plane.region for name, plane in base.settings.planes.items() if plane.region},
            base.clock,
            budget_notices,
        ),
        policies=base.force,
        accounts=estate.accounts,
        databases=delivery.databases,
        rehearsals=delivery.rehearsals,
        attestations=delivery.attestations,
        rollouts=delivery.rollouts.service,
        declared=PlaneSettingsBook(base.audit, delivery.attestations, keys["settings"], base.clock),
        previews=delivery.previews.register,
        networks=networks,
        assurance=assurance,
        drafts=drafting.previews,
        sql_functions=estate.sql_functions.in_force,
        outflows=estate.outflows,
        traces=traces,
        telemetry=telemetry,
        prompts=base.settings.prompts.rules_with(base.settings.redaction.rules),
        keys=PlaneKeys(
            downlink=keys["downlink"],
            passes=keys["pass"],
            signing=base.signing,
        ),
        sign_in_url=f"{base.settings.public_url}{SIGN_IN_PATH}",
        clock=base.clock,
    )
    base.relay.hub = hub = PlaneHub(service.desired_state, keys["downlink"], base.clock)
    spread = PolicySpread(base.store, service, base.force, tuple(base.settings.planes), lambda: tuple(hub.connected))
    return Planes(observe, service, hub, spread, networks, assurance, budget_notices, traces)
