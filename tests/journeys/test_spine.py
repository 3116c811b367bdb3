"""One app from push to production and back, driven from outside through the doors that people use."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.fixtures.waiting import until
from tests.journeys.conftest import APP, BAILIWICK, Demo

CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync"]  # fmt: skip
Eventually = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield started
        started.close()


class Visitor:
    """A person in a browser of their own; script and policy errors of the console are collected."""

    def __init__(self, browser: Browser, demo: Demo, person: str) -> None:
        self.page: Page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        self.page.on("console", lambda line: self.faults.append(line.text) if "Content Security" in line.text else None)
        self._demo = demo
        self._person = person

    def open(self, url: str) -> Page:
        """Open a page, signing in when asked to."""
        self.page.goto(url)
        if self.page.locator("a.button", has_text="Sign in").count():
            self.page.click("a.button")
            self.page.wait_for_load_state()
        if self.page.locator(f'button[value="{self._person}"]').count():
            self.page.click(f'button[value="{self._person}"]')
        return self.page

    def console(self, path: str) -> Page:
        """Open a page of the console."""
        self.open(self._demo.ready["console_url"] + "/")
        self.page.goto(self._demo.ready["console_url"] + path)
        return self.page

    def client(self, app: str = "refund-desk") -> httpx2.Client:
        """Return an HTTP client with this browser's pass at an app, the only one that it opened."""
        cookies = {item["name"]: item["value"] for item in self.page.context.cookies()}
        headers = {"Host": f"{app}.localhost:{self._demo.port + 10}", "Accept": "application/json"}
        headers["Cookie"] = f"bailiwick_pass={cookies['bailiwick_pass']}"
        return httpx2.Client(base_url=self._demo.ready["ingress_url"], headers=headers, timeout=10)


@pytest.fixture(scope="module")
def admin(browser: Browser, demo: Demo) -> Visitor:
    return Visitor(browser, demo, "admin@example.com")


@pytest.fixture(scope="module")
def builder(browser: Browser, demo: Demo) -> Visitor:
    return Visitor(browser, demo, "builder@example.com")


@pytest.fixture(scope="module")
def support(browser: Browser, demo: Demo) -> Visitor:
    return Visitor(browser, demo, "user@example.com")


def push(demo: Demo, folder: Path, role: str = "builder", path: str = APP) -> subprocess.CompletedProcess[str]:
    return demo.cli(role, "push", path, ok=False, cwd=folder)


def sample(home: Path, version: str) -> Path:
    folder = home / version
    if not folder.exists():
        subprocess.run([BAILIWICK, "demo", "sample", version, str(folder)], check=True, capture_output=True)
    return folder


def wait_until_running(demo: Demo, mode: str, eventually: Eventually) -> None:
    """Wait until the app runs; when it does not, fail with what everybody knows about it."""
    plane = "editor" if mode == "preview" else "production"
    shown: dict[str, Any] = {}

    def runs() -> bool:
        shown.update(json.loads(demo.cli("admin", "app", "show", APP, "--json").stdout))
        return any(item["mode"] == mode and item["status"] == "running" for item in shown["statuses"])

    try:
        eventually(runs, 60)
    except AssertionError:
        log = (demo.state / "logs" / f"data-plane-{plane}.log").read_text()[-3000:]
        pytest.fail(f"{mode} does not run\nstatuses: {shown['statuses']}\nstopped: {shown['stopped']}\nlog:\n{log}")


@pytest.mark.req("DM1")
def test_01_the_demo_starts_and_says_where_everything_is(demo: Demo) -> None:
    assert demo.seconds_to_ready < 90
    assert httpx2.get(demo.ready["console_url"] + "/healthz").text == "ok\n"
    assert httpx2.get(demo.ready["openapi_url"]).json()["openapi"].startswith("3.1")
    assert set(demo.ready["pids"]) >= {"control", "data-plane-editor", "data-plane-production"}


@pytest.mark.req("RV1", "RV2", "RV3", "RV4")
def test_02_the_first_version_is_refused_and_each_fault_is_explained(demo: Demo, home: Path) -> None:
    demo.cli("builder", "app", "create", APP)
    refused = push(demo, sample(home, "first"))
    assert refused.returncode != 0
    said = refused.stderr
    assert re.search(r"remote: refund_desk/orders.py:\d+  critical  sql-injection", said)
    assert re.search(r"remote: refund_desk/settings.py:3  critical  secret-in-code: AWS access key .* in commit", said)
    assert re.search(r"remote: refund_desk/rates.py:\d+  high  undeclared-host: api.exchange-rates.example", said)
    assert "fix  give values as parameters" in said
    assert '[egress] allow = ["api.exchange-rates.example:443"]' in said
    assert "AKIAQ3" not in said


