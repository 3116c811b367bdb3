"""A real plane that is told of two tenants: it serves its own, and what is called the same of another gets nowhere."""

import asyncio
import time

import pytest

from bailiwick.core.messages import AuditReport
from tests.fixtures.plane import APP, HELLO, PlaneHouse

pytestmark = pytest.mark.req("RT3")


async def test_a_plane_serves_one_tenant_for_good_and_nothing_of_another(house: PlaneHouse) -> None:
    own = house.release({"app.py": HELLO}, mode="preview", host="desk-preview", tenant="acme")
    # The same path, the same host name: here it would take the place of the first tenant's.
    other = house.release(
        {"app.py": HELLO.replace("hello", "globex was here")}, mode="preview", host="desk-preview", tenant="globex"
    )
    await house.until_running(own)
    await house.serve(other, own)
    assert (await house.get("/", "preview")).text == "hello"
    assert [app.tenant for app in house.plane._host.desired.releases] == ["acme"]  # type: ignore[union-attr]
    await house.serve(other)
    assert (await house.get("/", "preview")).status_code == 421
    refused = [item.event for item in house.reports() if isinstance(item, AuditReport)]
    told = [event for event in refused if event.action == "release.refused"]
    assert [event.tenant for event in told] == ["acme"]  # once, and in the log of whose plane it is
    assert "globex" not in told[0].model_dump_json() and other.app not in told[0].model_dump_json()


LOUD = """
import threading, itertools

def shout():
    for number in itertools.count():
        print(number, flush=False)

threading.Thread(target=shout, daemon=True).start()

async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"still here"})
"""


async def test_an_app_that_floods_its_log_is_kept_by_its_own_output(house: PlaneHouse) -> None:
    loud = house.release({"app.py": LOUD}, mode="preview", host="desk-preview")
    began = time.monotonic()
    await house.until_running(loud)
    instance = house.plane._host._served[(APP, "preview")].instance
    assert instance is not None
    await house.until(lambda: len(instance.logs) >= 100)
    await asyncio.sleep(1)
    newest = max(int(line) for line in instance.logs if line.isdecimal())
    assert newest <= 2000 * (time.monotonic() - began + 1)
    assert (await house.get("/", "preview")).text == "still here"
