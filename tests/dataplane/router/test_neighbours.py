"""Two apps behind one router: what one has, fills or breaks is not the other's."""

import pytest

from bailiwick.core.principals import Principal
from bailiwick.dataplane.router import Admission, RequestLimits, Site
from tests.fixtures.routing import Browser, Served

pytestmark = pytest.mark.req("RT3", "RT6")


def beside(served: Served) -> Site:
    """Put another tenant's app at another host of the same router; the same process answers for it."""
    state = served.site.state.model_copy(update={"app": "other/desk", "tenant": "globex", "host": "other"})
    site = Site("other.localhost", state, "running", "", served.site.upstream)
    served.sites.put(site)
    return site


async def status_at(browser: Browser, host: str, target: str = "/hello") -> int:
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", f"Cookie: bailiwick_pass={browser.token}", "", ""]
    browser.writer.write("\r\n".join(lines).encode())
    return (await browser.answer()).status


async def test_a_pass_for_one_app_is_nobody_at_another(served: Served) -> None:
    beside(served)
    assert await status_at(await served.browser(), "desk.localhost") == 200
    assert await status_at(await served.browser(), "other.localhost") == 401
    assert not [header for header in served.app.headers if header["host"] == "other.localhost"]


async def test_who_fills_an_app_leaves_the_other_its_places(served: Served) -> None:
    served.site.admission = Admission(RequestLimits(at_once=3))
    other = beside(served)
    waiting = [await served.browser() for _ in range(3)]
    for browser in waiting:
        served.app.asked.clear()
        browser.ask("GET", "/wait")
        await served.app.asked.wait()
    full = await (await served.browser()).get("/hello")
    assert (full.status, full.headers["retry-after"]) == (503, "2")
    assert (len(served.site.in_flight), len(other.in_flight)) == (3, 0)
    # Nobody of the other app is held up: its visitor gets as far as being asked who they are.
    assert await status_at(await served.browser(), "other.localhost") == 401
    served.app.go_on.set()
    for browser in waiting:
        assert (await browser.answer()).status == 200
    assert (await (await served.browser()).get("/hello")).status == 200


async def test_what_was_decided_about_people_is_kept_for_each_app(served: Served) -> None:
    other = beside(served)
    await (await served.browser()).get("/hello")
    (known,) = served.site.known.values()
    assert known[0].principal == Principal("user", "ann@example.com")
    assert other.known == {}