@pytest.mark.req("RV5")
def test_02_a_package_with_a_known_fault_is_refused_with_the_version_that_mends_it(demo: Demo, home: Path) -> None:
    refused = push(demo, sample(home, "vulnerable"))
    assert refused.returncode != 0
    assert re.search(r"remote: requirements.lock:\d+  high  package-vulnerable: .*CVE-2024-53981", refused.stderr)
    assert "0.0.18 mends it" in refused.stderr
    shown = json.loads(demo.cli("admin", "advisories", "show", "--json").stdout)
    assert {item["ecosystem"]: item["advisories"] for item in shown["sources"]} == {"PyPI": 3}


@pytest.mark.req("RV2", "RV10")
def test_03_the_refusal_links_to_the_finding_in_the_console(demo: Demo, home: Path, builder: Visitor) -> None:
    said = push(demo, sample(home, "first")).stderr
    link = re.findall(r"see  (http\S+/reviews/\S+#\w+)", said)[0]
    builder.console("/")
    page = builder.open(link)
    assert page.locator(f"id={link.partition('#')[2]}").is_visible()
    assert "AKIAQ3" not in page.content()
    page = builder.console(f"/apps/{APP}")
    assert "claude-code" in page.inner_text("main")
    assert "build a refund desk on our orders database" in page.inner_text("main")


@pytest.mark.req("RV1", "RT1", "RT7")
def test_04_the_second_version_passes_and_a_preview_starts_by_itself(
    demo: Demo, home: Path, builder: Visitor, eventually: Eventually
) -> None:
    taken = push(demo, sample(home, "second"))
    assert taken.returncode == 0, taken.stderr
    wait_until_running(demo, "preview", eventually)
    page = builder.open(demo.app_url(preview=True))
    assert "synthetic" not in page.url
    assert "Test Person" in page.inner_text("table")


@pytest.mark.req("ID1", "RT2")
def test_05_a_preview_is_not_for_everybody(demo: Demo, browser: Browser) -> None:
    page = Visitor(browser, demo, "user@example.com").open(demo.app_url(preview=True))
    assert "You may not use this app" in page.inner_text("body")


@pytest.mark.req("RV1", "RT3")
def test_05_a_branch_has_a_preview_of_its_own_until_it_is_ended(
    demo: Demo, home: Path, builder: Visitor, eventually: Eventually
) -> None:
    taken = demo.cli("builder", "push", APP, "--branch", "Fix/colours", ok=False, cwd=sample(home, "second"))
    assert taken.returncode == 0, taken.stderr
    address = re.findall(r"It answers at (http\S+)", taken.stderr)[0]

    def runs() -> bool:
        (item,) = json.loads(demo.cli("builder", "preview", "list", APP, "--json").stdout)["previews"]
        return bool(item["status"] == "running")

    eventually(runs, 60)
    page = builder.open(address)
    assert page.url.startswith(address)
    assert "Test Person" in page.inner_text("table")
    demo.cli("builder", "preview", "end", APP, "Fix/colours")
    # Its app ends a moment before its address says why.
    eventually(lambda: "This preview has ended" in builder.open(address).inner_text("h1"), 15)
    assert "Test Person" in builder.open(demo.app_url(preview=True)).inner_text("table")


@pytest.mark.req("DG1", "ID1")
def test_06_the_author_cannot_approve_and_is_told_why(demo: Demo) -> None:
    made = json.loads(demo.cli("builder", "deploy", APP, "--json").stdout)
    assert made["first_deploy"]
    refused = demo.cli("builder", "approve", made["id"], "--reason", "it is mine", ok=False)
    assert refused.returncode == 1
    assert "nobody approves a deploy that they wrote" in refused.stderr
    assert "first-deploy-needs-an-administrator" in refused.stderr
    assert demo.cli("approver", "approve", made["id"], "--reason", "looks fine", ok=False).returncode == 1


@pytest.mark.req("DG1", "DG7", "OB1")
def test_07_the_administrator_sees_the_reach_and_approves_in_the_console(
    demo: Demo, admin: Visitor, eventually: Eventually
) -> None:
    page = admin.console("/approvals")
    page.click("main table a")
    seen = page.inner_text("main")
    assert "you may decide" in seen
    assert "card_number (masked to the last four)" in seen
    assert "only rows whose region is the person's own region" in seen
    assert "+[integrations.orders]" in seen
    page.fill("input[name=reason]", "reads the person's own region, cards masked")
    page.click("button:has-text('Approve this tree')")
    assert "released" in page.inner_text("main")
    wait_until_running(demo, "production", eventually)
    assert admin.faults == []


