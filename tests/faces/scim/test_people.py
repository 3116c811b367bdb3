"""What a directory says decides who may sign in, which roles they hold, and when everything of theirs ends."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.identity import (
    API_AUDIENCE,
    GIT_AUDIENCE,
    Claims,
    CredentialRefusedError,
    SignInRefusedError,
)
from bailiwick.control.identity.directory.problems import standing
from bailiwick.core.pkce import pkce_challenge
from bailiwick.core.principals import Principal
from tests.faces.scim.conftest import ENTERPRISE, GROUP, USER, Directory, token_for
from tests.fixtures.company import Company

ANN = "ann@example.com"


def claims(email: str, *groups: str, **attributes: str) -> Claims:
    return Claims("http://127.0.0.1:8401", email, email, "As The Provider Says", groups, attributes)


def may(company: Company, email: str, action: str = "audit.read") -> bool:
    with company.control.store.transaction() as session:
        found, _ = company.control.access.who_can(session, action, "organization:default")
    return f"user:{email}" in {item.principal for item in found}


def events(company: Company, **fields: str) -> list[tuple[str, str]]:
    with company.control.store.transaction() as session:
        found = search(session, AuditQuery(**fields)).events
    return [(item.event.action, item.event.actor) for item in reversed(found)]


@pytest.mark.req("ID3", "ID4")
async def test_groups_from_the_directory_decide_about_roles_and_claims_do_not(
    directory: Directory, company: Company
) -> None:
    made = await directory.user(ANN)
    company.control.identity.sign_in(claims(ANN, "admin"))
    assert not may(company, ANN)
    group = await directory.group("admin", made["id"])
    assert may(company, ANN)
    company.control.identity.sign_in(claims(ANN))
    assert may(company, ANN)
    await directory.patch(f"/Groups/{group['id']}", {"op": "replace", "path": "displayName", "value": "others"})
    assert not may(company, ANN)
    await directory.patch(f"/Groups/{group['id']}", {"op": "replace", "path": "displayName", "value": "admin"})
    assert may(company, ANN)
    assert (await directory.call("DELETE", f"/Groups/{group['id']}")).status_code == 204
    assert not may(company, ANN)
    assert events(company, resource="group:admin") == [
        ("group.created", "service:directory/entra"),
        ("group.changed", "service:directory/entra"),
        ("group.removed", "service:directory/entra"),
    ]


@pytest.mark.req("ID3")
async def test_groups_in_groups_count_and_a_circle_of_groups_ends(directory: Directory, company: Company) -> None:
    made = await directory.user(ANN)
    inner = await directory.group("inner", made["id"])
    middle = await directory.group("middle", inner["id"])
    outer = await directory.group("admin", middle["id"])
    assert sorted(directory.person(ANN).groups) == ["admin", "inner", "middle"]
    circle = {"op": "add", "path": "members", "value": [{"value": outer["id"]}, {"value": inner["id"]}]}
    assert (await directory.patch(f"/Groups/{inner['id']}", circle)).status_code == 204
    assert sorted(directory.person(ANN).groups) == ["admin", "inner", "middle"]
    assert may(company, ANN)
    assert (await directory.call("DELETE", f"/Groups/{middle['id']}")).status_code == 204
    assert directory.person(ANN).groups == ["inner"]
    assert not may(company, ANN)


@pytest.mark.req("ID3")
@pytest.mark.parametrize("how", ["deactivate", "replace", "delete", "other address"])
async def test_whoever_leaves_loses_every_credential_at_once(directory: Directory, company: Company, how: str) -> None:
    identity = company.control.identity
    made = await directory.user(ANN)
    session = identity.sign_in(claims(ANN))
    signed_in = identity.authenticate_session(session.secret)
    tokens = {
        audience: identity.issue_token(
            signed_in.identity, audience=audience, lifetime=timedelta(minutes=5), purpose="test"
        ).secret
        for audience in (API_AUDIENCE, GIT_AUDIENCE)
    }
    code = identity.issue_code(signed_in, audience="app:preview/a/b", challenge=pkce_challenge("v" * 43))
    path = f"/Users/{made['id']}"
    match how:
        case "deactivate":
            await directory.patch(path, {"op": "replace", "path": "active", "value": False})
        case "replace":
            await directory.call("PUT", path, {"schemas": [USER], "userName": ANN, "active": False})
        case "delete":
            await directory.call("DELETE", path)
        case _:
            await directory.call("PUT", path, {"schemas": [USER], "userName": "bea@example.com"})
    with pytest.raises(CredentialRefusedError):
        identity.authenticate_session(session.secret)
    for audience, secret in tokens.items():
        with pytest.raises(CredentialRefusedError):
            identity.authenticate_token(secret, audience=audience)
    with pytest.raises(CredentialRefusedError):
        identity.redeem_code(code, audience="app:preview/a/b", verifier="v" * 43)
    with pytest.raises(SignInRefusedError):
        identity.sign_in(claims(ANN, "admin"))
    with company.control.store.transaction() as database:
        assert identity.epochs(database)[f"user:{ANN}"] == 1
    told = [action for action, _ in events(company, resource=f"user:{ANN}")]
    assert told[-2:] == [
        "person.deactivated" if how in {"deactivate", "replace"} else "person.removed",
        "principal.revoked",
    ]


@pytest.mark.req("ID3")
async def test_whoever_comes_back_signs_in_anew_and_old_credentials_stay_dead(
    directory: Directory, company: Company
) -> None:
    made = await directory.user(ANN)
    old = company.control.identity.sign_in(claims(ANN))
    for active in (False, True):
        await directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": active})
    with pytest.raises(CredentialRefusedError):
        company.control.identity.authenticate_session(old.secret)
    company.control.identity.authenticate_session(company.control.identity.sign_in(claims(ANN)).secret)
    assert (await directory.call("DELETE", f"/Users/{made['id']}")).status_code == 204
    await directory.user(ANN)
    company.control.identity.sign_in(claims(ANN))


@pytest.mark.req("ID3")
async def test_what_a_pass_says_of_somebody_ends_with_it_and_what_is_gained_ends_nothing(
    directory: Directory, company: Company
) -> None:
    made = await directory.user(ANN, **{ENTERPRISE: {"department": "Sales"}})
    path = f"/Users/{made['id']}"
    group, other = await directory.group("admin", made["id"]), await directory.group("without-a-role", made["id"])
    await directory.patch(path, {"op": "add", "path": "title", "value": "Head"})
    await directory.patch(path, {"op": "replace", "path": "nickName", "value": "Annie"})
    out = {"op": "remove", "path": f'members[value eq "{made["id"]}"]'}
    await directory.patch(f"/Groups/{other['id']}", out)
    assert directory.person(ANN).epoch == 0
    await directory.patch(path, {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Support"})
    assert (directory.person(ANN).epoch, directory.person(ANN).attributes["department"]) == (1, "Support")
    await directory.patch(f"/Groups/{group['id']}", out)
    assert directory.person(ANN).epoch == 2
    signed_in = company.control.identity.sign_in(claims(ANN, region="EMEA", department="as claimed"))
    known = company.control.identity.authenticate_session(signed_in.secret).identity
    assert known.attributes == {"region": "EMEA", "department": "Support", "title": "Head"}


@pytest.mark.req("ID3")
async def test_somebody_who_signed_in_before_is_the_same_person(directory: Directory, company: Company) -> None:
    await directory.user("builder@example.com", displayName="Bea Builder")
    person = directory.person("builder@example.com")
    assert (person.name, person.groups, person.attributes) == ("Bea Builder", [], {"region": "EMEA"})
    assert person.epoch == 1  # the provider's claims gave a group with a role, the directory does not


@pytest.mark.req("ID3")
async def test_a_directory_s_token_dies_with_whoever_made_it(directory: Directory, company: Company) -> None:
    made = await directory.user("admin@example.com")
    assert (await directory.call("GET", "/Users")).status_code == 200
    await directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})
    assert (await directory.call("GET", "/Users")).status_code == 401


@pytest.mark.req("ID3")
async def test_a_revocation_by_hand_takes_the_same_way(directory: Directory, company: Company) -> None:
    identity = company.control.identity
    for who in ("builder", "admin"):
        identity.revoke_principal(company.people["admin"], f"user:{who}@example.com", "lost a laptop")
        assert directory.person(f"{who}@example.com").epoch == 1
    assert (await directory.call("GET", "/Users")).status_code == 401


@pytest.mark.req("ID3")
async def test_what_leavers_own_is_flagged_for_somebody_else(
    directory: Directory, http: httpx2.AsyncClient, company: Company
) -> None:
    push = company.push("builder")
    assert push.accepted, push.lines
    company.control.deploys.request(company.people["builder"], "finance/desk", "")
    made = await directory.user("builder@example.com")
    token = company.control.identity.issue_token(
        company.people["admin"], audience=API_AUDIENCE, lifetime=timedelta(minutes=5), purpose="test"
    )
    headers = {"Authorization": f"Bearer {token.secret}"}

    async def flagged() -> tuple[list[str], list[bool]]:
        apps = (await http.get("/api/v1/apps", params={"ownerless": "true"}, headers=headers)).json()["apps"]
        deploys = (await http.get("/api/v1/deploys", headers=headers)).json()["deploys"]
        return [item["path"] for item in apps], [item["ownerless"] for item in deploys]

    assert await flagged() == ([], [False])
    await directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})
    assert await flagged() == (["finance/desk"], [True])
    every = (await http.get("/api/v1/apps", headers=headers)).json()["apps"]
    assert [item["ownerless"] for item in every] == [True]
    give = {"person": "Second@example.com"}
    given = await http.post("/api/v1/app-owner/finance/desk", json=give, headers=headers)
    assert (given.status_code, given.json()["owner"]) == (200, "user:second@example.com")
    assert await flagged() == ([], [True])


@pytest.mark.req("ID3", "OB2")
async def test_a_change_that_fails_leaves_neither_rows_nor_events(directory: Directory, company: Company) -> None:
    made = await directory.user(ANN)
    group = await directory.group("admin", made["id"])
    before = len(events(company))
    for answer in (
        await directory.patch(
            f"/Groups/{group['id']}",
            {"op": "replace", "path": "displayName", "value": "renamed"},
            {"op": "add", "path": "members", "value": [{"value": "user_nobody"}]},
        ),
        await directory.call("POST", "/Groups", {"schemas": [GROUP], "displayName": "x", "members": [{"value": "y"}]}),
        await directory.call("POST", "/Users", {"schemas": [USER], "userName": ANN}),
    ):
        assert answer.status_code in {400, 409}, answer.text
    assert len(events(company)) == before
    assert await directory.found("displayName pr", "Groups") == ["admin"]
    assert directory.person(ANN).groups == ["admin"]


@pytest.mark.req("ID3")
async def test_a_name_that_nobody_signs_in_with_is_no_person(directory: Directory, company: Company) -> None:
    for body in ({"userName": "svc-backup"}, {"userName": "a b@example.com"}, {"userName": "group:admin@x"}):
        answer = await directory.call("POST", "/Users", {"schemas": [USER], **body})
        assert answer.status_code == 201, answer.text
        assert directory.person(body["userName"]) is None


def test_policy_says_no_to_services_without_a_token_and_to_people(company: Company) -> None:
    from bailiwick.core.principals import Identity

    control = company.control
    who: list[tuple[Any, bool]] = [
        (Identity.of_service(Principal("service", "directory/x")), False),
        (company.people["admin"], True),
    ]
    with control.store.transaction() as session:
        for identity, holds in who:
            asked = {"holds_token": holds}
            assert not control.authorizer.decide(
                session, identity, "directory.sync", "organization:default", asked
            ).allowed


@pytest.mark.req("ID3", "OB2")
async def test_a_person_of_two_directories_stays_with_the_first_and_the_claim_is_shown_once(
    directory: Directory, http: httpx2.AsyncClient, company: Company
) -> None:
    await directory.user(ANN)
    other = Directory(company, http, token_for(company, "okta"))
    for _ in range(3):
        body = {"schemas": [USER], "userName": "ann2", "emails": [{"value": ANN}]}
        assert (await other.call("POST", "/Users", body)).status_code == 409
    told = [item for item in events(company) if item[0] == "directory.entry-refused"]
    assert len(told) == 1
    with company.control.store.transaction() as session:
        kept = standing(session, "okta")
    assert [item.words for item in kept] == ["'ann2' is claimed by the directory 'entra' already, which keeps it"]
    found = (await directory.call("GET", "/Users")).json()["Resources"]
    assert (await directory.call("DELETE", f"/Users/{found[0]['id']}")).status_code == 204
    await other.user("ann2", emails=[{"value": ANN}])
    with company.control.store.transaction() as session:
        assert standing(session, "okta") == []
    assert directory.person(ANN).active
