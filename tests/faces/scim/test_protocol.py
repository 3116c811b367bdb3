"""SCIM at its door: resources, filters, paging, ETags, errors, and what is refused (RFC 7643 and 7644)."""

import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.identity import API_AUDIENCE
from tests.faces.scim.conftest import ENTERPRISE, GROUP, USER, Directory, token_for
from tests.fixtures.company import Company


@pytest.mark.req("ID3")
async def test_it_says_what_it_is(directory: Directory) -> None:
    config = (await directory.call("GET", "/ServiceProviderConfig")).json()
    assert all(config[feature]["supported"] for feature in ("patch", "bulk", "filter", "sort", "etag"))
    types = (await directory.call("GET", "/ResourceTypes")).json()["Resources"]
    assert {item["name"]: item["endpoint"] for item in types} == {"User": "/Users", "Group": "/Groups"}
    schemas = (await directory.call("GET", "/Schemas")).json()["Resources"]
    assert {item["id"] for item in schemas} == {USER, GROUP, ENTERPRISE}


@pytest.mark.req("ID3")
async def test_a_user_is_made_read_replaced_and_deleted(directory: Directory) -> None:
    made = await directory.user("Ann@Example.com", displayName="Ann", **{ENTERPRISE: {"department": "Sales"}})
    path = f"/Users/{made['id']}"
    read = await directory.call("GET", path)
    assert read.headers["content-type"] == "application/scim+json"
    assert read.json() == made
    assert made["meta"]["location"] == f"http://127.0.0.1:8400/scim/v2{path}"
    replaced = await directory.call("PUT", path, {"schemas": [USER], "userName": "ann@example.com", "title": "Head"})
    assert replaced.status_code == 200
    assert replaced.json()["title"] == "Head"
    assert ENTERPRISE not in replaced.json()
    assert (await directory.call("DELETE", path)).status_code == 204
    assert (await directory.call("GET", path)).status_code == 404
    assert (await directory.call("DELETE", path)).status_code == 404


@pytest.mark.req("ID3")
async def test_what_was_changed_meanwhile_is_not_overwritten(directory: Directory) -> None:
    made = await directory.user("ann@example.com")
    path, first = f"/Users/{made['id']}", made["meta"]["version"]
    assert (await directory.call("GET", path, headers={"If-None-Match": first})).status_code == 304
    rename = {"op": "replace", "path": "title", "value": "Head"}
    changed = await directory.patch(path, rename, headers={"If-Match": first})
    assert changed.status_code == 204
    assert changed.headers["etag"] != first
    for late in (
        await directory.patch(path, {**rename, "value": "Boss"}, headers={"If-Match": first}),
        await directory.call("PUT", path, {"schemas": [USER], "userName": "x"}, headers={"If-Match": first}),
        await directory.call("DELETE", path, headers={"If-Match": first}),
    ):
        assert late.status_code == 412
    assert (await directory.call("GET", path)).json()["title"] == "Head"


@pytest.mark.req("ID3")
async def test_a_patch_that_changes_nothing_keeps_the_version(directory: Directory) -> None:
    made = await directory.user("ann@example.com", title="Head")
    same = await directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "title", "value": "Head"})
    assert same.headers["etag"] == made["meta"]["version"]


@pytest.mark.req("ID3")
async def test_pages_sorting_and_chosen_attributes(directory: Directory) -> None:
    for name in "cab":
        await directory.user(f"{name}@example.com", title=name.upper())
    page = (
        await directory.call(
            "GET", "/Users", params={"sortBy": "userName", "startIndex": 2, "count": 1, "attributes": "title"}
        )
    ).json()
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (3, 2, 1)
    (only,) = page["Resources"]
    assert only["title"] == "B"
    assert "emails" not in only
    past = (await directory.call("GET", "/Users", params={"startIndex": 50})).json()
    assert (past["totalResults"], past["itemsPerPage"]) == (3, 0)
    none = (await directory.call("GET", "/Users", params={"count": 0})).json()
    assert (none["totalResults"], none.get("Resources", [])) == (3, [])
    without = (await directory.call("GET", "/Users", params={"excludedAttributes": "emails,title"})).json()
    assert all("emails" not in item and "title" not in item for item in without["Resources"])