@pytest.mark.req("IN3", "IN7", "ID2", "SE1")
def test_08_a_person_sees_their_region_only_with_masked_cards(demo: Demo, support: Visitor) -> None:
    page = support.open(demo.app_url())
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(50)
    for row in rows.all_inner_texts():
        assert "EMEA" in row
        assert re.search(r"•••• \d{4}", row)
        assert not re.search(r"\d{12,}", row)
    page.goto(demo.app_url() + "/chart")
    assert page.locator("svg rect").count() > 10


@pytest.mark.req("IN7")
def test_09_another_region_sees_other_rows(demo: Demo, browser: Browser) -> None:
    page = Visitor(browser, demo, "apac.user@example.com").open(demo.app_url())
    assert "APAC" in page.inner_text("tbody")
    assert "EMEA" not in page.inner_text("tbody")


@pytest.mark.req("IN7")
def test_10_a_refund_is_written_for_the_persons_own_region(demo: Demo, support: Visitor) -> None:
    page = support.open(demo.app_url())
    page.click("tbody a >> nth=0")
    page.fill("input[name=amount]", "12.50")
    page.fill("input[name=reason]", "arrived broken")
    page.click("button:has-text('Refund')")
    assert "12.50: arrived broken (user@example.com)" in page.inner_text("ul")


@pytest.mark.req("SE2")
def test_10_the_password_of_the_orders_is_rotated_while_the_app_queries_them(
    demo: Demo, home: Path, support: Visitor
) -> None:
    rule = {"kind": "postgresql", "host": "127.0.0.1", "port": demo.port + 3, "database": "orders"}
    file = home / "rotation.yaml"
    file.write_text(json.dumps({"owner": "user:it@example.com", "source": {**rule, "roles": ["orders_app"]}}))
    demo.cli("admin", "secret", "declare", "orders-db-password", str(file), "--reason", "once a month")
    over, codes = threading.Event(), list[int]()
    with support.client() as client:

        def query() -> None:
            while not over.is_set():
                codes.append(client.get("/").status_code)

        thread = threading.Thread(target=query)
        thread.start()
        try:
            demo.cli("admin", "secret", "rotate", "orders-db-password", "--reason", "somebody left")
            until(lambda: "done to version 2" in demo.cli("admin", "secret", "show", "orders-db-password").stdout)
        finally:
            over.set()
            thread.join(60)
        codes.append(client.get("/").status_code)
    assert set(codes) == {200}
    assert len(codes) > 1


@pytest.mark.req("RT2", "OB1")
def test_11_an_undeclared_name_fails_at_once_and_shows_up_on_the_apps_page(
    demo: Demo, support: Visitor, admin: Visitor, eventually: Eventually
) -> None:
    answer = support.client().get("/lookup/exfiltrate.example").json()
    assert "refused" in answer

    def look() -> bool:
        return "exfiltrate.example is not declared" in admin.console(f"/apps/{APP}").inner_text("main")

    eventually(look, 20, "the refused call on the app's page")


@pytest.mark.req("OB2", "IN3")
def test_12_the_audit_says_who_ran_which_query(demo: Demo, eventually: Eventually) -> None:
    def found() -> str:
        return demo.cli("auditor", "audit", "search", "--app", APP, "--action", "query.executed").stdout

    eventually(lambda: "user:user@example.com through app:finance/refund-desk release rel_" in found(), 20, "the query")
    assert re.search(r"trace [0-9a-f]{32}  query.executed integration:orders-db", found())


@pytest.mark.req("OB2")
def test_13_the_log_verifies_offline_and_a_changed_byte_is_named(demo: Demo, home: Path) -> None:
    export = home / "audit.ndjson"
    demo.cli("auditor", "audit", "export", "--out", str(export))
    key = demo.ready["audit_public_key"]
    good = subprocess.run(
        [BAILIWICK, "audit", "verify", "--export", str(export), "--key", key],
        capture_output=True,
        text=True,
        check=False,
    )
    assert good.returncode == 0, good.stdout + good.stderr
    assert good.stdout.startswith("intact")
    lines = export.read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if "app.created" in line and "refund-desk" in line)
    export.write_text(
        "".join([*lines[:place], lines[place].replace("refund-desk", "refund-disk"), *lines[place + 1 :]])
    )
    bad = subprocess.run(
        [BAILIWICK, "audit", "verify", "--export", str(export), "--key", key],
        capture_output=True,
        text=True,
        check=False,
    )
    assert bad.returncode == 1
    assert f"event {json.loads(lines[place])['sequence']} was changed" in bad.stdout


