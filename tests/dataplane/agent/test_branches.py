"""Previews of branches at a data plane: beside main's, with a database, a host and passes of their own."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx2
import pytest

from bailiwick.core.branches import instance_name
from bailiwick.core.clock import utc_now
from bailiwick.core.messages import AppReport, AppState, DatabaseReport, EndedPreview
from bailiwick.core.passes import Pass, issue_pass
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.databases.server import database_name
from bailiwick.dataplane.router import Router, serve
from bailiwick.store.embedded import EmbeddedPostgres
from tests.dataplane.agent.test_own_database import APP_CODE, WANTS
from tests.fixtures.app_databases import FIRST, lesser_account
from tests.fixtures.plane import APP, HELLO, PlaneHouse

USER = "user:user@example.com"


@pytest.fixture
async def housed(new_house: Callable[..., PlaneHouse], postgres: EmbeddedPostgres) -> AsyncIterator[PlaneHouse]:
    house = new_house(app_databases={"url_file": str(lesser_account(postgres)), "lock_seconds": 0.5})
    server = await serve(Router(house.plane._router_parts()), "127.0.0.1", 0)
    house.port = server.sockets[0].getsockname()[1]
    yield house
    server.close()
    await house.plane._host.close()
    assert house.plane._databases is not None
    for branch in ("", "fix"):
        await house.plane._databases.server.drop(database_name("default", APP, "preview", branch))


def preview(house: PlaneHouse, branch: str = "") -> AppState:
    host = f"{branch}.desk" if branch else "desk"
    return house.release({"app.py": APP_CODE, **FIRST}, manifest=WANTS, mode="preview", host=host, branch=branch)


async def get(house: PlaneHouse, host: str, path: str, *, with_pass_of: str) -> httpx2.Response:
    identity = Identity(Principal.parse(USER), frozenset({USER}))
    content = Pass(identity, instance_name(APP, with_pass_of), "preview", "s", utc_now() + timedelta(minutes=5))
    headers = {
        "host": f"{host}.apps.localhost",
        "authorization": f"Bearer {issue_pass(content, house.keys.passes)}",
    }
    async with httpx2.AsyncClient(timeout=60) as client:
        return await client.get(f"http://127.0.0.1:{house.port}{path}", headers=headers)


@pytest.mark.req("RT3", "RV11")
async def test_a_branch_runs_beside_main_with_what_is_its_own_until_it_ends(
    housed: PlaneHouse, postgres: EmbeddedPostgres
) -> None:
    main, fix = preview(housed), preview(housed, "fix")
    await housed.until_running(main, fix)
    assert (await get(housed, "fix.desk", "/add", with_pass_of="fix")).text == "1"
    assert (await get(housed, "fix.desk", "/add", with_pass_of="fix")).text == "2"
    assert (await get(housed, "desk", "/", with_pass_of="")).text == "0", "main's preview has a database of its own"
    for host, other in (("desk", "fix"), ("fix.desk", ""), ("fix.desk", "other")):
        assert (await get(housed, host, "/", with_pass_of=other)).status_code == 401
    told = [item for item in housed.reports() if isinstance(item, AppReport) and item.status == "running"]
    assert {item.branch for item in told} == {"", "fix"}
    assert {item.release for item in housed.reports() if isinstance(item, DatabaseReport)} == {main.release}
    database = database_name("default", APP, "preview", "fix")
    assert database != database_name("default", APP, "preview")
    assert housed.plane._databases is not None
    assert await housed.plane._databases.server.exists(database)
    housed.version += 1
    words = EndedPreview(host="fix.desk", words="The preview of 'fix' expired.", hint="bailiwick preview renew")
    await housed.plane._take(housed.desired(main).model_copy(update={"ended": (words,)}))
    gone = await get(housed, "fix.desk", "/", with_pass_of="fix")
    assert (gone.status_code, gone.json()["detail"], gone.json()["hint"]) == (410, words.words, words.hint)
    assert (await get(housed, "desk", "/", with_pass_of="")).text == "0"
    await housed.plane._host._databases.drop_others([main])
    assert not await housed.plane._databases.server.exists(database), "it ends with its preview"
    await housed.kill("preview")
    assert (await get(housed, "desk", "/", with_pass_of="")).status_code == 503


@pytest.mark.req("DG3")
async def test_an_order_to_stop_an_app_stops_its_branches_too(house: PlaneHouse) -> None:
    states = [
        house.release({"app.py": HELLO}, mode="preview", host=host, branch=branch)
        for host, branch in (("desk", ""), ("fix.desk", "fix"))
    ]
    await house.until_running(*states)
    await house.kill("preview")
    for host, branch in (("desk", ""), ("fix.desk", "fix")):
        assert (await get(house, host, "/", with_pass_of=branch)).status_code == 503