@pytest.mark.req("ID3")
async def test_filters_on_people_and_memberships(directory: Directory) -> None:
    ann = await directory.user("ann@example.com", externalId="A-1", **{ENTERPRISE: {"department": "Sales"}})
    bob = await directory.user("bob@example.com", externalId="a-1", active=False)
    await directory.group("Sales", ann["id"])
    await directory.group("Everyone", ann["id"], bob["id"])
    assert await directory.found('userName eq "ANN@example.com"') == ["ann@example.com"]
    assert await directory.found('externalId eq "a-1"') == ["bob@example.com"]
    assert await directory.found(f'{ENTERPRISE}:department sw "sal" and active eq true') == ["ann@example.com"]
    assert await directory.found('not (emails[value ew "ann@example.com"])') == ["bob@example.com"]
    assert await directory.found(f'members[value eq "{bob["id"]}"]', "Groups") == ["Everyone"]
    assert await directory.found(f'members eq "{ann["id"]}" and displayName co "sal"', "Groups") == ["Sales"]
    assert await directory.found('groups.display eq "sales"') == ["ann@example.com"]
    both = (await directory.call("GET", "", params={"filter": 'displayName eq "sales" or userName sw "bob"'})).json()
    assert both["totalResults"] == 2


@pytest.mark.req("ID3")
@pytest.mark.parametrize(
    "hostile",
    [
        "userName eq \"x' OR '1'='1\"",
        'userName eq "\\"; DROP TABLE people; --"',
        'userName co "%"',
        'userName sw "_"',
        'title eq "$.** ? (true)"',
    ],
)
async def test_a_filter_that_tries_to_be_sql_is_a_value_that_nobody_has(directory: Directory, hostile: str) -> None:
    await directory.user("ann@example.com")
    assert await directory.found(hostile) == []
    assert await directory.found("userName pr") == ["ann@example.com"]


@pytest.mark.req("ID3")
@pytest.mark.parametrize(
    "bad",
    [
        "userName eq",
        'userName like "x"',
        'nothing eq "x"',
        "userName[",
        "(" * 3000 + "userName pr" + ")" * 3000,
        "not (" * 40 + "userName pr" + ")" * 40,
        " or ".join(["userName pr"] * 400),
        'userName eq "a\\u0000b"',
        'meta.created gt "yesterday"',
        "active gt true",
    ],
)
async def test_a_filter_that_cannot_be_is_an_error_of_whoever_sent_it(directory: Directory, bad: str) -> None:
    answer = await directory.call("POST", "/Users/.search", {"filter": bad})
    assert answer.status_code == 400, answer.text
    assert answer.json()["scimType"] == "invalidFilter", answer.text
    assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


