"""Webhooks into a real app: signed, delivered once to the declared path, with who sent it; anything else stays out."""

import base64
import hmac
import json
import time

import httpx2
import pytest

from bailiwick.core.grants import DataGrant, RequestGrant
from bailiwick.core.messages import IntegrationState, ServiceConnection, Webhook
from tests.fixtures.plane import MANIFEST, PlaneHouse

pytestmark = pytest.mark.req("IN9", "SE1")
SLEEPS = f"{MANIFEST}\n[limits]\nidle_minutes = 5\n"
SECRET = "hook-secret-55aa77"
TAKES = """
import json

taken = []

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    if scope["path"] == "/hooks/changes":
        taken.append({"body": body.decode(), "method": scope["method"], "query": scope["query_string"].decode(),
                      "who": headers["x-bailiwick-user"], "proof": headers["x-bailiwick-identity"]})
    status = 500 if b"fails" in body else 200
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(taken).encode()})
"""


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()}


async def post(
    house: PlaneHouse,
    body: bytes,
    headers: dict[str, str],
    path: str = "/.bailiwick/webhooks/contacts/changes",
    **given: str,
) -> httpx2.Response:
    host = {"host": "desk-production.apps.localhost", "content-type": "application/json"}
    async with httpx2.AsyncClient(timeout=60) as client:
        url = f"http://127.0.0.1:{house.port}{path}"
        return await client.request(given.get("method", "POST"), url, content=body, headers={**host, **headers})


def crm(**fields: object) -> IntegrationState:
    made = IntegrationState(
        name="contacts",
        resource="crm",
        connection=ServiceConnection(
            kind="http",
            url="https://crm.example/api",
            webhooks={"changes": Webhook(scheme="github", secret="crm-hook", most_bytes=1000)},
        ),
        grant=DataGrant(
            integration="crm", tables=(), requests=(RequestGrant(methods=frozenset({"GET"}), path="/contacts"),)
        ),
        roles={},
        webhooks={"changes": "/hooks/changes"},
    )
    return made.model_copy(update=fields)


async def test_what_a_system_signs_reaches_the_app_once_and_nothing_else_does(house: PlaneHouse) -> None:
    house.tell_secret("crm-hook", SECRET)
    state = house.release({"app.py": TAKES}, manifest=SLEEPS, integrations=(crm(),))
    await house.until_running(state)
    body = b'{"contact": 17}'
    answer = await post(house, body, {**signed(body), "x-bailiwick-user": "root@example.com"})
    (taken,) = answer.json()
    assert (taken["body"], taken["method"], taken["who"]) == (body.decode(), "POST", "webhook/crm/changes")
    claims = json.loads(base64.urlsafe_b64decode(taken["proof"].split(".")[1] + "=="))
    assert (claims["sub"], claims["aud"]) == ("service:webhook/crm/changes", "production/finance/desk")
    event = await house.until_event("webhook.delivered")
    assert (event.actor, event.resource, event.app) == (
        "service:webhook/crm/changes",
        "integration:crm",
        "finance/desk",
    )
    assert SECRET not in event.model_dump_json() + answer.text
    again = await post(house, body, signed(body))
    assert (again.status_code, "delivered already" in again.text) == (200, True)
    # What the app did not take may come again.
    for _ in range(2):
        assert (await post(house, b"fails", signed(b"fails"))).status_code == 500

    wrong = b'{"contact": 18}'
    at = "/.bailiwick/webhooks/"
    for status, given in (
        (401, post(house, wrong, {})),
        (401, post(house, wrong, signed(body))),
        (401, post(house, wrong, signed(wrong, "guessed"))),
        (413, post(house, b"x" * 1001, signed(b"x" * 1001))),
        (405, post(house, b"", {}, method="GET")),
        (404, post(house, wrong, signed(wrong), f"{at}contacts/other")),
        (404, post(house, wrong, signed(wrong), f"{at}orders/changes")),
        (404, post(house, wrong, signed(wrong), f"{at}contacts/changes/")),
        (401, post(house, wrong, signed(wrong), "/hooks/changes")),
    ):
        assert (await given).status_code == status
    house.plane._webhooks._told = 0.0
    house.plane._webhooks.roll_up()
    refused = await house.until_event("webhook.refused")
    assert (refused.context["refused"], refused.actor) == (4, "plane:production")
    # Only what is genuine wakes an app.
    house.plane._host.put_to_sleep(time.monotonic() + 400)
    site = house.plane._sites.find("desk-production.apps.localhost")
    assert site is not None
    assert (await post(house, b"{}", signed(b"{}", "guessed"))).status_code == 401
    assert site.condition == "asleep"
    kept = (await post(house, b"{}", {**signed(b"{}")}, f"{at}contacts/changes?admin=1")).json()
    assert [one["body"] for one in kept] == [body.decode(), "fails", "fails", "{}"]
    assert kept[-1]["query"] == ""

    off = crm(enabled=False, off="user:it@example.com: a leak")
    await house.serve(state.model_copy(update={"integrations": (off,)}))
    closed = await post(house, b"[]", signed(b"[]"))
    assert (closed.status_code, "switched off" in closed.text) == (403, True)
    gone = crm(connection=ServiceConnection(kind="http", url="https://crm.example/api"))
    await house.serve(state.model_copy(update={"integrations": (gone,)}))
    assert (await post(house, b"[]", signed(b"[]"))).status_code == 404
