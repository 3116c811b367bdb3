"""Apps, jobs and workers at the level gvisor: served, sleeping, limited and killed as at any other."""

import os
import time

import pytest

from bailiwick.core.guardrails import ErrorRails, Guardrails, IsolationRails
from bailiwick.core.messages import AttestationReport, IntegrationState, JobReport, RunJobOrder
from bailiwick.dataplane.sandbox import levels_here
from bailiwick.runtimes import find_node
from tests.fixtures.plane import APP, MANIFEST, PlaneHouse

pytestmark = pytest.mark.skipif("gvisor" not in levels_here(), reason="this host has no gVisor")
GVISOR = Guardrails(isolation=IsolationRails(level="gvisor"), errors=ErrorRails(spike_ratio=0, consecutive_errors=1000))
USES = '\n[integrations.orders]\nuse = "orders-db"\naccess = ["orders:read"]\n'
LIMITS = '\n[limits]\nmemory = "96MiB"\nidle_minutes = 5\n'
WORKS = """
[jobs.count]
schedule = "0 2 * * *"
run = "work:count"

[workers.mail]
run = "work:handle"
"""
APP_CODE = """
import http.client, os, psycopg, socket, urllib.parse

kept = []

def post(text):
    connection = http.client.HTTPConnection(os.environ["BAILIWICK_QUEUE_URL"].partition("//")[2])
    connection.request("POST", "/mail", text.encode())
    return connection.getresponse().status

def app(environ, start_response):
    path, said = environ["PATH_INFO"], os.uname().release
    if path == "/regions":
        with psycopg.connect(os.environ["ORDERS_URL"]) as connection:
            said = ",".join(row[0] for row in connection.execute("SELECT DISTINCT region FROM orders").fetchall())
    if path == "/greedy":
        kept.append(b"x" * 2**28)
    if path == "/program":
        try:
            said = str(os.fork())
        except PermissionError:
            said = "refused"
    if path == "/host":
        try:
            socket.create_connection(("pypi.org", 443), 5)
        except OSError as fault:
            said = type(fault).__name__
    if path == "/mail":
        said = str(post('"a message"'))
    start_response("200 OK", [("content-type", "text/plain")])
    return [said.encode()]
"""
WORK = """
import os

def count():
    print("counted in", os.uname().release)

def handle(message):
    print("handled", message, "in", os.uname().release)
"""


@pytest.mark.req("RT1", "RT2", "RT7", "IN3")
@pytest.mark.parametrize("mode", ["preview", "production"])
async def test_an_app_is_served_with_its_database_and_nothing_else(
    house: PlaneHouse, orders: IntegrationState, mode: str
) -> None:
    state = house.release(
        {"app.py": APP_CODE}, manifest=MANIFEST + USES, integrations=(orders,), guardrails=GVISOR, mode=mode
    )
    await house.until_running(state)
    assert (await house.get("/", mode)).text not in {"", os.uname().release}
    for region in ("EMEA", "APAC"):
        assert (await house.get("/regions", mode, region=region)).text == region
    assert {event.actor for event in house.events("query.executed")} == {"user:user@example.com"}
    assert (await house.get("/program", mode)).text == "refused"
    assert (await house.get("/host", mode)).text == "gaierror"
    assert await house.until_event("egress.refused")
    if mode == "production":
        attested = next(item for item in house.reports() if isinstance(item, AttestationReport))
        assert b'"gvisor: gVisor ' in attested.envelope.payload_bytes()


@pytest.mark.req("RT1", "RT5", "RT6", "RT7")
async def test_it_changes_levels_sleeps_wakes_is_limited_and_is_killed(house: PlaneHouse) -> None:
    state = house.release({"app.py": APP_CODE}, manifest=MANIFEST + LIMITS)
    await house.until_running(state)
    assert (await house.get("/")).text == os.uname().release
    raised = state.model_copy(update={"guardrails": GVISOR})
    await house.serve(raised)
    await house.until(lambda: [item.status for item in house.statuses()].count("running") == 2)
    assert (await house.get("/")).text != os.uname().release
    house.plane._host.put_to_sleep(time.monotonic() + 301)
    site = house.plane._sites.find("desk-production.apps.localhost")
    assert site is not None and site.condition == "asleep"
    assert (await house.get("/")).status_code == 200
    assert (await house.get("/greedy")).status_code == 502
    assert "96 MiB of memory reached" in (await house.until_event("limit.reached")).reason
    await house.until(lambda: [item.status for item in house.statuses()].count("running") > 3)
    sandbox = house.plane._host._served[(APP, "production")].instance.sandbox  # type: ignore[union-attr]
    began = time.monotonic()
    await house.kill("production")
    await house.until(lambda: sandbox.is_over)
    assert time.monotonic() - began < 5
    assert (await house.get("/")).status_code == 503


@pytest.mark.req("RT1", "RT7")
async def test_jobs_and_workers_run_at_the_level_of_their_app(house: PlaneHouse) -> None:
    files = {"app.py": APP_CODE, "work.py": WORK}
    await house.until_running(house.release(files, manifest=MANIFEST + WORKS, guardrails=GVISOR))
    await house.plane._take(
        RunJobOrder.model_validate({"app": APP, "job": "count", "run": "run_1", "asked_by": "user:a"})
    )
    ended: JobReport = await house.until_job("run_1")
    assert ended.status == "succeeded", ended
    assert (await house.get("/mail")).text == "202"

    (kept,) = house.plane._host.workers._kept[(APP, "production")].values()

    def handled() -> str | None:
        lines = kept.instance.logs if kept.instance is not None else ()
        return next((line for line in lines if line.startswith("handled a message in")), None)

    said = [*ended.log_lines, await house.until(handled)]
    assert len(said) == 2
    assert not any(line.endswith(os.uname().release) for line in said), said


NODE = """
const { spawnSync } = require("node:child_process");
const http = require("node:http");
const os = require("node:os");
http.createServer((request, response) => {
  const { error } = spawnSync(process.execPath, ["--version"]);
  response.end(`${os.release()} ${error && error.code}`);
}).listen(process.env.PORT);
"""


@pytest.mark.skipif(find_node() is None, reason="this host has no Node")
@pytest.mark.req("RT1", "RT7")
async def test_an_app_on_node_is_served_and_starts_no_process(house: PlaneHouse) -> None:
    node = find_node()
    assert node is not None
    manifest = MANIFEST.replace("python3", node.name).replace("app:app", "server.js")
    state = house.release({"server.js": NODE}, manifest=f'{manifest}\n[limits]\nmemory = "384MiB"\n', guardrails=GVISOR)
    await house.until_running(state)
    release, refused = (await house.get("/")).text.split()
    assert release != os.uname().release
    assert refused in {"EPERM", "EACCES"}
