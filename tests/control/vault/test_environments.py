"""Secrets of folders and environments: who keeps them, what may name them; the editor gets none of production."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.identity import Claims
from bailiwick.control.integrations import Integration, UnknownIntegrationError
from bailiwick.control.planes import DoorCertificate
from bailiwick.control.rotations import PostgresSource, Rule
from bailiwick.control.vault import Environment
from bailiwick.control.wiring import build_control
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.manifest import parse_manifest
from bailiwick.core.messages import DatabaseConnection
from bailiwick.core.principals import Identity
from tests.control.planes.test_door import Door, opened
from tests.control.release.test_deploys import released
from tests.fixtures.company import MANIFEST, Company, orders_db

pytestmark = pytest.mark.req("SE1")
PRODUCTION, TEST, BOTH = Environment.PRODUCTION, Environment.NON_PRODUCTION, Environment.BOTH
VALUE = "the-password-of-nobody"


@pytest.fixture
def keeper(company: Company) -> Identity:
    """Somebody who is administrator of the folder finance, and of nothing else."""
    keeper = company.control.identity.remember_person(Claims("", "", "fay@example.com", "Fay", (), {}))
    roles, admin = company.control.identity.roles, company.people["admin"]
    roles.assign(admin, "folder-admin", "user:fay@example.com", "folder:finance")
    company.control.catalog.create_folder(admin, "hr")
    company.control.catalog.create_folder(admin, "finance/eu")
    return keeper


@pytest.fixture
def door(company: Company, tmp_path: Path) -> Iterator[Door]:
    control = company.control
    certificate = DoorCertificate(control.authority, tmp_path / "door", "127.0.0.1", utc_now)
    with opened(control.planes, control.hub, certificate) as url:
        yield Door(url, tmp_path, control.authority, control.hub, certificate, [])


def shop(folder: str = "", **secrets: str) -> Integration:
    """Return an integration whose connections name secrets by plane."""
    connections = {
        plane: DatabaseConnection(host="127.0.0.1", port=5432, database=f"shop_{plane}", user="u", secret=name)
        for plane, name in secrets.items()
    }
    return replace(orders_db(), name="shop-db", folder=folder, connections=dict(connections))


def put(company: Company, name: str, environment: Environment | None = None, value: str = VALUE) -> int:
    return company.control.rotations.put(company.people["admin"], name, value, environment)


def fetched(company: Company) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return what the log says of credentials that planes asked for: the plane, the outcome, and who decided."""
    with company.control.store.transaction() as session:
        events = search(session, AuditQuery(action="secret.fetched"), limit=50).events
    return [(item.event.plane, item.event.outcome, item.event.deciders) for item in events]


@pytest.mark.req("DG4")
def test_the_editors_certificate_gets_no_production_secret_by_name(company: Company, door: Door) -> None:
    put(company, "shop-password")
    put(company, "shop-test", TEST)
    admin, control = company.people["admin"], company.control
    control.integrations.register(admin, shop(production="shop-password", editor="shop-test"))
    uses = MANIFEST.replace('use = "orders-db"', 'use = "shop-db"')
    assert company.push("builder", {"bailiwick.toml": uses}).accepted
    editor = door.client("plane/editor")
    assert editor.get("/plane/v1/secrets/shop-test").json()["value"] == VALUE
    for path in ("shop-password", "shop-password/", "%73hop-password", "../secrets/shop-password"):
        answer = editor.get(f"/plane/v1/secrets/{path}")
        assert answer.status_code in {403, 404}
        assert VALUE not in answer.text
    # Even where an app of the editor uses it: whoever wrote to the database past the platform changes nothing.
    with control.store.transaction() as session:
        session.execute(text("UPDATE vault_entries SET environment = 'production' WHERE name = 'shop-test'"))
    refused = editor.get("/plane/v1/secrets/shop-test")
    assert refused.status_code == 403
    assert "of another environment than this plane" in refused.text
    assert VALUE not in refused.text
    assert fetched(company)[0] == ("editor", "refused", ("secrets-stay-in-their-environment",))
    assert ("editor", "success", ("planes-fetch-what-their-apps-use",)) in fetched(company)


