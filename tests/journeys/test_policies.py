"""An organisation's policy from a file to the next request of its people, through the doors that they use."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.conftest import Demo
from tests.journeys.test_spine import CHROMIUM, Eventually, Visitor, push, sample

APP, HOST = "finance/office-desk", "office-desk.preview.localhost"
POLICY = """@id("closed")
@reason("apps are open in the office's network only")
forbid (principal is Person, action == Action::"app.use", resource)
unless {{ context.request.address.isInRange(ip("{network}")) }};
"""
CASE = """[[test]]
name = "not from elsewhere"
roles = ["app-user"]
address = "192.0.2.1"
action = "app.use"
resource = "app:finance/office-desk"
expect = "deny"
decided_by = "closed"
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield started
        started.close()


@pytest.fixture
def governed(demo: Demo) -> Iterator[Demo]:
    """The demo with a second person who may approve policies, and without policies at the end."""
    demo.cli("admin", "role", "assign", "security-admin", "user:it@example.com", "organization:default")
    yield demo
    demo.cli(
        "admin", "role", "remove", "security-admin", "user:it@example.com", "organization:default", "--reason", "x"
    )


def preview_client(demo: Demo, who: Visitor) -> httpx2.Client:
    """Return an HTTP client with a browser's pass at the preview."""
    cookies = {item["name"]: item["value"] for item in who.page.context.cookies()}
    headers = {"Host": f"{HOST}:{demo.port + 10}", "Accept": "application/json"}
    headers["Cookie"] = f"bailiwick_pass={cookies['bailiwick_pass']}"
    return httpx2.Client(base_url=demo.ready["ingress_url"], headers=headers, timeout=10)


def put_into_force(demo: Demo, folder: Path, text: str, case: str = CASE) -> str:
    file = folder / "office.cedar"
    file.write_text(text)
    file.with_suffix(".tests.toml").write_text(case)
    demo.cli("admin", "policy", "propose", str(file), "--name", "office", "--reason", "home is not safe")
    version = demo.cli("admin", "policy", "history", "office").stdout.split()[0]
    demo.cli("it", "policy", "approve", "office", version)
    return demo.cli("admin", "policy", "activate", "office", version).stdout


@pytest.mark.req("ID1", "ID3")
def test_what_an_activation_says_is_true_of_the_next_request(
    governed: Demo, browser: Browser, home: Path, tmp_path: Path, eventually: Eventually
) -> None:
    demo = governed
    demo.cli("builder", "app", "create", APP)
    push(demo, sample(home, "second"), path=APP)
    eventually(lambda: "preview running" in " ".join(demo.cli("admin", "app", "show", APP).stdout.split()), 60)
    builder = Visitor(browser, demo, "builder@example.com")
    builder.open(f"http://{HOST}:{demo.port + 10}")
    with preview_client(demo, builder) as client:
        assert client.get("/").status_code == 200
        elsewhere = put_into_force(demo, tmp_path, POLICY.format(network="10.0.0.0/8"))
        assert "editor: in force" in elsewhere
        assert "production: in force" in elsewhere
        refused = client.get("/", headers={"X-Forwarded-For": "10.1.1.1"})
        assert (refused.status_code, "office@1/closed" in refused.text) == (403, True)
        # Behind the front, the plane still knows where the browser is.
        here = put_into_force(demo, tmp_path, POLICY.format(network="127.0.0.0/8"))
        assert "production: in force" in here
        assert client.get("/").status_code == 200
    replayed = demo.cli("admin", "policy", "replay", str(tmp_path / "office.cedar"), "--name", "office").stdout
    assert "decisions in 30 days" in replayed
    open_again = CASE.replace('"deny"', '"allow"').replace('decided_by = "closed"\n', "")
    assert "in force" in put_into_force(demo, tmp_path, "// open\n", open_again)
