"""Sets up the sample company in a fresh installation; repeating it changes nothing that matters."""

import contextlib
from datetime import timedelta

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import (
    API_AUDIENCE,
    GIT_AUDIENCE,
    MCP_AUDIENCE,
    MODELS_AUDIENCE,
    Claims,
    ServiceDraft,
    SignInRefusedError,
)
from bailiwick.control.integrations import Integration
from bailiwick.control.vault import Environment
from bailiwick.core.errors import ConflictError, UnavailableError
from bailiwick.core.grants import ColumnGrant, Mask, Operation, RowCondition, TableGrant
from bailiwick.core.messages import AnyConnection, DatabaseConnection
from bailiwick.core.principals import Identity
from bailiwick.demo.business import DATABASES, ROLE, database_password
from bailiwick.demo.known_packages import set_up_packages
from bailiwick.demo.layout import HOST, Layout
from bailiwick.demo.people import PEOPLE, SamplePerson

_AGENT = "agent:claude-code"
_SECRET = "orders-db-password"  # noqa: S105 - a name
_CLASSES = {
    "orders.customer_name": "customer",
    "orders.customer_email": "customer",
    "orders.card_number": "payment",
    "refunds.amount": "payment",
}
_OWN_REGION = (RowCondition(column="region", equals_attribute="region"),)
_TOKEN_LIFETIME = timedelta(hours=8)

_ORDERS_READ = TableGrant(
    relation="orders",
    operations=frozenset({Operation.SELECT}),
    columns=(
        *(ColumnGrant(name=name) for name in ("id", "region", "customer_name")),
        ColumnGrant(name="customer_email", mask=Mask.EMAIL),
        ColumnGrant(name="card_number", mask=Mask.LAST4),
        *(ColumnGrant(name=name) for name in ("item", "amount", "currency", "status", "ordered_at")),
    ),
    rows=_OWN_REGION,
)
_REFUNDS_WRITE = TableGrant(
    relation="refunds",
    operations=frozenset({Operation.SELECT, Operation.INSERT}),
    columns=(
        *(ColumnGrant(name=name) for name in ("id", "created_at")),
        *(ColumnGrant(name=name, writable=True) for name in ("order_id", "region", "amount", "reason", "requested_by")),
    ),
    rows=_OWN_REGION,
)


def set_up_company(control: ControlPlane, layout: Layout) -> dict[str, Identity]:
    """Make people, folder, secret and integration; return the people by role, without those who were switched off."""
    people: dict[str, Identity] = {}
    for person in PEOPLE:
        with contextlib.suppress(SignInRefusedError):
            people[person.role] = remember(control, layout, person)
    if "admin" not in people:
        raise UnavailableError(
            "the administrator of the sample company was switched off", hint="begin anew with another --state"
        )
    admin = people["admin"]
    with contextlib.suppress(ConflictError):
        control.catalog.create_folder(admin, "finance")
    _make_agent(control, admin)
    password = database_password(layout)
    with control.store.transaction() as session:
        known = {item.name for item in control.vault.names(session)}
        if _SECRET not in known or control.vault.reveal(session, _SECRET) != password:
            # One account of the sample's server for both of its databases.
            control.vault.put(session, _SECRET, password, by=str(admin.principal), environment=Environment.BOTH)
        registered = {item.name for item in control.integrations.integrations(session)}
    if "orders-db" not in registered:
        control.integrations.register(admin, _orders_db(layout))
        control.data_classes.classify(admin, "orders-db", _CLASSES)
    set_up_packages(control, admin)
    return people


def _make_agent(control: ControlPlane, admin: Identity) -> None:
    """Make the coding agent of the company, which anybody may start: it may do what builders may, where they may."""
    owner, purpose = str(admin.principal), "Writes code for the people who start it"
    with contextlib.suppress(ConflictError):
        control.services.create(admin, ServiceDraft(_AGENT, owner, purpose, days=90, public=True))
        control.identity.roles.assign(admin, "builder", _AGENT, "folder:finance")


def remember(control: ControlPlane, layout: Layout, person: SamplePerson) -> Identity:
    """Return a person of the company; raise `SignInRefusedError` when a directory switched them off."""
    attributes = {"region": person.region}
    claims = Claims(layout.idp_issuer, person.email, person.email, person.name, person.groups, attributes)
    return control.identity.remember_person(claims)


def issue_tokens(control: ControlPlane, people: dict[str, Identity]) -> dict[str, str]:
    """Return a fresh token for the API, git, MCP and models for each role."""
    doors = f"{API_AUDIENCE} {GIT_AUDIENCE} {MCP_AUDIENCE} {MODELS_AUDIENCE}"
    return {
        role: control.identity.issue_token(identity, audience=doors, lifetime=_TOKEN_LIFETIME, purpose="demo").secret
        for role, identity in people.items()
    }


def issue_scim_token(control: ControlPlane, admin: Identity) -> str:
    """Return a fresh token for the sample company's directory."""
    return control.directory.issue_token(admin, "demo", days=1, purpose="demo").secret


def _orders_db(layout: Layout) -> Integration:
    connections: dict[str, AnyConnection] = {
        plane: DatabaseConnection(
            kind="postgresql", host=HOST, port=layout.business_port, database=database, user=ROLE, secret=_SECRET
        )
        for plane, database in DATABASES.items()
    }
    return Integration(
        name="orders-db",
        kind="postgresql",
        description="Orders, customers and refunds of the shop",
        owner="user:it@example.com",
        enabled=True,
        connections=connections,
        offers={"orders:read": (_ORDERS_READ,), "refunds:write": (_REFUNDS_WRITE,)},
    )
