"""A static site from push to production, driven from outside: signed in, served by nobody's process, and stopped."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.journeys.conftest import Demo
from tests.journeys.test_spine import CHROMIUM, Visitor

Eventually = Callable[..., Any]
APP = "finance/handbook"
MANIFEST = """[app]
name = "handbook"
purpose = "The handbook of the support team"
kind = "static"

[static]
folder = "dist"
fallback = "index.html"
"""
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Handbook</title>
<link rel="stylesheet" href="/assets/index-BqXz3k2a.css">
<script type="module" src="/assets/index-C7d9Kq1z.js"></script></head>
<body><h1>Handbook</h1><script>document.title = "inline script ran"</script></body></html>
"""
SCRIPT = 'document.querySelector("h1").append(" of the team");\n'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield started
        started.close()


@pytest.fixture(scope="module")
def site(home: Path) -> Path:
    """The folder of a site as its build left it."""
    folder = home / "handbook"
    (folder / "dist" / "assets").mkdir(parents=True)
    (folder / "bailiwick.toml").write_text(MANIFEST)
    (folder / "dist" / "index.html").write_text(PAGE)
    (folder / "dist" / "assets" / "index-BqXz3k2a.css").write_text("h1{color:rgb(1, 2, 3)}")
    (folder / "dist" / "assets" / "index-C7d9Kq1z.js").write_text(SCRIPT)
    (folder / "dist" / "assets" / "index-C7d9Kq1z.js.gz").write_bytes(gzip.compress(SCRIPT.encode(), mtime=0))
    return folder


def running(demo: Demo, mode: str) -> str:
    """Return what is said of the app while it runs in a mode, nothing while it does not."""
    found = json.loads(demo.cli("builder", "app", "show", APP, "--json").stdout)["statuses"]
    return next((item["words"] for item in found if (item["mode"], item["status"]) == (mode, "running")), "")


@pytest.mark.req("RV4", "RT7")
def test_01_a_site_that_was_not_built_or_gives_code_away_is_refused(demo: Demo, site: Path, home: Path) -> None:
    demo.cli("builder", "app", "create", APP)
    bare = home / "handbook-bare"
    (bare / "dist").mkdir(parents=True)
    (bare / "bailiwick.toml").write_text(MANIFEST + 'not_found = "missing.html"\n')
    (bare / "dist" / "settings.py").write_text("DEBUG = False\n")
    (bare / "dist" / "app.js").write_text(SCRIPT)
    (bare / "dist" / "app.js.gz").write_bytes(gzip.compress(b"fetch('/other')"))
    refused = demo.cli("builder", "push", APP, "--folder", str(bare), "-m", "not built", ok=False)
    assert refused.returncode != 0
    said = refused.stdout + refused.stderr
    assert "static.not_found names dist/missing.html" in said
    assert "static.index names dist/index.html, of which there is nothing in the push" in said
    assert "dist/settings.py would be given to everybody who may open the app" in said
    assert "dist/app.js.gz unpacks to something else than dist/app.js" in said


@pytest.mark.req("RT7", "RV1")
def test_02_what_was_built_is_a_preview_at_once_for_whoever_is_signed_in(
    demo: Demo, site: Path, browser: Browser, eventually: Eventually
) -> None:
    demo.cli("builder", "push", APP, "--folder", str(site), "-m", "first")
    assert "no process" in eventually(lambda: running(demo, "preview"), 30, "the preview runs")
    address = f"http://handbook.preview.localhost:{demo.port + 10}"
    assert httpx2.get(f"{demo.ready['ingress_url']}/", headers={"host": address[7:]}).status_code == 401
    visitor = Visitor(browser, demo, "builder@example.com")
    page = visitor.open(address)
    expect(page.locator("h1")).to_have_text("Handbook of the team")
    assert page.locator("h1").evaluate("item => getComputedStyle(item).color") == "rgb(1, 2, 3)"
    assert page.title() == "Handbook", "what stands in the page does not run"
    assert any("inline script" in fault for fault in visitor.faults)
    page.goto(f"{address}/chapters/2")
    expect(page.locator("h1")).to_have_text("Handbook of the team")
    console = visitor.console(f"/apps/{APP}").inner_text("main")
    assert "no process: the router serves its files" in console
    assert "starting" not in console


@pytest.mark.req("RT5", "RT7", "DG1")
def test_03_it_goes_to_production_and_a_kill_takes_it_away(
    demo: Demo, browser: Browser, eventually: Eventually
) -> None:
    deploy = json.loads(demo.cli("builder", "deploy", APP, "--json").stdout)
    limits = [item["words"] for item in deploy["standing"]["new"] if item["kind"] == "limit"]
    assert limits == ["takes up to 50 requests a second"]
    demo.cli("admin", "approve", deploy["id"], "--reason", "read it")
    eventually(lambda: running(demo, "production"), 30, "production runs")
    user = Visitor(browser, demo, "user@example.com")
    expect(user.open(f"http://handbook.localhost:{demo.port + 10}").locator("h1")).to_have_text("Handbook of the team")
    client = user.client("handbook")
    assert client.get("/assets/index-C7d9Kq1z.js", headers={"accept-encoding": "gzip"}).text == SCRIPT
    assert client.get("/..%2fbailiwick.toml").status_code == 404
    demo.cli("admin", "kill", APP, "--reason", "a drill")
    eventually(lambda: client.get("/").status_code == 503, 5, "it is stopped")
    assert "a drill" in client.get("/assets/index-C7d9Kq1z.js").text