def test_a_plane_fetches_a_secret_of_a_folder_by_its_whole_name(company: Company, door: Door) -> None:
    put(company, "finance/shop-test", TEST)
    put(company, "shop-test", TEST, "another-value-of-nobody")
    control = company.control
    control.integrations.register(company.people["admin"], shop("finance", editor="finance/shop-test"))
    uses = MANIFEST.replace('use = "orders-db"', 'use = "shop-db"')
    assert company.push("builder", {"bailiwick.toml": uses}).accepted
    editor = door.client("plane/editor")
    assert editor.get("/plane/v1/secrets/finance/shop-test").json()["value"] == VALUE
    assert control.planes.desired_state("editor").secrets == {"finance/shop-test": 1}
    for path in ("shop-test", "finance", "finance/", "hr/shop-test", "finance/shop-test/x"):
        assert editor.get(f"/plane/v1/secrets/{path}").status_code in {403, 404}


def test_a_secret_that_lost_its_entry_counts_as_one_of_production(company: Company) -> None:
    released(company)
    control = company.control
    assert control.planes.secret("editor", "orders-db").value == "the-password-of-orders"
    with control.store.transaction() as session:
        session.execute(text("DELETE FROM vault_entries"))
    with pytest.raises(ForbiddenError, match="of another environment"):
        control.planes.secret("editor", "orders-db")
    assert control.planes.secret("production", "orders-db").value == "the-password-of-orders"


@pytest.mark.parametrize(
    ("secrets", "words"),
    [
        ({"editor": "live"}, "'live' is of the environment production, the plane 'editor' of non-production"),
        ({"production": "test"}, "'test' is of the environment non-production, the plane 'production' of production"),
        ({"production": "hr/live"}, "'hr/live' is of the folder 'hr', 'shop-db' of the folder 'finance'"),
        ({"production": "finance/eu/live"}, "is of the folder 'finance/eu'"),
        ({"production": "hr/unknown"}, "is of the folder 'hr'"),
        ({"production": "finance/unknown"}, "the vault has no secret 'finance/unknown'"),
    ],
)
def test_a_connection_names_only_secrets_of_its_environment_and_place(
    company: Company, keeper: Identity, secrets: dict[str, str], words: str
) -> None:
    for name in ("live", "hr/live", "finance/live", "finance/eu/live"):
        put(company, name)
    put(company, "test", TEST)
    register, admin = company.control.integrations.register, company.people["admin"]
    with pytest.raises(InvalidInputError, match=words):
        register(admin, shop("finance", **secrets))
    register(admin, shop("finance", production="finance/live", editor="test"))
    with pytest.raises(InvalidInputError, match="belongs to the folder 'finance', and stays there"):
        register(admin, shop("", production="live", editor="test"))


def test_an_integration_of_a_folder_is_for_apps_there_and_below(company: Company, keeper: Identity) -> None:
    put(company, "finance/live")
    control = company.control
    control.integrations.register(company.people["admin"], shop("finance", production="finance/live"))
    manifest = parse_manifest(MANIFEST.replace('use = "orders-db"', 'use = "shop-db"'))
    with control.store.transaction() as session:
        for folder in ("finance", "finance/eu"):
            (state,) = control.integrations.resolve(session, manifest, folder, "production").states
            assert state.resource == "shop-db"
        for folder in ("hr", "financed", "fin", ""):
            with pytest.raises(UnknownIntegrationError, match="for apps of the folder 'finance' only"):
                control.integrations.resolve(session, manifest, folder, "production")


def test_the_roles_at_a_folder_say_who_keeps_its_secrets(company: Company, keeper: Identity) -> None:
    service, people = company.control.rotations, company.people
    for name in ("shared", "hr/crm-key"):
        put(company, name)
    assert service.put(keeper, "finance/crm-key", VALUE) == 1
    assert service.put(keeper, "finance/eu/crm-key", VALUE, TEST) == 1
    assert [item.name for item in service.secrets(keeper)] == ["finance/crm-key", "finance/eu/crm-key"]
    assert service.secret(keeper, "finance/eu/crm-key")[0].environment == TEST
    wrapped = Rule("user:fay@example.com", None, 720, 0)
    service.declare(keeper, "finance/crm-key", wrapped, "it is ours")
    for name in ("shared", "hr/crm-key", "orders-db", "financed/x", "nowhere/x"):
        for ask in (
            lambda name=name: service.put(keeper, name, "another"),
            lambda name=name: service.secret(keeper, name),
            lambda name=name: service.rotate(keeper, name, "why not"),
            lambda name=name: service.declare(keeper, name, wrapped, "why not"),
            lambda name=name: service.undeclare(keeper, name, "why not"),
            lambda name=name: company.control.reveals.of(keeper, name),
        ):
            with pytest.raises(ForbiddenError):
                ask()
    with pytest.raises(ForbiddenError):
        service.put(people["builder"], "finance/crm-key", "a builder of the folder")
    for see in (company.control.reveals.ask, company.control.reveals.approve):
        with pytest.raises((ForbiddenError, NotFoundError)):
            see(keeper, "finance/crm-key", "seeing takes the organisation's administrators")
    assert "finance/crm-key" in {item.name for item in service.secrets(people["security"])}
    with pytest.raises(NotFoundError, match="no folder 'nowhere'"):
        put(company, "nowhere/x")


