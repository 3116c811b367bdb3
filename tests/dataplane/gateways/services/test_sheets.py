"""Google Sheets through the gateway: one range of one spreadsheet, by a service account and in each person's name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest

from bailiwick.control.integrations import Connectors
from bailiwick.control.integrations.connectors import Made
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.grants import DataGrant, RequestGrant
from bailiwick.core.messages import PersonConsent, PersonTokenAnswer, ServiceConnection
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.services import ServiceListener
from tests.fixtures.google import ACCOUNT, KEY_ID, account_key
from tests.fixtures.service_gateway import APP, World, served
from tests.fixtures.sheets import READ, SPREADSHEET, WRITE, Sheets, sheets

pytestmark = pytest.mark.req("IN1", "IN2", "IN9")
VALUES = f"/spreadsheets/{SPREADSHEET}/values"
ROBOT = {"kind": "jwt-bearer", "issuer": ACCOUNT, "key_id": KEY_ID, "secret": "robot-key"}
PERSON = {"kind": "person", "client": "bailiwick", "secret": "google-client"}


def made(credential: dict[str, Any], *access: str, cells: str = "Orders!A:C") -> Any:
    """Return the integration that the connector makes."""
    document = {
        "connector": "google-sheets", "owner": "group:it", "access": access, "values": {
            "spreadsheet": SPREADSHEET, "cells": cells,
        }, "connections": {"production": {"credential": credential}},
    }  # fmt: skip
    return Connectors().integration("sheets", Made.model_validate(document))


@contextmanager
def opened(server: Sheets, credential: dict[str, Any], *access: str) -> Iterator[World]:
    integration = made(credential, *access)
    world = World({"robot-key": account_key()})
    place = integration.connections["production"]
    assert isinstance(place, ServiceConnection)
    at_home = place.credential.model_copy(update={"token_url": f"{server.url}/token"})
    world.connection = place.model_copy(update={"url": f"{server.url}/v4", "credential": at_home})
    requests = [offer for offers in integration.offers.values() for offer in offers if isinstance(offer, RequestGrant)]
    grant = DataGrant(integration="sheets", tables=(), requests=tuple(requests))
    binding = Binding(
        app=APP, release="rel_1", tenant="default", plane="production", resource="sheets", roles={}, grant=grant,
        name="orders",
    )  # fmt: skip
    with served(world, binding, ServiceListener):
        yield world


@pytest.fixture
def server() -> Iterator[Sheets]:
    with sheets() as started:
        yield started


def test_a_service_account_reads_and_writes_the_range_with_the_scopes_of_the_accesses(server: Sheets) -> None:
    with opened(server, ROBOT, "cells:read", "cells:write") as world:
        read = world.call("GET", f"{VALUES}/Orders!A2:C3")
        several = world.call("GET", f"{VALUES}:batchGet?ranges=Orders!A1:B1&ranges=Orders!C:C")
        body = {"range": "Orders!B2:C2", "values": [["plum", "=1"]]}
        written = world.call("PUT", f"{VALUES}/Orders!B2:C2?valueInputOption=RAW", json=body)
        titles = world.call("GET", f"/spreadsheets/{SPREADSHEET}?fields=sheets.properties")
    assert read.json()["values"] == [["1", "pear", ""], ["2", "plum", "late"]]
    assert several.json()["valueRanges"][0]["values"] == [["id", "item"]]
    assert written.json()["updatedRows"] == 1
    assert titles.status_code == 200
    assert server.sheets["Orders"][1] == ["1", "plum", "=1", "4111"]
    assert {token.scopes for token in server.tokens.values()} == {frozenset({READ, WRITE})}
    assert {token.account for token in server.tokens.values()} == {ACCOUNT}


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", f"{VALUES}/Orders!A2:D3", None),
        ("GET", f"{VALUES}/Orders", None),
        ("GET", f"{VALUES}/Salaries!A:B", None),
        ("GET", f"{VALUES}/orders!A:C", None),
        ("GET", f"{VALUES}/Orders!1:5", None),
        ("GET", f"{VALUES}/Orders!R1C1:R2C9", None),
        ("GET", f"{VALUES}/A1:C3", None),
        ("GET", f"{VALUES}/{quote('Orders!A:C,Salaries!A:B', safe='')}", None),
        ("GET", f"{VALUES}/Orders!A%3AC%2F..", None),
        ("GET", f"{VALUES}:batchGet?ranges=Orders!A:C&ranges=Salaries!A:B", None),
        ("GET", f"{VALUES}:batchGet", None),
        ("GET", "/spreadsheets/another/values/Orders!A:C", None),
        ("GET", f"/spreadsheets/{SPREADSHEET}", None),
        ("GET", f"/spreadsheets/{SPREADSHEET}?fields=sheets.data", None),
        ("GET", f"/spreadsheets/{SPREADSHEET}?fields=sheets.properties&fields=sheets.data", None),
        ("GET", f"/spreadsheets/{SPREADSHEET}?fields=sheets.properties&includeGridData=true", None),
        ("PUT", f"{VALUES}/Orders!A2:D2?valueInputOption=RAW", {"values": [["x"]]}),
        ("PUT", f"{VALUES}/Orders!A2:B2?valueInputOption=USER_ENTERED", {"values": [["=Salaries!B1"]]}),
        ("PUT", f"{VALUES}/Orders!A2:B2", {"values": [["x"]]}),
        ("PUT", f"{VALUES}/Orders!A2:B2?valueInputOption=RAW", {"range": "Salaries!A:B", "values": [["x"]]}),
        ("POST", f"{VALUES}/Orders!A:C:append?valueInputOption=RAW", {"values": [["x"]]}),
        ("POST", f"{VALUES}/Orders!A:C:clear", {}),
        ("POST", f"/spreadsheets/{SPREADSHEET}:batchUpdate", {"requests": []}),
    ],
)
def test_nothing_outside_of_the_range_is_reached(
    shared: tuple[World, Sheets], method: str, target: str, body: Any
) -> None:
    world, server = shared
    before, calls = str(server.sheets), len(server.calls)
    answer = world.call(method, target, **({"json": body} if body is not None else {}))
    assert (answer.status_code, answer.headers["x-bailiwick-answer"]) in {(403, "own"), (400, "own")}
    assert (str(server.sheets), len(server.calls)) == (before, calls)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[World, Sheets]]:
    with sheets() as server, opened(server, ROBOT, "cells:read", "cells:write") as world:
        yield world, server


def test_who_reads_only_has_a_token_that_reads_only(server: Sheets) -> None:
    with opened(server, ROBOT, "cells:read") as world:
        assert world.call("GET", f"{VALUES}/Orders!A:C").status_code == 200
        assert world.call("PUT", f"{VALUES}/Orders!A1:C1?valueInputOption=RAW", json={"values": []}).status_code == 403
    assert {token.scopes for token in server.tokens.values()} == {frozenset({READ})}


def test_each_person_reads_what_is_shared_with_them(server: Sheets) -> None:
    with opened(server, PERSON, "cells:read") as world:
        token = server.token(READ, account="eve@example.com")
        world.person_token = lambda _: PersonTokenAnswer(token=token, seconds=3600, consent="con_1")
        read = world.call("GET", f"{VALUES}/Orders!A1:B1")
        server.readers.discard("eve@example.com")
        refused = world.call("GET", f"{VALUES}/Orders!A1:B1")
        nobody = world.call("GET", f"{VALUES}/Orders!A1:B1", trace="")
    assert (read.json()["values"], refused.status_code) == ([["id", "item"]], 403)
    assert (nobody.status_code, nobody.headers["x-bailiwick-answer"]) == (403, "own")
    assert {asked.person for asked in world.asked_for} == {"eve@example.com"}


def test_people_consent_to_the_scopes_of_the_accesses_and_google_is_asked_for_what_renews() -> None:
    place = made(PERSON, "cells:read").connections["production"]
    assert isinstance(place.credential, PersonConsent)
    assert place.credential.scopes == (READ,)
    assert place.credential.parameters == {"access_type": "offline", "prompt": "consent"}


def test_another_key_gets_no_token(server: Sheets) -> None:
    with opened(server, ROBOT | {"key_id": "other"}, "cells:read") as world:
        assert world.call("GET", f"{VALUES}/Orders!A1:B1").status_code == 503
    assert server.refusals == ["another key"]


@pytest.mark.parametrize(
    "cells", ["Orders", "A:D", "Orders!", "Orders!1:5", "Orders!A", "*", "Orders!A:D,Salaries!A:B"]
)
def test_a_range_that_says_no_columns_of_one_sheet_is_not_registered(cells: str) -> None:
    with pytest.raises(InvalidInputError):
        made(ROBOT, "cells:read", cells=cells)