@pytest.mark.req("DG7", "VA2", "VA3")
def test_13_what_runs_is_verified_by_a_stranger_and_attested_by_its_plane(
    demo: Demo, home: Path, eventually: Eventually
) -> None:
    bundle, keys = home / "release.tar", home / "keys.json"
    demo.cli("builder", "attest", "export", APP, "--out", str(bundle))
    keys.write_text(demo.cli("user", "key", "list", "--json").stdout)
    command = [BAILIWICK, "attest", "verify", str(bundle), "--keys", str(keys), "--app", APP, "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert told["approvers"] == ["user:admin@example.com"]
    assert told["dependencies"].startswith("sha256:")
    kinds = {item["predicateType"] for item in told["statements"]}
    assert {"https://slsa.dev/provenance/v1", "https://cyclonedx.org/bom"} < kinds

    def attested() -> bool:
        found = json.loads(demo.cli("builder", "attest", "running", APP, "--json", ok=False).stdout)["attestations"]
        return {item["mode"] for item in found if item["good"]} == {"preview", "production"}

    eventually(attested, 60, "attestations of both modes")


@pytest.mark.req("ID1")
def test_14_who_can_names_people_and_policies(demo: Demo) -> None:
    said = demo.cli("admin", "who-can", "app.kill", f"app:{APP}").stdout
    assert re.search(r"user:admin@example.com\s+organisation-administrators", said)
    assert "user:user@example.com" not in said


@pytest.mark.req("RT5")
def test_15_the_kill_switch_stops_it_everywhere_and_a_person_brings_it_back(
    demo: Demo, admin: Visitor, support: Visitor, eventually: Eventually
) -> None:
    client = support.client()
    assert client.get("/healthz").status_code == 200
    page = admin.console(f"/apps/{APP}")
    page.fill("#kill input[name=reason]", "a test of the kill switch")
    page.click("#kill button")
    time.sleep(0.25)
    stopped = client.get("/healthz")
    assert stopped.status_code == 503
    assert "a test of the kill switch" in stopped.text
    refused = demo.cli("builder", "revive", APP, "--reason", "please", ok=False)
    assert refused.returncode == 1
    assert demo.cli("admin", "revive", APP, ok=False).returncode == 1
    demo.cli("admin", "revive", APP, "--reason", "it was only a test")
    eventually(lambda: client.get("/healthz").status_code == 200, 30, "the app after its revival")


@pytest.mark.req("RT4")
def test_16_an_app_that_fails_is_stopped_by_itself_with_its_evidence(
    demo: Demo, admin: Visitor, support: Visitor, eventually: Eventually
) -> None:
    client = support.client()
    client.post("/fail/on")
    codes = [client.get("/").status_code for _ in range(10)]
    assert codes[:8] == [500] * 8
    eventually(lambda: client.get("/").status_code == 503, 1, "the automatic stop")
    eventually(lambda: "Evidence of the stop" in admin.console(f"/apps/{APP}").inner_text("main"), 20, "the evidence")
    seen = admin.page.inner_text("main")
    assert "8 requests in a row failed" in seen
    assert "consecutive_errors" in seen
    demo.cli("admin", "revive", APP, "--reason", "the switch was on")
    eventually(lambda: client.get("/healthz").status_code == 200, 30, "the app after its revival")


@pytest.mark.req("DM5", "OB2", "DG4")
def test_17_production_serves_without_the_control_plane_and_loses_no_event(
    demo: Demo, support: Visitor, eventually: Eventually
) -> None:
    client = support.client()
    os.kill(demo.ready["pids"]["control"], signal.SIGSTOP)
    try:
        answers = [client.get(f"/whoami?n={number}") for number in range(5)]
    finally:
        os.kill(demo.ready["pids"]["control"], signal.SIGCONT)
    assert [answer.status_code for answer in answers] == [200] * 5
    assert answers[0].json()["x-bailiwick-user"] == "user@example.com"

    def served() -> int:
        found = demo.cli(
            "auditor", "audit", "search", "--app", APP, "--action", "request.served", "--limit", "200", "--json"
        )
        return sum(event["context"]["path"] == "/whoami" for event in json.loads(found.stdout)["events"])

    eventually(lambda: served() >= 5, 30, "the events of the silence")
    time.sleep(1)
    assert served() == 5


@pytest.mark.req("RT7")
def test_18_a_job_runs_in_a_sandbox_of_its_own(demo: Demo, eventually: Eventually) -> None:
    demo.cli("builder", "job", "run", APP, "nightly")

    def ended() -> list[dict[str, Any]]:
        runs = json.loads(demo.cli("builder", "app", "show", APP, "--json").stdout)["job_runs"]
        return [run for run in runs if run["status"] != "running"]

    run = eventually(ended, 30, "the job")[0]
    assert run["status"] == "succeeded", run
    assert "nightly report at" in " ".join(run["log_lines"])


@pytest.mark.req("DG1")
def test_19_a_later_deploy_is_approved_on_the_command_line(demo: Demo, home: Path, eventually: Eventually) -> None:
    folder = sample(home, "second")
    (folder / "README.md").write_text("# Refund desk\n\nChanged.\n")
    subprocess.run(
        ["git", "-c", "user.name=b", "-c", "user.email=b@example.com", "commit", "-qam", "Change the words"],
        cwd=folder,
        check=True,
    )
    assert push(demo, folder).returncode == 0
    made = json.loads(demo.cli("builder", "deploy", APP, "--json").stdout)
    assert not made["first_deploy"]
    done = demo.cli("approver", "approve", made["id"], "--reason", "words only")
    assert "released" in done.stdout
    wait_until_running(demo, "production", eventually)


@pytest.mark.req("RV1", "ID1")
def test_20_doors_stay_shut_for_others(demo: Demo, home: Path) -> None:
    folder = sample(home, "second")
    assert push(demo, folder, role="user").returncode != 0
    forged = subprocess.run(
        ["git", "push", f"http://x:bwt_forged@127.0.0.1:{demo.port}/git/{APP}.git", "HEAD:main"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
    )
    assert forged.returncode != 0
    assert httpx2.get(demo.ready["api_url"] + "/apps").status_code == 401
    with demo.api("user") as api:
        problem = api.post("/kill/" + APP, json={"reason": "x"})
        assert problem.status_code in {403, 404}
        assert problem.headers["content-type"] == "application/problem+json"


@pytest.mark.req("RT1")
def test_21_anyone_gets_the_same_sandbox_from_the_command_line(home: Path) -> None:
    state = home / "cli"
    state.mkdir()
    state.chmod(0o755)
    command = [BAILIWICK, "sandbox", "run", "--state", str(state), "--", "sh", "-c", "cat /etc/shadow || id -u; exit 7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 7, done.stderr
    assert "1000" in done.stdout


@pytest.mark.req("ID2")
def test_22_the_command_line_signs_in_through_the_browser(demo: Demo, home: Path, builder: Visitor) -> None:
    kept = home / "credentials.json"
    environment = {name: value for name, value in os.environ.items() if name != "BAILIWICK_TOKEN"}
    environment |= {"BAILIWICK_URL": demo.ready["console_url"], "BAILIWICK_CREDENTIALS": str(kept)}
    asked = subprocess.Popen([BAILIWICK, "login", "--no-browser"], stdout=subprocess.PIPE, text=True, env=environment)
    assert asked.stdout is not None
    address = next(line.strip() for line in asked.stdout if "/oauth/authorize?" in line)
    builder.console("/")
    page = builder.open(address)
    page.click("button:has-text('Yes, let it in')")
    assert "You are user:builder@example.com" in asked.communicate(timeout=30)[0]
    assert asked.returncode == 0
    assert kept.stat().st_mode & 0o077 == 0
    listed = subprocess.run([BAILIWICK, "app", "list"], env=environment, capture_output=True, text=True, check=True)
    assert APP in listed.stdout
    assert builder.faults == []


@pytest.mark.req("ID5", "RT5")
def test_23_what_was_taken_away_is_refused_from_the_answer_on(demo: Demo, browser: Browser) -> None:
    person = "auditor@example.com"
    resource = f"app:{APP}"
    visitor = Visitor(browser, demo, person)
    demo.cli("admin", "role", "assign", "app-user", f"user:{person}", resource)
    visitor.open(demo.app_url())
    client = visitor.client()
    with demo.api("admin") as api:
        for _ in range(5):
            assert client.get("/whoami").status_code == 200
            role = {"role": "app-user", "holder": f"user:{person}", "scope": resource}
            assert api.post("/roles/remove", json={**role, "reason": "a check"}).status_code < 300
            refused = client.get("/whoami")
            assert refused.status_code == 403
            assert "default-deny" in refused.text
            assert api.post("/roles", json=role).status_code < 300
