"""What Microsoft Entra and Okta really send, body for body, and what must come of it."""

from typing import Any

import pytest

from bailiwick.faces.scim.habits import mend_body, mend_filter
from tests.faces.scim.conftest import ENTERPRISE, GROUP, PATCH, USER, Directory

# -- Microsoft Entra ---------------------------------------------------------------------------------------------------


@pytest.mark.req("ID3")
@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "Replace", "path": "active", "value": "False"}],
        [{"op": "Replace", "path": "active", "value": False}],
        [{"op": "replace", "value": {"active": False}}],
        [{"op": "Replace", "value": {"active": "False"}}],
        [{"op": "Add", "path": "active", "value": "false"}],
        [{"op": "Replace", "path": f"{USER}:active", "value": "False"}],
    ],
)
async def test_entra_switches_a_person_off(directory: Directory, operations: list[dict[str, object]]) -> None:
    made = await directory.user("ann@example.com")
    answer = await directory.call("PATCH", f"/Users/{made['id']}", {"schemas": [PATCH], "Operations": operations})
    assert answer.status_code in {200, 204}, answer.text
    assert (await directory.call("GET", f"/Users/{made['id']}")).json()["active"] is False
    assert directory.person("ann@example.com").active is False


@pytest.mark.req("ID3")
async def test_entra_makes_a_user(directory: Directory) -> None:
    body = {
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "Test_User_ab6490ee@example.com",
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": "Test_User_fd0ea19b@example.com"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
        "roles": [],
    }
    answer = await directory.call("POST", "/Users", body)
    assert answer.status_code == 201, answer.text
    person = directory.person("test_user_fd0ea19b@example.com")
    assert (person.name, person.active) == ("givenName familyName", True)