@pytest.mark.req("ID3")
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"schemas":["x"],"userName":{"a":1}}',
        b'{"userName":"nul \\u0000 inside"}',
        b'{"userName":"surrogate \\ud800"}',
        b'{"userName":NaN}',
        b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]}',
        b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a","emails":"x"}',
    ],
)
async def test_a_body_that_cannot_be_is_an_error_of_whoever_sent_it(directory: Directory, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {directory.secret}", "Content-Type": "application/scim+json"}
    answer = await directory.http.post("/scim/v2/Users", content=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.json()["scimType"] in {"invalidSyntax", "invalidValue"}
    assert await directory.found("userName pr") == []


@pytest.mark.req("ID3")
async def test_a_body_that_is_too_large_is_refused_and_none_of_it_kept(directory: Directory) -> None:
    answer = await directory.call("POST", "/Users", {"schemas": [USER], "userName": "x" * (9 * 2**20)})
    assert answer.status_code == 413
    assert "8388608 bytes" in answer.json()["detail"]


@pytest.mark.req("ID3", "ID1")
async def test_only_the_token_of_a_directory_opens_the_door(directory: Directory, company: Company) -> None:
    control = company.control
    api = control.identity.issue_token(
        company.people["admin"], audience=API_AUDIENCE, lifetime=timedelta(minutes=5), purpose="test"
    )
    wrong: list[dict[str, str]] = [
        {},
        {"Authorization": f"Bearer {api.secret}"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {directory.secret}"},
        {"Authorization": f"Bearer {directory.secret[:-1]}"},
    ]
    for headers in wrong:
        for path in ("/Users", "/ServiceProviderConfig", "/nowhere"):
            answer = await directory.http.get(f"/scim/v2{path}", headers=headers)
            assert answer.status_code == 401, (headers, path)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.json()["status"] == "401"
    used_elsewhere = await directory.http.get("/api/v1/me", headers={"Authorization": f"Bearer {directory.secret}"})
    assert used_elsewhere.status_code == 401


@pytest.mark.req("ID3", "OB2")
async def test_tokens_are_given_by_administrators_for_a_time_and_audited(
    http: httpx2.AsyncClient, company: Company
) -> None:
    from bailiwick.core.errors import ForbiddenError, InvalidInputError

    service, admin = company.control.directory, company.people["admin"]
    with pytest.raises(ForbiddenError) as told:
        service.issue_token(company.people["builder"], "okta", days=1, purpose="")
    assert told.value.deciders == ("default-deny",)
    for bad in (("okta", 0), ("okta", 367), ("../okta", 5), ("", 5)):
        with pytest.raises(InvalidInputError):
            service.issue_token(admin, bad[0], days=bad[1], purpose="")
    made = service.issue_token(admin, "okta", days=1, purpose="people of Okta")
    assert made.secret not in repr(made)
    client = Directory(company, http, made.secret)
    assert (await client.call("GET", "/Users")).status_code == 200
    with company.control.store.transaction() as session:
        rows = json.dumps([dict(row) for row in session.execute(_ALL_TOKENS).mappings()], default=str)
    assert made.secret not in rows
    service.revoke_token(admin, made.token.id)
    assert (await client.call("GET", "/Users")).status_code == 401
    with company.control.store.transaction() as session:
        events = search(session, AuditQuery(resource="directory:okta")).events
    assert [item.event.action for item in events] == ["directory-token.revoked", "directory-token.issued"]
    assert made.secret not in repr(events)


async def test_a_token_ends_with_its_date(directory: Directory, company: Company) -> None:
    with company.control.store.transaction() as session:
        session.execute(_EXPIRE)
    assert (await directory.call("GET", "/Users")).status_code == 401


@pytest.mark.req("ID3")
async def test_a_token_that_is_withdrawn_during_a_request_changes_nothing(
    directory: Directory, company: Company
) -> None:
    from bailiwick.core.errors import ForbiddenError

    service = company.control.directory
    client = service.authenticate(directory.secret)
    for token in service.tokens(company.people["admin"]):
        service.revoke_token(company.people["admin"], token.id)
    with pytest.raises(ForbiddenError), service.entered(client, writing=True):
        pytest.fail("a withdrawn token was let in")


@pytest.mark.req("ID3")
async def test_two_directories_that_claim_one_person_are_told_so(
    directory: Directory, http: httpx2.AsyncClient, company: Company
) -> None:
    ann = await directory.user("ann@example.com")
    await directory.group("Sales", ann["id"])
    other = Directory(company, http, token_for(company, "okta"))
    body: dict[str, Any] = {"schemas": [USER], "userName": "other", "emails": [{"value": "Ann@Example.com"}]}
    for claim in (body, {"schemas": [USER], "userName": "ANN@example.com"}):
        answer = await other.call("POST", "/Users", claim)
        assert answer.status_code == 409
        assert answer.json()["scimType"] == "uniqueness"
        assert "another directory" in answer.json()["detail"]
    assert (await other.call("POST", "/Groups", {"schemas": [GROUP], "displayName": "SALES"})).status_code == 409
    path = f"/Users/{ann['id']}"
    assert await other.found("userName pr") == []
    assert (await other.call("GET", path)).status_code == 404
    assert (await other.call("DELETE", path)).status_code == 404
    assert (await other.patch(path, {"op": "replace", "path": "active", "value": False})).status_code == 404
    joined = await other.call(
        "POST", "/Groups", {"schemas": [GROUP], "displayName": "x", "members": [{"value": ann["id"]}]}
    )
    assert joined.status_code == 400
    assert directory.person("ann@example.com").active


@pytest.mark.req("ID3")
async def test_a_password_is_neither_kept_nor_shown(directory: Directory, company: Company) -> None:
    made = await directory.user("ann@example.com", password="correct horse")
    assert "password" not in made
    with company.control.store.transaction() as session:
        assert "correct horse" not in repr(session.execute(_ALL_RESOURCES).all())


@pytest.mark.req("ID3")
async def test_bulk_does_each_operation_for_itself(directory: Directory) -> None:
    await directory.user("taken@example.com")
    operations = [
        {
            "method": "POST",
            "path": "/Users",
            "bulkId": name,
            "data": {"schemas": [USER], "userName": f"{name}@example.com"},
        }
        for name in ("one", "taken")
    ] + [
        {
            "method": "POST",
            "path": "/Groups",
            "bulkId": "three",
            "data": {"schemas": [GROUP], "displayName": "Bulk", "members": [{"value": "bulkId:one"}]},
        },
    ]
    schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    answer = await directory.call("POST", "/Bulk", {"schemas": [schema], "Operations": operations})
    assert answer.status_code == 200, answer.text
    assert [str(item["status"]) for item in answer.json()["Operations"]] == ["201", "409", "201"]
    assert await directory.found('groups.display eq "bulk"') == ["one@example.com"]


def _sql(words: str) -> Any:
    from sqlalchemy import text

    return text(words)


_ALL_TOKENS = _sql("SELECT * FROM directory_tokens")
_ALL_RESOURCES = _sql("SELECT * FROM directory_resources")
_EXPIRE = _sql("UPDATE directory_tokens SET expires = now() - interval '1 second'")
