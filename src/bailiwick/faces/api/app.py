"""The API's resources: what the console and the command line can do, for programs."""

from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import API_AUDIENCE
from bailiwick.core.errors import NotAuthenticatedError
from bailiwick.core.principals import Identity
from bailiwick.faces.api.access_reviews import add_access_reviews
from bailiwick.faces.api.advisories import add_advisories
from bailiwick.faces.api.agents_md import add_agents_md
from bailiwick.faces.api.alerts import add_alerts
from bailiwick.faces.api.anomalies import add_anomalies
from bailiwick.faces.api.approval_rules import add_approval_rules
from bailiwick.faces.api.apps import add_apps
from bailiwick.faces.api.audit import add_audit
from bailiwick.faces.api.audit_proofs import add_audit_proofs
from bailiwick.faces.api.capabilities import add_capabilities
from bailiwick.faces.api.change_windows import add_change_windows
from bailiwick.faces.api.connections import add_connections
from bailiwick.faces.api.databases import add_databases
from bailiwick.faces.api.delegations import add_delegations
from bailiwick.faces.api.deploys import add_deploys
from bailiwick.faces.api.directories import add_directories
from bailiwick.faces.api.domains import add_domains
from bailiwick.faces.api.egress import add_egress
from bailiwick.faces.api.emergencies import add_emergencies
from bailiwick.faces.api.encryption_keys import add_encryption_keys
from bailiwick.faces.api.exporters import add_exporters
from bailiwick.faces.api.freezes import add_freezes
from bailiwick.faces.api.grant_drafts import add_grant_drafts
from bailiwick.faces.api.grants import add_grants
from bailiwick.faces.api.guardrails import add_guardrails
from bailiwick.faces.api.history import add_history
from bailiwick.faces.api.jobs import add_jobs
from bailiwick.faces.api.logs import add_logs
from bailiwick.faces.api.model_inventory import add_model_inventory
from bailiwick.faces.api.models import add_models
from bailiwick.faces.api.notices import add_notices
from bailiwick.faces.api.package_index import add_package_index
from bailiwick.faces.api.people import add_people
from bailiwick.faces.api.people_found import add_people_found
from bailiwick.faces.api.planes import add_planes
from bailiwick.faces.api.platform import add_platform
from bailiwick.faces.api.policies import add_policies
from bailiwick.faces.api.previews import add_previews
from bailiwick.faces.api.problems import add_problem_handlers
from bailiwick.faces.api.queries import add_queries
from bailiwick.faces.api.repeats import Repeats
from bailiwick.faces.api.retention import add_retention
from bailiwick.faces.api.reviewers import add_reviewers
from bailiwick.faces.api.rollouts import add_rollouts
from bailiwick.faces.api.sbom import add_sbom
from bailiwick.faces.api.secrets import add_secrets
from bailiwick.faces.api.services import add_services
from bailiwick.faces.api.sessions import add_sessions
from bailiwick.faces.api.signing import add_signing
from bailiwick.faces.api.sql_functions import add_sql_functions
from bailiwick.faces.api.standards import add_standards
from bailiwick.faces.api.stops import add_stops
from bailiwick.faces.api.studio import add_studio
from bailiwick.faces.api.telemetry import add_telemetry
from bailiwick.faces.api.traces import add_traces
from bailiwick.faces.api.uploads import add_uploads
from bailiwick.faces.api.waivers import add_waivers
from bailiwick.faces.api.workers import add_workers
from bailiwick.faces.lazily import LateRoute
from bailiwick.faces.origin import seen_from


def bearer(control: ControlPlane, authorization: str) -> Identity:
    """Return whose bearer token an `Authorization` header holds; raise `NotAuthenticatedError` without a good one."""
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or not token:
        raise NotAuthenticatedError("the API needs a bearer token", hint="bailiwick login gives you one")
    return control.identity.authenticate_token(token, audience=API_AUDIENCE)


def build_api(control: ControlPlane) -> FastAPI:
    """Return the API as an application, to be mounted under `/api`."""
    api = FastAPI(title="Bailiwick", version="1", openapi_url="/openapi.json", docs_url=None, redoc_url=None)
    api.router.route_class = LateRoute
    add_problem_handlers(api)

    def caller(request: Request, authorization: Annotated[str, Header()] = "") -> Identity:
        return seen_from(bearer(control, authorization), request.scope)

    Caller = Annotated[Identity, Depends(caller)]  # noqa: N806 - a type
    for add in (
        add_people,
        add_sessions,
        add_connections,
        add_services,
        add_directories,
        add_policies,
        add_apps,
        add_sbom,
        add_deploys,
        add_jobs,
        add_workers,
        add_stops,
        add_rollouts,
        add_approval_rules,
        add_emergencies,
        add_change_windows,
        add_guardrails,
        add_domains,
        add_egress,
        add_delegations,
        add_freezes,
        add_notices,
        add_databases,
        add_planes,
        add_platform,
        add_audit,
        add_audit_proofs,
        add_queries,
        add_exporters,
        add_telemetry,
        add_retention,
        add_advisories,
        add_package_index,
        add_grant_drafts,
        add_grants,
        add_access_reviews,
        add_people_found,
        add_models,
        add_alerts,
        add_anomalies,
        add_model_inventory,
        add_reviewers,
        add_waivers,
        add_capabilities,
        add_sql_functions,
        add_standards,
        add_agents_md,
        add_history,
        add_logs,
        add_traces,
        add_uploads,
        add_studio,
        add_previews,
        add_signing,
        add_encryption_keys,
        add_secrets,
    ):
        add(api, control, Caller)
    api.add_middleware(Repeats, control=control)
    return api
