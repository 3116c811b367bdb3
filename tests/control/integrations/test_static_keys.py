"""Keys that do not change are refused, unless policy lets one be wrapped that somebody owns and has rotated."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import text

from bailiwick.control.integrations import Integration
from bailiwick.control.inventory import Filter, Flag
from bailiwick.core.errors import ForbiddenError
from bailiwick.core.grants import RequestGrant
from bailiwick.core.messages import AnyConnection
from tests.fixtures.company import Company, orders_db
from tests.fixtures.rotated import declare, put, wrap

pytestmark = pytest.mark.req("IN4", "SE2")
_CONNECTION: TypeAdapter[AnyConnection] = TypeAdapter(AnyConnection)
ROLE = {"kind": "aws-role", "role": "arn:aws:iam::123456789012:role/lake", "region": "eu-central-1", "service": "s3",
        "secret": "crm-key"}  # fmt: skip
STATIC: tuple[dict[str, Any], ...] = (
    {"kind": "bearer", "secret": "crm-key"},
    {"kind": "basic", "user": "us", "secret": "crm-key"},
    {"kind": "header", "header": "x-api-key", "secret": "crm-key"},
    {**ROLE, "access_key_id": "AKIA0123456789"},
)
CLIENT = {"kind": "client-credentials", "token_url": "https://crm.example/token", "client": "us", "secret": "crm-key"}


def crm(credential: dict[str, Any], url: str = "https://crm.example/api") -> Integration:
    connection = _CONNECTION.validate_python({"kind": "http", "url": url, "credential": credential})
    offers = {"contacts:read": (RequestGrant(methods=frozenset({"GET"}), path="/contacts/{id}"),)}
    return replace(orders_db(), name="crm", kind="http", connections={"production": connection}, offers=offers)


@pytest.fixture
def known(company: Company) -> Company:
    put(company, "crm-key", "the-key-of-the-crm")
    return company


def test_a_static_key_is_refused_until_it_is_owned_and_rotated_and_is_flagged_then(known: Company) -> None:
    register, people = known.control.integrations.register, known.people
    for credential in STATIC:
        with pytest.raises(ForbiddenError, match="would show a key that does not change on production") as refused:
            register(people["admin"], crm(credential))
        assert "static-keys-are-owned-and-rotated" in refused.value.deciders
        assert "bailiwick secret declare crm-key" in refused.value.hint
    declare(known, None, "crm-key")  # owned, but nobody says how often
    with pytest.raises(ForbiddenError):
        register(people["admin"], crm(STATIC[0]))
    declare(known, None, "crm-key", every_hours=2161)
    with pytest.raises(ForbiddenError, match="90 days"):
        register(people["admin"], crm(STATIC[0]))
    register(people["admin"], crm(CLIENT))
    register(people["admin"], crm({**ROLE, "issuer": "https://bailiwick.example", "subject": "bailiwick"}))
    wrap(known, "crm-key")
    for credential in STATIC:
        register(people["admin"], crm(credential))
    with known.control.store.transaction() as session:
        (entry,) = known.control.inventory.entries(session, people["admin"], Filter(flag=Flag.STATIC_KEY))
    assert (entry.name, entry.flags) == ("integration:crm/production", (Flag.STATIC_KEY,))
    assert "a wrapped key of user:it@example.com, rotated every 720 hours" in entry.how


def test_what_is_registered_stays_and_another_place_or_key_asks_anew(known: Company) -> None:
    register, admin = known.control.integrations.register, known.people["admin"]
    wrap(known, "crm-key")
    register(admin, crm(STATIC[0]))
    known.control.rotations.undeclare(admin, "crm-key", "nobody has time")
    register(admin, replace(crm(STATIC[0]), description="The same, with other words"))
    with known.control.store.transaction() as session:
        (entry,) = known.control.inventory.entries(session, admin, Filter(flag=Flag.STATIC_KEY))
    assert "nobody has rotated" in entry.how
    for changed in (crm(STATIC[0], "https://other.example/api"), crm(STATIC[1])):
        with pytest.raises(ForbiddenError):
            register(admin, changed)


def test_a_wrapped_key_that_is_due_waits_for_a_person(company: Company) -> None:
    put(company, "crm-key", "the-key-of-the-crm")
    declare(company, None, "crm-key", every_hours=1)
    with company.control.store.transaction() as session:
        session.execute(text("UPDATE vault_secrets SET created_at = now() - interval '2 h'"))
    company.control.rotation_keeper.keep()
    going = company.control.rotations.secret(company.people["admin"], "crm-key")[0].going
    assert going is not None
    assert (going.cause, going.state) == ("schedule", "by-hand")
    put(company, "crm-key", "another-key-of-the-crm")
    company.control.rotation_keeper.keep()
    assert company.control.rotations.secret(company.people["admin"], "crm-key")[0].going is None
