"""An organisation's policies at a plane: they come with the state, answer at once, and fail closed."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import PoliciesReport
from bailiwick.core.passes import Pass, issue_pass
from bailiwick.core.policy import CustomerSet, rendered
from bailiwick.core.principals import Identity, Principal
from tests.fixtures.plane import APP, HELLO, MANIFEST, PlaneHouse

ORGANIZATION = "organization:default"
ENDLESS = """
import asyncio

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": b"tick", "more_body": True})
        await asyncio.sleep(0.05)
"""
CLOSED = '@id("closed") @reason("closed today")\nforbid (principal, action == Action::"app.use", resource);'
CUSTOMERS = """@id("eu") @reason("customers' data stays in EMEA")
forbid (principal is Person, action == Action::"app.use", resource)
when { resource.data_classes.contains("customer") && principal.region != "EMEA" };
@id("strong") @reason("production needs a second factor")
@second_factor
forbid (principal is Person, action == Action::"app.use", resource)
when { context.request.environment == "production" } unless { principal.second_factor };
@id("here") @reason("from this host only")
forbid (principal is Person, action == Action::"app.use", resource)
unless { context.request.address.isLoopback() };
"""


def as_text(text: str, version: int = 1) -> str:
    return rendered(CustomerSet("mine", version, ORGANIZATION, text))


async def serve(house: PlaneHouse, *apps: object, text: str, generation: int) -> None:
    house.version += 1
    state = house.desired(*apps)  # type: ignore[arg-type]
    await house.plane._take(state.model_copy(update={"policies": text, "policies_generation": generation}))


def reported(house: PlaneHouse) -> list[PoliciesReport]:
    return [report for report in house.reports() if isinstance(report, PoliciesReport)]


@pytest.mark.req("ID1", "ID3")
async def test_the_next_request_after_a_plane_has_new_policies_is_answered_by_them(house: PlaneHouse) -> None:
    state = house.release({"app.py": HELLO})
    await house.until_running(state)
    assert (await house.get("/")).text == "hello"
    for generation in range(1, 8, 2):
        await serve(house, state, text=as_text(CLOSED, generation), generation=generation)
        refused = await house.get("/")
        assert refused.status_code == 403
        assert f"mine@{generation}/closed" in refused.text
        await serve(house, state, text="", generation=generation + 1)
        assert (await house.get("/")).status_code == 200
    # The first state's policies, then each change.
    assert [item.generation for item in reported(house)] == list(range(9))


@pytest.mark.req("ID1", "ID3")
async def test_a_request_in_flight_is_cut_when_its_person_may_not_use_the_app_any_more(house: PlaneHouse) -> None:
    state = house.release({"app.py": ENDLESS})
    await house.until_running(state)
    person = Identity(Principal.parse("user:user@example.com"), frozenset({"user:user@example.com"}))
    content = Pass(person, APP, "production", "s", utc_now() + timedelta(minutes=5))
    headers = {
        "host": "desk-production.apps.localhost",
        "authorization": f"Bearer {issue_pass(content, house.keys.passes)}",
    }
    async with (
        httpx2.AsyncClient(timeout=30) as client,
        client.stream("GET", f"http://127.0.0.1:{house.port}/", headers=headers) as answer,
    ):
        pieces = answer.aiter_bytes()
        assert (await anext(pieces)).startswith(b"tick")
        # Another change of the state does not touch it.
        await house.serve(state)
        assert (await anext(pieces)).startswith(b"tick")
        await serve(house, state, text=as_text(CLOSED), generation=1)
        with pytest.raises(httpx2.HTTPError):
            async for _ in pieces:
                pass


@pytest.mark.req("ID1")
async def test_policies_that_a_plane_cannot_read_refuse_everything_and_are_reported(house: PlaneHouse) -> None:
    state = house.release({"app.py": HELLO})
    await house.until_running(state)
    await serve(house, state, text="forbid (principal is Nobody, action, resource);", generation=7)
    refused = await house.get("/")
    assert (refused.status_code, "policies-unreadable" in refused.text) == (403, True)
    assert reported(house)[-1].generation == 7
    assert "Nobody" in reported(house)[-1].fault
    await serve(house, state, text="", generation=8)
    assert (await house.get("/")).text == "hello"


@pytest.mark.req("ID1", "ID2")
async def test_a_plane_knows_the_app_s_data_the_person_the_sign_in_and_the_address(house: PlaneHouse) -> None:
    manifest = MANIFEST.replace('kind = "web"', 'kind = "web"\ndata_classes = ["customer"]')
    state = house.release({"app.py": HELLO}, manifest=manifest)
    await house.until_running(state)
    await serve(house, state, text=as_text(CUSTOMERS), generation=1)

    async def ask(region: str, *, second_factor: bool) -> tuple[int, str]:
        name = "user:user@example.com"
        person = Identity(Principal.parse(name), frozenset({name}), {"region": region})
        now = utc_now()
        content = Pass(person, APP, "production", "s", now + timedelta(minutes=5), now, second_factor)
        headers = {
            "host": "desk-production.apps.localhost",
            "authorization": f"Bearer {issue_pass(content, house.keys.passes)}",
            # Says nothing to a router whose other side is no proxy of ours.
            "x-forwarded-for": "10.0.0.1",
        }
        async with httpx2.AsyncClient(timeout=60) as client:
            answer = await client.get(f"http://127.0.0.1:{house.port}/", headers=headers)
        return answer.status_code, answer.text

    assert await ask("EMEA", second_factor=True) == (200, "hello")
    status, words = await ask("AMER", second_factor=True)
    assert (status, "mine@1/eu" in words) == (403, True)
    status, words = await ask("EMEA", second_factor=False)
    assert (status, "mine@1/strong" in words) == (403, True)
    assert "Open the app in a browser to sign in again" in words


@pytest.mark.req("ID2")
async def test_a_browser_is_sent_to_sign_in_as_policy_wants_it_but_not_for_ever(house: PlaneHouse) -> None:
    state = house.release({"app.py": HELLO})
    await house.until_running(state)
    await serve(house, state, text=as_text(CUSTOMERS), generation=1)
    name = "user:user@example.com"
    person = Identity(Principal.parse(name), frozenset({name}), {"region": "EMEA"})
    now = utc_now()
    token = issue_pass(Pass(person, APP, "production", "s", now + timedelta(minutes=5), now), house.keys.passes)
    headers = {"host": "desk-production.apps.localhost", "accept": "text/html"}
    url = f"http://127.0.0.1:{house.port}/orders?id=7"
    async with httpx2.AsyncClient(timeout=60) as client:
        away = await client.get(url, headers={**headers, "cookie": f"bailiwick_pass={token}"})
        asked = parse_qs(urlsplit(away.headers["location"]).query)
        assert (away.status_code, asked["second_factor"], "max_age" in asked) == (302, ["true"], False)
        posted = await client.post(url, headers={**headers, "cookie": f"bailiwick_pass={token}"})
        assert (posted.status_code, "mine@1/strong" in posted.text) == (403, True)
        # Whoever comes back without what was asked for is told so.
        again = f"bailiwick_pass={token}; bailiwick_stepped_up=1"
        told = await client.get(url, headers={**headers, "cookie": again})
        assert (told.status_code, "mine@1/strong" in told.text) == (403, True)
