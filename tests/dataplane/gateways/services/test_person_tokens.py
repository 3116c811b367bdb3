"""Calls in each person's name: with a token that the app never sees, got for whoever the app serves."""

from threading import Thread

import pytest

from bailiwick.core.artifacts import digest
from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages import PersonConsent, PersonTokenAnswer, PersonTokenRequest, ServiceConnection
from bailiwick.core.principals import Call, Identity, Principal
from tests.dataplane.gateways.services.conftest import APP, TRACE, House
from tests.fixtures.consents import Consented

pytestmark = pytest.mark.req("IN1", "IN2")
ADA_TRACE = "1af7651916cd43dd8448eb211c80319c"
AGENT_TRACE = "2af7651916cd43dd8448eb211c80319c"
ADA = Identity(Principal("user", "ada@example.com"), frozenset({"user:ada@example.com"}), epoch=3)


@pytest.fixture
def asked(house: House) -> list[PersonTokenRequest]:
    """A system that takes a token of each person; what the control plane was asked."""
    credential = PersonConsent(
        kind="person", authorization_url=f"{house.crm.url}/auth", token_url=f"{house.crm.url}/token", client="b",
        secret="crm-client",
    )  # fmt: skip
    house.connection = ServiceConnection(
        kind="http", url=f"{house.crm.url}/api", credential=credential, timeout_seconds=20
    )
    house.calls[ADA_TRACE] = Call(ADA, APP, "rel_1", ADA_TRACE)
    agent = Identity.of_service(Principal("agent", "coder")).for_person(ADA)
    house.calls[AGENT_TRACE] = Call(agent, APP, "rel_1", AGENT_TRACE)

    def give(request: PersonTokenRequest) -> PersonTokenAnswer:
        token = f"token-{len(house.asked_for)}-of-{request.person}"
        house.crm.tokens.add(token)
        return PersonTokenAnswer(consent=f"con_{request.person}", token=token, seconds=900)

    house.person_token = give
    return house.asked_for


def shown(house: House) -> list[str]:
    return [item.headers.get("authorization", "") for item in house.crm.asked]


def test_each_person_calls_as_themselves_and_is_asked_for_once(house: House, asked: list[PersonTokenRequest]) -> None:
    together = [Thread(target=house.call, args=("GET", "/contacts/17")) for _ in range(4)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert house.call("GET", "/contacts/17", trace=ADA_TRACE).status_code == 200
    assert house.call("GET", "/contacts/17", trace=AGENT_TRACE).status_code == 200  # for Ada, with what is Ada's
    assert [(item.person, item.app, item.integration) for item in asked] == [
        ("eve@example.com", APP, "crm"), ("ada@example.com", APP, "crm"),
    ]  # fmt: skip
    assert shown(house) == ["Bearer token-1-of-eve@example.com"] * 4 + ["Bearer token-2-of-ada@example.com"] * 2
    # The service repeats what it was shown: the app does not get it.
    assert "token-1" not in house.call("GET", "/echo").text
    assert "token-1" not in str([event.model_dump() for event in house.events])
    assert "token-1-of-eve@example.com" in house.gateway.credentials.tokens  # for whoever masks


def test_an_app_by_itself_has_nobodys_name(house: House, asked: list[PersonTokenRequest]) -> None:
    answer = house.call("GET", "/contacts/17", trace="")
    assert answer.status_code == 403
    assert "crm is called in a person's name" in answer.json()["title"]
    assert (asked, house.crm.asked) == ([], [])


def test_who_did_not_consent_is_told_where_they_do(house: House, asked: list[PersonTokenRequest]) -> None:
    def refuse(_: PersonTokenRequest) -> PersonTokenAnswer:
        fault = BailiwickError(
            "eve@example.com has not connected their account at crm", hint="at https://c/connections"
        )
        fault.code, fault.status = "consent.needed", 403
        raise fault

    house.person_token = refuse
    answer = house.call("GET", "/contacts/17")
    assert answer.status_code == 403
    assert answer.json()["title"] == "eve@example.com has not connected their account at crm"
    assert answer.json()["hint"] == "at https://c/connections"
    assert house.crm.asked == []


def test_a_token_that_is_not_taken_is_renewed_once(house: House, asked: list[PersonTokenRequest]) -> None:
    house.call("GET", "/contacts/17")
    house.crm.tokens.clear()
    assert house.call("POST", "/notes", json={"text": "hello"}).status_code == 201  # once, with its body
    assert asked[1].refused == digest(b"token-1-of-eve@example.com")
    assert [item.target for item in house.crm.asked[-2:]] == ["/api/notes", "/api/notes"]
    # A service that takes none is not asked for ever, nor is whoever renews.
    house.crm.tokens.clear()
    answer = house.call("GET", "/contacts/17")
    assert answer.status_code == 502
    assert "does not take the platform's credential" in answer.json()["title"]
    assert (len(asked), len(house.crm.asked)) == (2, 4)


def test_a_service_that_takes_no_token_is_asked_twice(house: House, asked: list[PersonTokenRequest]) -> None:
    house.person_token = lambda request: PersonTokenAnswer(consent="con_1", token=f"bad-{len(asked)}", seconds=900)
    assert house.call("GET", "/contacts/17").status_code == 502
    assert (len(asked), shown(house)) == (2, ["Bearer bad-1", "Bearer bad-2"])


@pytest.mark.parametrize("why", ["left", "disconnected", "off"])
def test_tokens_are_forgotten_when_what_they_rest_on_ends(
    house: House, asked: list[PersonTokenRequest], why: str
) -> None:
    house.call("GET", "/contacts/17")
    house.call("GET", "/contacts/17", trace=ADA_TRACE)
    epochs = {"user:ada@example.com": 3, "user:eve@example.com": 1 if why == "left" else 0}
    ended = frozenset({"con_eve@example.com"}) if why == "disconnected" else frozenset()
    house.loop.call_soon_threadsafe(house.gateway.credentials.keep, epochs, set() if why == "off" else {"crm"}, ended)
    house.call("GET", "/contacts/17")
    house.call("GET", "/contacts/17", trace=ADA_TRACE)
    people = ["eve@example.com"] + (["ada@example.com"] if why == "off" else [])
    assert [item.person for item in asked[2:]] == people
    # What came of a consent that had ended already serves one call at most.
    house.call("GET", "/contacts/17")
    assert len(asked) == 2 + len(people) + (why == "disconnected")


def test_from_consent_to_call_with_a_strict_server(house: House, consented: Consented) -> None:
    """The whole way: consent in the console, token from the control plane, checked by the service at its server."""
    house.connection = ServiceConnection(
        kind="http", url=f"{consented.crm.url}/api", credential=consented.credential, timeout_seconds=20
    )
    builder = Identity(Principal("user", "builder@example.com"), frozenset())
    house.calls[TRACE] = Call(builder, APP, "rel_1", TRACE)
    house.person_token = lambda request: consented.company.control.planes.consents.token("editor", request)
    assert house.call("GET", "/contacts/17").status_code == 403
    consented.connect("builder", "ada@crm.example")
    assert house.call("GET", "/contacts/17").json()["name"] == "Ada"
    # Taken back at the service in the middle of work.
    (token,) = house.gateway.credentials.tokens
    consented.server.revoke(token)
    answer = house.call("GET", "/contacts/17")
    assert answer.status_code == 403
    assert "must connect their account again" in answer.json()["title"]
    assert house.gateway.credentials.tokens == frozenset()
