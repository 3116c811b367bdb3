"""An app under a host name of an organisation's own: served, signed in to, with its own certificate, and taken back."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import PassAnswer, PassRequest
from bailiwick.dataplane.router import Certificate, Router, SignIn, serve
from bailiwick.dataplane.router.front import Front
from tests.fixtures.plane import HELLO, PlaneHouse
from tests.fixtures.routing import Answer, Browser, Served
from tests.fixtures.routing_tls import shown_serial, write_pair

pytestmark = pytest.mark.req("DG4", "ID1")
OWN = "refunds.company.example"


async def ask(served: Served, target: str, host: str, *headers: str, browser: Browser | None = None) -> Answer:
    found = browser or await served.browser()
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", *headers, "Accept: text/html", "", ""]
    found.writer.write("\r\n".join(lines).encode())
    return await found.answer()


async def test_an_app_answers_under_its_names_and_no_others(served: Served) -> None:
    signed_in = f"Cookie: bailiwick_pass={served.token}"
    assert (await ask(served, "/hello", OWN, signed_in)).status == 421
    served.sites.tell_domains({OWN: "desk.localhost", "lost.example": "nothing.localhost"})
    assert (await ask(served, "/hello", f"{OWN}:8443", signed_in)).body == b"hello"
    assert served.app.headers[-1]["host"] == f"{OWN}:8443"
    assert (await ask(served, "/hello", "desk.localhost", signed_in)).body == b"hello"
    assert (await ask(served, "/hello", "lost.example", signed_in)).status == 421
    assert (await ask(served, "/hello", f"x.{OWN}", signed_in)).status == 421
    served.sites.tell_domains({})
    assert (await ask(served, "/hello", OWN, signed_in)).status == 421


async def test_a_sign_in_comes_back_to_the_name_at_which_it_began(served: Served) -> None:
    asked: list[PassRequest] = []

    async def redeem(request: PassRequest) -> PassAnswer:
        asked.append(request)
        return PassAnswer(token=served.token, expires=utc_now() + timedelta(hours=1))

    server = await serve(Router(served.parts(sign_in=SignIn(redeem))), "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    served.sites.tell_domains({OWN: "desk.localhost"})
    sent = await ask(served, "/hello?a=b", OWN)
    query = parse_qs(urlsplit(sent.headers["location"]).query)
    assert (sent.status, query["host"], query["app"]) == (302, [OWN], ["team/desk"])
    attempt = sent.headers["set-cookie"].partition(";")[0]
    back = f"/.bailiwick/callback?code=c&state={query['state'][0]}"
    # At the app's other name it was not begun.
    assert (await ask(served, back, "desk.localhost", f"Cookie: {attempt}")).status == 400
    sent = await ask(served, "/hello?a=b", OWN)
    query = parse_qs(urlsplit(sent.headers["location"]).query)
    attempt = sent.headers["set-cookie"].partition(";")[0]
    done = await ask(served, f"/.bailiwick/callback?code=c&state={query['state'][0]}", OWN, f"Cookie: {attempt}")
    assert (done.status, done.headers["location"]) == (303, "/hello?a=b")
    assert [item.app for item in asked] == ["team/desk"]
    server.close()


async def test_each_name_has_its_own_certificate(served: Served, tmp_path: Path) -> None:
    first = write_pair(tmp_path, serial=1)
    named = tmp_path / "names"
    named.mkdir()
    certificate = Certificate(*first, named)
    server = await serve(Router(served.parts()), "127.0.0.1", 0, certificate)
    port = server.sockets[0].getsockname()[1]
    assert await shown_serial(port, OWN) == 1
    write_pair(named, serial=2, name=OWN)
    certificate.look()
    assert (await shown_serial(port, OWN), await shown_serial(port, "desk.localhost")) == (2, 1)
    (named / f"{OWN}.key").write_bytes(b"half")
    certificate.look()
    assert await shown_serial(port, OWN) == 2
    (named / f"{OWN}.crt").unlink()
    certificate.look()
    assert await shown_serial(port, OWN) == 1
    server.close()


@pytest.mark.parametrize(("host", "port"), [(OWN, 13), ("desk.localhost", 12), ("", None)])
def test_the_front_gives_other_names_to_one_plane(host: str, port: int | None) -> None:
    found = Front({"localhost": "127.0.0.1:12"}, others="127.0.0.1:13")._target(host)
    assert (found[1] if found else None) == port


async def test_a_plane_takes_names_from_its_desired_state_but_none_under_its_own_suffix(house: PlaneHouse) -> None:
    other = "desk-preview.apps.localhost"
    state = house.release({"app.py": HELLO}, domains=(OWN, other))
    await house.until_running(state)
    sites: Any = house.plane._sites
    assert sites.find(OWN) is sites.find("desk-production.apps.localhost")
    assert sites.find(other) is None
    await house.serve(state.model_copy(update={"domains": ()}))
    assert sites.find(OWN) is None
