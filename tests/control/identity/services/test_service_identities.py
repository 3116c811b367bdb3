"""Service identities: who may make them, what they must say of themselves, and how they end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.identity import Claims, ServiceDraft, State
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.principals import Identity
from tests.fixtures.company import Company
from tests.fixtures.issuer import own_assertion

HERE = "http://127.0.0.1:8400"
DRAFT = ServiceDraft("service:nightly", "user:builder@example.com", "Sends the nightly report", 90)


@pytest.fixture
def admin(company: Company) -> Identity:
    return company.people["admin"]


def pair() -> ECKey:
    return ECKey.generate_key("P-256")


def public(key: ECKey | RSAKey | OKPKey) -> dict[str, Any]:
    return dict(key.as_dict(private=False))


@pytest.mark.req("ID4", "IN5")
def test_a_service_identity_has_an_owner_a_purpose_and_an_end(company: Company, admin: Identity) -> None:
    made = company.control.services.create(admin, DRAFT)
    assert (made.service.owner, made.service.purpose, made.state) == (DRAFT.owner, DRAFT.purpose, State.ACTIVE)
    left = made.service.expires - company.control.clock()
    assert timedelta(days=89) < left <= timedelta(days=90)
    assert ("service.created", "user:admin@example.com") in company.actions()


@pytest.mark.req("ID4")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"owner": "user:stranger@example.com"}, "nobody answers"),
        ({"owner": "group:nobody-in-it"}, "nobody answers"),
        ({"owner": "service:other"}, "nobody answers"),
        ({"purpose": "  "}, "purpose"),
        ({"days": 0}, "1 to 366 days"),
        ({"days": 367}, "1 to 366 days"),
        ({"name": "service:release"}, "cannot name"),
        ({"name": "user:x"}, "cannot name"),
        ({"name": "service:directory/entra"}, "cannot name"),
        ({"name": "agent:x/for/user:admin@example.com"}, "cannot name"),
        ({"public": True}, "only an agent"),
    ],
)
def test_what_lacks_something_or_takes_the_name_of_another_is_not_made(
    company: Company, admin: Identity, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        company.control.services.create(admin, replace(DRAFT, **change))


@pytest.mark.req("ID4")
def test_only_organisation_administrators_make_them(company: Company) -> None:
    for who in ("builder", "security", "user"):
        with pytest.raises(ForbiddenError):
            company.control.services.create(company.people[who], DRAFT)


def test_a_name_is_taken_once(company: Company, admin: Identity) -> None:
    company.control.services.create(admin, DRAFT)
    with pytest.raises(ConflictError):
        company.control.services.create(admin, DRAFT)


@pytest.mark.req("ID4")
def test_an_owner_sees_and_stops_their_own_and_no_more(company: Company, admin: Identity) -> None:
    services, owner = company.control.services, company.people["builder"]
    services.create(admin, DRAFT)
    assert services.view(owner, DRAFT.name).service.name == DRAFT.name
    with pytest.raises(NotFoundError):
        services.view(company.people["user"], DRAFT.name)
    with pytest.raises(NotFoundError):
        services.disable(company.people["user"], DRAFT.name, "mine now")
    for forbidden in (
        lambda: services.prolong(owner, DRAFT.name, 300),
        lambda: services.add_key(owner, DRAFT.name, public(pair())),
        lambda: services.enable(owner, DRAFT.name, "again"),
    ):
        with pytest.raises(ForbiddenError):
            forbidden()
    assert services.disable(owner, DRAFT.name, "it went wild").state is State.DISABLED


@pytest.mark.req("ID4")
def test_a_group_can_own_one_while_somebody_is_in_it(company: Company, admin: Identity) -> None:
    services = company.control.services
    services.create(admin, replace(DRAFT, owner="group:builder"))
    assert services.view(company.people["builder"], DRAFT.name).state is State.ACTIVE


def test_ending_one_needs_a_reason(company: Company, admin: Identity) -> None:
    services = company.control.services
    services.create(admin, DRAFT)
    for verb in (services.disable, services.enable, services.remove):
        with pytest.raises(InvalidInputError, match="reason"):
            verb(admin, DRAFT.name, " ")


@pytest.mark.req("ID4")
def test_nobody_inherits_roles_or_keys_of_a_name_that_was_removed(company: Company, admin: Identity) -> None:
    control = company.control
    control.services.create(admin, DRAFT)
    key = pair()
    control.services.add_key(admin, DRAFT.name, public(key))
    control.identity.roles.assign(admin, "builder", DRAFT.name, "folder:finance")
    control.services.remove(admin, DRAFT.name, "replaced")
    again = control.services.create(admin, DRAFT)
    assert again.keys == ()
    with control.store.transaction() as session:
        assert not [item for item in control.identity.roles.held(session) if item.holder == DRAFT.name]


@pytest.mark.req("ID4", "IN1")
@pytest.mark.parametrize(
    ("jwk", "words"),
    [
        (pair().as_dict(private=True), "private"),
        (OctKey.generate_key(256).as_dict(private=True), "private"),
        ({"kty": "oct"}, "no public key"),
        (RSAKey.generate_key(1024).as_dict(private=False), "not taken"),
        ({**pair().as_dict(private=False), "use": "enc"}, "not taken"),
        ({**pair().as_dict(private=False), "alg": "RS256"}, "not taken"),
        (OKPKey.generate_key("X25519").as_dict(private=False), "not taken"),
        ({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, "cannot be read"),
        ({}, "no public key"),
    ],
    ids=[
        "private",
        "symmetric",
        "empty symmetric",
        "short",
        "encrypting",
        "of another kind",
        "agreeing",
        "off",
        "none",
    ],
)
def test_only_public_keys_that_check_signatures_are_registered(
    company: Company, admin: Identity, jwk: dict[str, Any], words: str
) -> None:
    company.control.services.create(admin, DRAFT)
    with pytest.raises(InvalidInputError, match=words) as told:
        company.control.services.add_key(admin, DRAFT.name, jwk)
    assert str(jwk.get("d", "nothing secret")) not in str(told.value.problem())


def test_a_key_belongs_to_one_identity(company: Company, admin: Identity) -> None:
    services, key = company.control.services, public(pair())
    services.create(admin, DRAFT)
    services.create(admin, replace(DRAFT, name="service:other"))
    services.add_key(admin, DRAFT.name, key)
    with pytest.raises(ConflictError, match="keys of its own"):
        services.add_key(admin, "service:other", key)


@pytest.mark.req("ID4", "ID3")
def test_a_service_whose_owner_left_is_flagged_and_stops_after_two_weeks(company: Company, admin: Identity) -> None:
    from sqlalchemy import update

    from bailiwick.control.identity.tables import PersonRow, ServiceRow

    control = company.control
    control.services.create(admin, DRAFT)
    key = pair()
    control.services.add_key(admin, DRAFT.name, public(key))
    with control.store.transaction() as session:
        session.execute(update(PersonRow).where(PersonRow.email == "builder@example.com").values(active=False))
    control.services.tidy()
    control.services.tidy()
    assert company.actions().count(("service.orphaned", "service:services")) == 1
    control.exchange.for_itself(own_assertion(DRAFT.name, key, HERE), audience="api")
    with control.store.transaction() as session:
        session.execute(update(ServiceRow).values(ownerless_since=control.clock() - timedelta(days=15)))
    assert control.services.view(admin, DRAFT.name).state is State.OWNERLESS
    from bailiwick.control.identity.services import ServiceRefusedError

    with pytest.raises(ServiceRefusedError, match="nobody who answers"):
        control.exchange.for_itself(own_assertion(DRAFT.name, key, HERE), audience="api")
    control.services.change(admin, DRAFT.name, owner="user:admin@example.com", purpose=None)
    control.exchange.for_itself(own_assertion(DRAFT.name, key, HERE), audience="api")


@pytest.mark.req("ID4")
def test_the_audit_log_tells_the_life_of_an_identity_and_no_secret(company: Company, admin: Identity) -> None:
    control, key = company.control, pair()
    control.services.create(admin, DRAFT)
    control.services.add_key(admin, DRAFT.name, public(key))
    token = control.exchange.for_itself(own_assertion(DRAFT.name, key, HERE), audience="api")
    control.services.disable(admin, DRAFT.name, "over")
    with control.store.transaction() as session:
        events = search(session, AuditQuery(resource=DRAFT.name)).events
    told = [item.event.action for item in reversed(events)]
    assert told == ["service.created", "service-key.added", "token.issued", "service.disabled", "principal.revoked"]
    assert not any(token.secret in item.event.model_dump_json() for item in events)
    assert token.secret not in repr(token)


def test_somebody_new_under_an_owners_address_can_answer(company: Company, admin: Identity) -> None:
    control = company.control
    control.identity.remember_person(Claims("", "", "new@example.com", "New", ("ops",), {}))
    assert control.services.create(admin, replace(DRAFT, owner="group:ops")).state is State.ACTIVE
