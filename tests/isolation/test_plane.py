"""A real plane that is told of two tenants: it serves its own, and what is called the same of another gets nowhere."""

import pytest

from bailiwick.core.messages import AuditReport
from tests.fixtures.plane import HELLO, PlaneHouse

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
