"""Puts the console together: its files, its headers, its errors and its pages."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from bailiwick.control.app import ControlPlane
from bailiwick.faces.console.access_reviews import add_access_reviews
from bailiwick.faces.console.alerts import add_alerts
from bailiwick.faces.console.all_sessions import add_all_sessions
from bailiwick.faces.console.anomalies import add_anomalies
from bailiwick.faces.console.app_page import add_app_page
from bailiwick.faces.console.approval_rules import add_approval_rules
from bailiwick.faces.console.approvals import add_approvals
from bailiwick.faces.console.assurance import add_assurance
from bailiwick.faces.console.audit import add_audit
from bailiwick.faces.console.audit_event import add_audit_event
from bailiwick.faces.console.authorize import add_authorize
from bailiwick.faces.console.bill import add_bill
from bailiwick.faces.console.by_link import add_by_link
from bailiwick.faces.console.connections import add_connections
from bailiwick.faces.console.delegations import add_delegations
from bailiwick.faces.console.device import add_device
from bailiwick.faces.console.directories import add_directories
from bailiwick.faces.console.errors import add_errors
from bailiwick.faces.console.estate_map import add_map
from bailiwick.faces.console.exporters import add_exporters
from bailiwick.faces.console.files import add_files
from bailiwick.faces.console.findings import add_findings
from bailiwick.faces.console.first_run import add_first_run
from bailiwick.faces.console.freezes import add_freezes
from bailiwick.faces.console.grant_drafts import add_grant_drafts
from bailiwick.faces.console.guardrails import add_guardrails
from bailiwick.faces.console.help import add_help
from bailiwick.faces.console.history import add_history
from bailiwick.faces.console.integrations import add_integrations
from bailiwick.faces.console.inventory import add_inventory
from bailiwick.faces.console.kill_switch import add_kill_switch
from bailiwick.faces.console.logs import add_logs
from bailiwick.faces.console.model_inventory import add_model_inventory
from bailiwick.faces.console.models import add_models
from bailiwick.faces.console.notices import add_notices
from bailiwick.faces.console.operations import add_operations
from bailiwick.faces.console.overview import add_overview
from bailiwick.faces.console.own_sessions import add_own_sessions
from bailiwick.faces.console.packages import add_packages
from bailiwick.faces.console.people import add_people
from bailiwick.faces.console.person_page import add_person_page
from bailiwick.faces.console.planes import add_planes
from bailiwick.faces.console.policies import add_policies
from bailiwick.faces.console.prompt_logs import add_prompt_logs
from bailiwick.faces.console.pulse import add_pulse
from bailiwick.faces.console.queries import add_queries
from bailiwick.faces.console.redaction import add_redaction
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.retention import add_retention
from bailiwick.faces.console.reviews import add_reviews
from bailiwick.faces.console.roles import add_roles
from bailiwick.faces.console.saml import add_saml
from bailiwick.faces.console.secrets import add_secrets
from bailiwick.faces.console.services import add_services
from bailiwick.faces.console.settings import add_settings
from bailiwick.faces.console.sign_in import add_sign_in
from bailiwick.faces.console.sql_functions import add_sql_functions
from bailiwick.faces.console.standards import add_standards
from bailiwick.faces.console.studio import add_studio
from bailiwick.faces.console.telemetry import add_telemetry
from bailiwick.faces.console.traces import add_traces
from bailiwick.faces.console.waivers import add_waivers
from bailiwick.faces.console.who_can import add_who_can
from bailiwick.faces.lazily import LateRoute

_STATIC = Path(__file__).parent / "static"


def build_console(control: ControlPlane) -> FastAPI:
    """Return the console's pages as an application. Each does what an API call would; none decides anything."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.router.route_class = LateRoute
    app.state.control = control
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    secure = control.settings.public_url.startswith("https:")
    pages = Pages(control)
    add_errors(app, control, pages, secure=secure)
    add_sign_in(app, control, pages, secure=secure)
    add_saml(app, control, secure=secure)
    for add in (
        add_authorize,
        add_device,
        add_own_sessions,
        add_connections,
        add_overview,
        add_inventory,
        add_map,
        add_first_run,
        add_kill_switch,
        add_freezes,
        add_guardrails,
        add_app_page,
        add_studio,
        add_approvals,
        add_approval_rules,
        add_by_link,
        add_reviews,
        add_history,
        add_logs,
        add_traces,
        add_files,
        add_bill,
        add_findings,
        add_waivers,
        add_integrations,
        add_models,
        add_secrets,
        add_sql_functions,
        add_grant_drafts,
        add_planes,
        add_policies,
        add_standards,
        add_packages,
        add_assurance,
        add_audit,
        add_audit_event,
        add_retention,
        add_operations,
        add_queries,
        add_people,
        add_person_page,
        add_roles,
        add_who_can,
        add_all_sessions,
        add_pulse,
        add_access_reviews,
        add_directories,
        add_services,
        add_exporters,
        add_telemetry,
        add_alerts,
        add_anomalies,
        add_model_inventory,
        add_prompt_logs,
        add_redaction,
        add_notices,
        add_delegations,
        add_settings,
        add_help,
    ):
        add(app, control, pages)
    return app