@pytest.mark.req("SE2")
def test_a_folder_has_no_secret_rotated_with_what_is_the_organisations(company: Company, keeper: Identity) -> None:
    put(company, "rotator-password")
    service = company.control.rotations
    service.put(keeper, "finance/orders", VALUE)
    source = PostgresSource.model_validate(
        {
            "host": "db.evil.example", "port": 5432, "database": "x", "roles": ("a", "b"), "tls": True,
            "by": {"user": "rotator", "secret": "rotator-password"},
        }
    )  # fmt: skip
    with pytest.raises(ForbiddenError):
        service.declare(keeper, "finance/orders", Rule("user:fay@example.com", source, 0, 60), "give it to me")


def test_a_secret_stays_of_its_environment(company: Company) -> None:
    put(company, "live")
    for other in (TEST, BOTH):
        with pytest.raises(ConflictError, match="of the environment production, and stays so"):
            put(company, "live", other, "another")
    assert put(company, "live", PRODUCTION, "another") == 2
    assert put(company, "live", None, "a third") == 3


@pytest.mark.parametrize(
    "name", ["/x", "finance/", "finance//x", "Finance/x", "finance/rotation", "finance/../x", "a" * 64]
)
def test_a_name_that_leads_elsewhere_is_refused(company: Company, name: str) -> None:
    with pytest.raises((InvalidInputError, NotFoundError)):
        put(company, name)


def test_what_was_stored_before_is_of_where_it_is_used(company: Company) -> None:
    for name, environment in (("live", PRODUCTION), ("test", TEST), ("unused", TEST)):
        put(company, name, environment)
    control = company.control
    control.integrations.register(company.people["admin"], shop(production="live", editor="test"))
    with control.store.transaction() as session:
        session.execute(text("DELETE FROM vault_entries"))  # as it is right after the database was brought up to date
    again = build_control(control.settings)
    try:
        with again.store.transaction() as session:
            found = {item.name: item.environment for item in again.vault.names(session)}
    finally:
        again.review_pool.close()
        again.store.dispose()
    assert found == {"live": PRODUCTION, "test": TEST, "orders-db": BOTH, "unused": PRODUCTION}


class TestModels:
    """Credentials of models that lie in the vault go to planes, too."""

    @pytest.fixture
    def more_settings(self) -> dict[str, Any]:
        model = {"name": "helper", "wire": "openai-chat", "url": "https://models.example/v1", "model": "m"}
        return {"inference": {"models": [{**model, "key": {"vault": "model-key"}}]}}

    @pytest.mark.req("DG4")
    def test_the_editor_gets_no_credential_of_a_model_that_is_of_production(self, company: Company) -> None:
        put(company, "model-key")
        models = company.control.planes.models
        assert models.key("production", "helper").value == VALUE
        with pytest.raises(ForbiddenError, match="of another environment") as refused:
            models.key("editor", "helper")
        assert VALUE not in repr(refused.value.problem())
        assert fetched(company)[0][:2] == ("editor", "refused")

    def test_one_that_was_stored_before_is_for_both(self, company: Company) -> None:
        put(company, "model-key")
        with company.control.store.transaction() as session:
            session.execute(text("DELETE FROM vault_entries"))
        again = build_control(company.control.settings)
        try:
            assert again.planes.models.key("editor", "helper").value == VALUE
        finally:
            again.review_pool.close()
            again.store.dispose()
