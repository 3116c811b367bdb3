"""Apps on Node in a real sandbox: reached through the router, packages from hashes, calls that carry the trace."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from bailiwick.core.messages import IntegrationState
from bailiwick.dataplane.router import Router, serve
from bailiwick.runtimes import find_node
from tests.fixtures.fetched import ASSETS
from tests.fixtures.model_gateway import model
from tests.fixtures.model_server import WORDS, model_server
from tests.fixtures.npm import tarballs
from tests.fixtures.plane import PlaneHouse

NODE = find_node()
NODE_VERSION = f"v{NODE.version}" if NODE else ""
MANIFEST = f"""[app]
name = "desk"
purpose = "Shows what an app on Node can do"
runtime = "{NODE.name if NODE else "node"}"
entrypoint = "server.js"

[limits]
memory = "384MiB"
cpu = 1.0
"""
LOCKED = {"package-lock.json": (ASSETS / "node-app" / "package-lock.json").read_text()}
USES = '[integrations.orders]\nuse = "orders-db"\naccess = ["orders:read"]\n'
EXPRESS = """
const { execFileSync, fork, spawn } = require("node:child_process");
const { Worker } = require("node:worker_threads");
const express = require("express");
const app = express();
app.get("/", (request, response) =>
  response.json({ who: request.get("x-bailiwick-user"), ip: request.ip, at: server.address().port }));
const outcome = (child, good) => new Promise((resolve) => {
  child.on("error", (fault) => resolve(fault.code)).on(good, (said) => resolve(String(said).trim()));
});
app.get("/programs", async (request, response) => {
  const ways = {
    spawn: () => outcome(spawn(process.execPath, ["--version"]).stdout, "data"),
    exec: () => execFileSync("/bin/sh", ["-c", "id"]),
    fork: () => outcome(fork("other.js"), "exit"),
    worker: () => outcome(new Worker(POSTS, { eval: true }), "message"),
  };
  const tried = {};
  for (const [name, way] of Object.entries(ways)) {
    try { tried[name] = await way(); } catch (fault) { tried[name] = fault.code; }
  }
  response.status(500).json(tried); // so that the plane looks at once what was refused
});
const POSTS = 'require("worker_threads").parentPort.postMessage("worked")';
const server = app.listen(process.env.PORT || 3000, () => console.log("at", server.address().port));
"""
# One connection for all, in an ES module, by each way that programs take.
ORDERS = """
import http from "node:http";
import Cursor from "pg-cursor";
import pg from "pg";

