"""HTTP services from inside a sandbox: by the name in the manifest, without a credential, for whom the app serves."""

import json
from collections.abc import Iterator

import pytest

from bailiwick.core.grants import DataGrant, FieldMask, RequestGrant
from bailiwick.core.messages import (
    AwsSignature,
    BearerToken,
    IntegrationLimits,
    IntegrationState,
    KillOrder,
    ServiceConnection,
)
from bailiwick.core.stops import StopScope
from bailiwick.dataplane.gateways.services import buckets_of
from tests.fixtures.crm import KEY, Crm, crm
from tests.fixtures.plane import PlaneHouse

pytestmark = pytest.mark.req("IN1", "IN3", "IN9")
ASKS = """
import json, os, urllib.error, urllib.request

def answer(path):
    if path == "/environment":
        return dict(os.environ)
    try:
        with urllib.request.urlopen(os.environ["CONTACTS_URL"] + path, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as fault:
        return json.load(fault)

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    said = json.dumps(answer(scope["path"])).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said})
"""


@pytest.fixture
def system() -> Iterator[Crm]:
    with crm() as made:
        yield made


async def test_an_app_calls_a_service_for_the_person_it_serves_until_it_is_switched_off(
    house: PlaneHouse, system: Crm
) -> None:
    house.tell_secret("crm-key", KEY)
    request = RequestGrant(methods=frozenset({"GET"}), path="/contacts/{id}", fields=(FieldMask(path="ssn"),))
    contacts = IntegrationState(
        name="contacts",
        resource="crm",
        connection=ServiceConnection(
            kind="http", url=f"{system.url}/api", credential=BearerToken(kind="bearer", secret="crm-key")
        ),
        grant=DataGrant(integration="crm", tables=(), requests=(request,)),
        roles={},
    )
    state = house.release({"app.py": ASKS}, integrations=(contacts,))
    await house.until_running(state)
    contact = json.loads((await house.get("/contacts/17")).text)
    assert (contact["name"], contact["ssn"]) == ("Ada", None)
    told = await house.until_event("service.called")
    assert (told.actor, told.resource, told.app) == ("user:user@example.com", "integration:crm", "finance/desk")
    environment = (await house.get("/environment")).text
    assert json.loads(environment)["CONTACTS_URL"] == "http://contacts.internal"
    assert KEY not in environment + str([event.model_dump() for event in house.events("service.called")])
    assert KEY not in house.plane.masker().mask(f"the key is {KEY}")
    refused = json.loads((await house.get("/contacts")).text)
    assert "no access opens /contacts" in refused["title"]
    await house.plane._take(KillOrder(scope=StopScope.parse("integration:crm"), because="it leaks"))
    stopped = json.loads((await house.get("/contacts/17")).text)
    assert "crm is stopped: it leaks" in stopped["title"]
    # Where it is changes for what runs, without another release.
    moved = contacts.model_copy(update={"connection": ServiceConnection(kind="http", url="http://127.0.0.1:1/api")})
    await house.serve(state.model_copy(update={"integrations": (moved,)}))
    assert "is not reached" in json.loads((await house.get("/contacts/17")).text)["title"]
    assert [asked.target for asked in system.asked] == ["/api/contacts/17"]
    # What it may be asked changes for what runs, and a refusal says who switched it off.
    few = IntegrationLimits.model_validate({"person": {"rate": "1/hour"}, "wait_seconds": 0})
    limited = contacts.model_copy(update={"limits": few})
    await house.serve(state.model_copy(update={"integrations": (limited,)}))
    assert json.loads((await house.get("/contacts/17")).text)["name"] == "Ada"
    over = json.loads((await house.get("/contacts/17")).text)
    assert (over["status"], "user@example.com's rate of 1/h is used up" in over["title"]) == (429, True)
    house.plane._gates.tell()
    audited = await house.until_event("calls.limited")
    assert (audited.resource, audited.context["refused.rate"]) == ("integration:crm", 1)
    off = contacts.model_copy(update={"enabled": False, "off": "user:it@example.com: a leak"})
    await house.serve(state.model_copy(update={"integrations": (off,)}))
    closed = json.loads((await house.get("/contacts/17")).text)
    assert closed["title"] == "crm is switched off: user:it@example.com: a leak"


def test_a_bucket_has_a_name_of_its_own_below_that_of_the_integration() -> None:
    key = AwsSignature(kind="aws-sigv4", access_key_id="A", secret="lake-key", region="eu-central-1", service="s3")
    requests = tuple(
        RequestGrant(methods=frozenset({"GET"}), path=path)
        for path in ("/lake/reports/**", "/lake", "/{any}/x", "/other-lake/**", "/Not_a_bucket/**")
    )
    state = IntegrationState(
        name="files",
        resource="lake",
        connection=ServiceConnection(kind="http", url="https://s3.eu-central-1.amazonaws.com", credential=key),
        grant=DataGrant(integration="lake", tables=(), requests=requests),
        roles={},
    )
    assert buckets_of(state) == {"lake", "other-lake"}
    plain = state.model_copy(update={"connection": ServiceConnection(kind="http", url="https://crm.example")})
    assert buckets_of(plain) == frozenset()
