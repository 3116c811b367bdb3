"""How deploys are asked for, decided about and published, and what administrators say about that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from bailiwick.control.capabilities import CapabilityRegister
from bailiwick.control.change_windows import WindowService
from bailiwick.control.databases import RehearsalService
from bailiwick.control.delegations import Approvers
from bailiwick.control.domains import DomainService
from bailiwick.control.freeze import FreezeRegister
from bailiwick.control.gates import ApprovalDesk, RuleService
from bailiwick.control.guardrails import GuardrailService
from bailiwick.control.notices import Outbox
from bailiwick.control.pauses import PauseService
from bailiwick.control.policies import name_of_policies
from bailiwick.control.release import AskAgain, DeployParts, DeployService, EmergencyService, Outlet, ReleaseService
from bailiwick.control.stops import StopService
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.estate import Estate
from bailiwick.control.wiring.making import Making
from bailiwick.control.wiring.reviewing import Reviewing
from bailiwick.core.policy import ContextValue, Decision
from bailiwick.core.principals import Identity


@dataclass(frozen=True)
class Guards:
    """What may be against a release, and what it goes out by."""

    stops: StopService
    freezes: FreezeRegister
    rehearsals: RehearsalService
    outlet: Outlet


def build_deploys(
    base: Base, estate: Estate, reviewing: Reviewing, making: Making, guards: Guards, ask_again: AskAgain
) -> DeployService:
    """Put together what brings commits to production; `ask_again` hears of verdicts that are no good any more."""
    approvers = Approvers(base.authorizer, base.clock)
    return DeployService(
        DeployParts(
            store=base.store,
            audit=base.audit,
            authorizer=base.authorizer,
            catalog=estate.catalog,
            integrations=estate.integrations,
            open_for=CapabilityRegister(base.clock).names,
            sources=reviewing.sources,
            verdicts=reviewing.reviews,
            signer=making.signer,
            packer=making.packer,
            stops=guards.stops,
            freezes=guards.freezes,
            rehearsals=guards.rehearsals,
            outlet=guards.outlet,
            emergencies=_emergencies(base, estate),
            desk=_desk(base, estate, approvers),
            waits_for=timedelta(days=base.settings.approvals.request_days),
            clock=base.clock,
            notify=base.relay.notify,
            ask_again=ask_again,
            deciders=approvers,
            on_requested=Outbox(base.settings.notices, base.audit, base.authorizer, approvers, base.clock).announce,
        )
    )


def build_rules(base: Base, estate: Estate) -> RuleService:
    """Put together what changes the rules of approval."""
    return RuleService(
        store=base.store, audit=base.audit, authorizer=base.authorizer, catalog=estate.catalog, clock=base.clock
    )


def build_windows(base: Base, estate: Estate) -> WindowService:
    """Put together what changes the windows in which releases go out."""
    return WindowService(
        store=base.store, audit=base.audit, authorizer=base.authorizer, catalog=estate.catalog, clock=base.clock
    )


def build_domains(base: Base, estate: Estate) -> DomainService:
    """Put together what gives apps host names of an organisation's own."""
    return DomainService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        clock=base.clock,
        own=base.settings.own_hosts,
        on_change=base.relay.refresh,
    )


def build_pauses(base: Base, estate: Estate, releases: ReleaseService) -> PauseService:
    """Put together what holds workers of apps."""
    return PauseService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        workers=releases.workers,
        clock=base.clock,
        on_change=base.relay.refresh,
    )


def build_guardrails(base: Base, estate: Estate) -> GuardrailService:
    """Put together what changes the guardrails of apps at work."""
    return GuardrailService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        clock=base.clock,
        on_change=base.relay.refresh,
    )


def _desk(base: Base, estate: Estate, approvers: Approvers) -> ApprovalDesk:
    def judge(session: Session, who: Identity, app: str, facts: Mapping[str, ContextValue]) -> tuple[Decision, str]:
        judged = approvers.judge(session, who, app, facts)
        return judged.decision, judged.behalf

    return ApprovalDesk(
        authorizer=base.authorizer,
        identities=estate.access.identity,
        judge=judge,
        policies=partial(name_of_policies, base.policies.base),
        days=base.settings.approvals.approval_days,
        clock=base.clock,
    )


def _emergencies(base: Base, estate: Estate) -> EmergencyService:
    return EmergencyService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        days=base.settings.approvals.emergency_review_days,
        clock=base.clock,
    )