const TEXT = "SELECT DISTINCT region FROM orders";
const pool = new pg.Pool({ connectionString: process.env.ORDERS_URL, max: 1 });
const told = ({ rows }) => rows.map((row) => row.region).join();
const ways = {
  "/pool": async () => told(await pool.query(TEXT)),
  "/object": async () => told(await pool.query({ text: `${TEXT} WHERE id > $1`, values: [0] })),
  "/named": async () => told(await pool.query({ name: "regions", text: TEXT })),
  "/client": async () => {
    const client = await pool.connect();
    try { return told(await client.query(TEXT)); } finally { client.release(); }
  },
  "/callbacks": () => new Promise((resolve, reject) => {
    pool.connect((fault, client, release) => {
      if (fault) return reject(fault);
      client.query("SELECT count(*) FROM orders", (first) => {
        if (first) { release(); return reject(first); }
        client.query(TEXT, [], (second, result) => { release(); second ? reject(second) : resolve(told(result)); });
      });
    });
  }),
  "/cursor": async () => {
    const client = await pool.connect();
    try {
      const cursor = client.query(new Cursor(TEXT));
      const rows = await cursor.read(10);
      await cursor.close();
      return told({ rows });
    } finally { client.release(); }
  },
  // What is told of a body's end comes from the socket, which serves many requests.
  "/body": (request) => new Promise((resolve, reject) => {
    request.on("data", () => {}).on("end", () => ways["/pool"]().then(resolve, reject));
  }),
  "/start": () => atStart,
};
const atStart = ways["/pool"]().catch((fault) => fault.message);
http.createServer(async (request, response) => {
  try { response.end(await ways[request.url](request)); } catch (fault) { response.writeHead(500).end(fault.message); }
}).listen(process.env.PORT);
"""
WRITES = """
const http = require("node:http");
console.log("begins");
http.createServer((request, answer) => {
  console.log("asked for " + request.url + "\\nwith two lines");
  setTimeout(() => { console.error("later"); answer.end(request.headers.traceparent); }, 5);
}).listen(process.env.PORT);
"""
MODELS = """
const http = require("node:http");
const undici = require("undici");
const url = `${process.env.OPENAI_BASE_URL}/chat/completions`;
const asked = {
  method: "POST", headers: { "content-type": "application/json" },
  body: JSON.stringify({ model: "default", messages: [{ role: "user", content: "where is it?" }] }),
};
const ways = {
  fetch: async () => (await fetch(url, asked)).json(),
  undici: async () => (await undici.request(url, asked)).body.json(),
  http: () => new Promise((resolve, reject) => {
    const call = http.request(url, asked, (answer) => {
      let text = "";
      answer.on("data", (piece) => (text += piece)).on("end", () => resolve(JSON.parse(text)));
    });
    call.on("error", reject).end(asked.body);
  }),
};
http.createServer(async (request, response) => {
  const said = await ways[request.url.slice(1)]();
  response.end(said.choices?.[0].message.content ?? JSON.stringify(said));
}).listen({ port: process.env.PORT, host: "0.0.0.0" });
"""


@pytest.fixture
async def house(new_house: Callable[..., PlaneHouse]) -> AsyncIterator[PlaneHouse]:
    house = new_house(wheels=tarballs("node-app"))
    server = await serve(Router(house.plane._router_parts()), "127.0.0.1", 0)
    house.port = server.sockets[0].getsockname()[1]
    yield house
    server.close()


@pytest.mark.req("RT7", "RT1")
async def test_express_is_served_and_starts_no_programs(house: PlaneHouse) -> None:
    await house.until_running(house.release({"server.js": EXPRESS, **LOCKED}, manifest=MANIFEST))
    assert (await house.get("/")).json() == {"who": "user@example.com", "ip": "127.0.0.1", "at": 8080}
    tried = (await house.get("/programs")).json()
    assert tried == {"spawn": "EPERM", "exec": "EPERM", "fork": "EPERM", "worker": "worked"}
    words = "the system call execve: it would start a program, for which the capability process-spawning is not open"
    await house.until(lambda: [item for item in house.events("system-call.refused") if item.reason == words])


@pytest.mark.req("RV6", "RT7")
async def test_an_app_on_node_starts_programs_where_that_is_open(house: PlaneHouse) -> None:
    state = house.release({"server.js": EXPRESS, **LOCKED}, manifest=MANIFEST, capabilities=("process-spawning",))
    await house.until_running(state)
    assert (await house.get("/programs")).json()["spawn"] == NODE_VERSION


@pytest.mark.req("RT7", "IN3", "IN7")
async def test_each_way_to_ask_pg_asks_as_the_person_of_the_request(
    house: PlaneHouse, orders: IntegrationState
) -> None:
    files = {"server.js": ORDERS, "package.json": '{"type": "module"}', **LOCKED}
    await house.until_running(house.release(files, manifest=MANIFEST + USES, integrations=(orders,)))
    ways = ("pool", "object", "named", "client", "callbacks", "cursor", "body")
    wanted = [(way, region) for way in ways for region in ("EMEA", "APAC")]
    # All at once and through one connection, so that each waits for what another one holds.
    answers = await asyncio.gather(*(house.get(f"/{way}", region=region) for way, region in wanted))
    assert [(way, answer.text) for (way, _), answer in zip(wanted, answers, strict=True)] == wanted
    # Asked before any request: as the app itself, which has no region.
    assert "no person with one is behind this statement" in (await house.get("/start")).text
    assert [event.actor for event in house.events("query.refused")] == ["app:finance/desk"]
    queries = house.events("query.executed")
    assert {event.actor for event in queries} == {"user:user@example.com"}
    assert len({event.trace for event in queries}) == len(wanted)


@pytest.mark.req("AI1", "RT7")
async def test_calls_to_models_are_made_for_the_person_of_the_request(house: PlaneHouse) -> None:
    with model_server() as server:
        house.models = (model(url=server.url, has_key=False),)
        manifest = MANIFEST + '[models.default]\nuse = "support-model"\n'
        await house.until_running(house.release({"server.js": MODELS, **LOCKED}, manifest=manifest))
        for way in ("fetch", "http", "undici"):
            assert (await house.get(f"/{way}")).text == "".join(WORDS)
        assert [event.actor for event in house.events("model.called")] == ["user:user@example.com"] * 3


@pytest.mark.req("OB4")
async def test_what_is_written_for_a_request_is_kept_with_its_trace(house: PlaneHouse) -> None:
    await house.until_running(house.release({"server.js": WRITES, **LOCKED}, manifest=MANIFEST))
    trace = (await house.get("/one")).text.split("-")[1]
    output = house.plane._outputs.of(("finance/desk", "production"))
    await house.until(lambda: [line for line in output.lines if line.text == "later"])
    found = [(line.text, line.trace) for line in output.lines]
    assert found == [("begins", ""), ("asked for /one", trace), ("with two lines", trace), ("later", trace)]