@pytest.mark.req("ID3")
@pytest.mark.parametrize(
    "value",
    ["{id}", {"value": "{id}"}, {"$ref": "../Users/{id}", "value": "{id}"}],
    ids=["plain", "object", "with ref"],
)
async def test_entra_sets_a_manager(directory: Directory, value: Any) -> None:
    boss, made = await directory.user("boss@example.com"), await directory.user("ann@example.com")
    whole = isinstance(value, dict)
    value = {key: item.format(id=boss["id"]) for key, item in value.items()} if whole else boss["id"]
    answer = await directory.patch(
        f"/Users/{made['id']}", {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": value}
    )
    assert answer.status_code in {200, 204}, answer.text
    read = (await directory.call("GET", f"/Users/{made['id']}")).json()
    assert read[ENTERPRISE]["manager"]["value"] == boss["id"]


@pytest.mark.req("ID3")
async def test_entra_changes_many_attributes_at_once(directory: Directory) -> None:
    made = await directory.user("ann@example.com")
    operations = [
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "updatedEmail@example.com"},
        {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+4930123456"},
        {"op": "Add", "path": 'addresses[type eq "work"].country', "value": "DE"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Sales"},
    ]
    answer = await directory.patch(f"/Users/{made['id']}", *operations)
    assert answer.status_code in {200, 204}, answer.text
    read = (await directory.call("GET", f"/Users/{made['id']}")).json()
    assert {"value": "updatedEmail@example.com", "type": "work"} in read["emails"]
    assert read["phoneNumbers"] == [{"value": "+4930123456", "type": "mobile"}]
    assert directory.person("ann@example.com").attributes == {"department": "Sales", "country": "DE"}


@pytest.mark.req("ID3")
async def test_entra_changes_a_user_with_urns_as_keys(directory: Directory) -> None:
    made = await directory.user("ann@example.com")
    value = {
        "displayName": "Ann",
        "name.givenName": "Ann",
        f"{ENTERPRISE}:department": "Sales",
        f"{ENTERPRISE}:employeeNumber": "7",
    }
    answer = await directory.patch(f"/Users/{made['id']}", {"op": "Add", "value": value})
    assert answer.status_code in {200, 204}, answer.text
    read = (await directory.call("GET", f"/Users/{made['id']}")).json()
    assert read[ENTERPRISE] == {"department": "Sales", "employeeNumber": "7"}
    assert read["name"] == {"givenName": "Ann"}


@pytest.mark.req("ID3")
async def test_entra_fills_and_empties_a_group(directory: Directory) -> None:
    ann, bob = await directory.user("ann@example.com"), await directory.user("bob@example.com")
    body = {
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "Sales",
        "meta": {"resourceType": "Group"},
    }
    made = await directory.call("POST", "/Groups", body)
    assert made.status_code == 201, made.text
    path = f"/Groups/{made.json()['id']}"

    async def members() -> set[str]:
        read = (await directory.call("GET", path)).json()
        return {item["value"] for item in read.get("members", [])}

    for value in ([{"$ref": None, "value": ann["id"]}], [bob["id"]]):
        answer = await directory.patch(path, {"op": "Add", "path": "members", "value": value})
        assert answer.status_code == 204, answer.text
    assert await members() == {ann["id"], bob["id"]}
    without = (await directory.call("GET", f"{path}?excludedAttributes=members")).json()
    assert "members" not in without
    removed = await directory.patch(path, {"op": "Remove", "path": "members", "value": [{"value": bob["id"]}]})
    assert removed.status_code == 204, removed.text
    assert await members() == {ann["id"]}
    again = await directory.patch(path, {"op": "Add", "path": "members", "value": bob["id"]})
    assert again.status_code == 204, again.text
    removed = await directory.patch(path, {"op": "Remove", "path": f'members[value eq "{ann["id"]}"]'})
    assert removed.status_code == 204, removed.text
    assert await members() == {bob["id"]}
    assert directory.person("bob@example.com").groups == ["Sales"]
    assert directory.person("ann@example.com").groups == []


@pytest.mark.req("ID3")
async def test_entra_looks_for_who_is_there(directory: Directory) -> None:
    made = await directory.user("ann@example.com", externalId="jyoung")
    group = await directory.group("Sales", made["id"])
    assert await directory.found('externalId eq "jyoung"') == ["ann@example.com"]
    assert await directory.found("userName eq ann@example.com") == ["ann@example.com"]
    asked = {"filter": f'id eq "{group["id"]}" and members eq "{made["id"]}"', "excludedAttributes": "members"}
    assert (await directory.call("GET", "/Groups", params=asked)).json()["totalResults"] == 1
    nobody = (await directory.call("GET", "/Users", params={"filter": 'userName eq "non-existent"'})).json()
    assert (nobody["totalResults"], nobody.get("Resources", [])) == (0, [])


# -- Okta --------------------------------------------------------------------------------------------------------------


@pytest.mark.req("ID3")
async def test_okta_makes_replaces_and_switches_off(directory: Directory) -> None:
    found = await directory.call(
        "GET", "/Users", params={"filter": 'userName eq "test.user@okta.local"', "startIndex": 1, "count": 100}
    )
    assert found.json()["totalResults"] == 0
    body = {
        "schemas": [USER],
        "userName": "test.user@okta.local",
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": "test.user@okta.local", "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }
    made = await directory.call("POST", "/Users", body)
    assert made.status_code == 201, made.text
    whole = {**made.json(), "name": {"givenName": "Another", "middleName": "Excited", "familyName": "User"}}
    replaced = await directory.call("PUT", f"/Users/{whole['id']}", whole)
    assert replaced.status_code == 200, replaced.text
    assert replaced.json()["name"]["middleName"] == "Excited"
    off = await directory.call("PUT", f"/Users/{whole['id']}", {**replaced.json(), "active": False})
    assert off.status_code == 200, off.text
    assert directory.person("test.user@okta.local").active is False
    on = await directory.patch(f"/Users/{whole['id']}", {"op": "replace", "value": {"active": True}})
    assert on.status_code in {200, 204}, on.text
    assert directory.person("test.user@okta.local").active is True


@pytest.mark.req("ID3")
async def test_okta_pushes_a_group(directory: Directory) -> None:
    ann, bob = await directory.user("ann@okta.local"), await directory.user("bob@okta.local")
    made = await directory.call("POST", "/Groups", {"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []})
    assert made.status_code == 201, made.text
    path = f"/Groups/{made.json()['id']}"
    rename = {"op": "replace", "value": {"id": made.json()["id"], "displayName": "Test SCIMv2 new"}}
    fill = {"op": "add", "path": "members", "value": [{"value": ann["id"], "display": "ann@okta.local"}]}
    assert (await directory.patch(path, rename)).status_code == 204
    assert (await directory.patch(path, fill)).status_code == 204
    body = {
        **(await directory.call("GET", path)).json(),
        "members": [{"value": bob["id"], "display": "bob@okta.local"}],
    }
    assert (await directory.call("PUT", path, body)).status_code == 200
    swap = [
        {"op": "remove", "path": f'members[value eq "{bob["id"]}"]'},
        {"op": "add", "path": "members", "value": [{"value": ann["id"], "display": "ann@okta.local"}]},
    ]
    assert (await directory.patch(path, *swap)).status_code == 204
    assert directory.person("ann@okta.local").groups == ["Test SCIMv2 new"]
    assert directory.person("bob@okta.local").groups == []


# -- what mending must not do ------------------------------------------------------------------------------------------


def test_what_is_right_already_is_left_alone() -> None:
    body = {"schemas": [USER], "userName": "true", "title": "False", "active": False, "emails": [{"value": "True"}]}
    assert mend_body(body) == body
    for right in ('userName eq "a b"', "active eq true", "active eq FALSE", "x eq null", "count eq 5", "title pr"):
        assert mend_filter(right) == right
    assert mend_body([1]) == [1]
    assert mend_body({"Operations": ["x", {"op": 1}, {"op": "add", "path": 5, "value": None}]}) == {
        "Operations": ["x", {"op": 1}, {"op": "add", "path": 5, "value": None}]
    }


def test_a_value_that_is_quoted_for_somebody_stays_one_value() -> None:
    assert mend_filter("userName eq a\\b") == 'userName eq "a\\\\b"'
    assert mend_filter('userName eq a" or userName pr') == 'userName eq a" or userName pr'
