"""Calls through the model gateway, against the same calls to the same model's server directly, by turns in one run.

Gateway and server run in processes of their own on uvloop. The gateway knows the caller by a pass, asks policy, looks
through the body (that of a coding agent, 88 kB) for secrets, counts the budget on disk and makes its audit events.
LiteLLM's proxy, where `make bench-peers` installed it, passes the same calls on and looks through nothing.
"""

import asyncio
import http.client
import json
import multiprocessing
import os
import secrets
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import uvicorn
import uvloop

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import DesiredState, ModelState, SecretValue
from bailiwick.core.passes import issue_model_pass
from bailiwick.core.policy import PoliciesInForce
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.statements import SigningKey
from bailiwick.dataplane.agent.link import Link
from bailiwick.dataplane.models import PlaneModels
from benchmarks.peers import INSTALLED

_ROUNDS = int(os.environ.get("BAILIWICK_BENCH_MODEL_CALLS", "600"))
_SECONDS = 4.0
_ANN = Identity(Principal("user", "ann@example.com"), frozenset({"user:ann@example.com"}))
_SENTENCE = "def total(orders): return sum(order.amount for order in orders if order.status == 'paid')  # line\n"
_SAID = {"id": "c", "object": "chat.completion", "created": 1, "model": "nova-large",
         "choices": [{"index": 0, "message": {"role": "assistant", "content": "So."}, "finish_reason": "stop"}],
         "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}}  # fmt: skip
_EVENT = b'data: {"choices": [{"index": 0, "delta": {"content": "So"}}]}\n\n'


def measure() -> list[tuple[str, float, str]]:
    """Return what a call takes through the gateway, over what it takes directly; the figures are medians."""
    processes = multiprocessing.get_context("spawn")
    children = []
    try:
        with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
            url = _start(processes, children, _serve_model)
            key = SigningKey.generate()
            gateway = _start(processes, children, _serve_gateway, f"http://127.0.0.1:{url}/v1", key.public_text, home)
            token = issue_model_pass(_ANN, key, utc_now() + timedelta(hours=1), utc_now())
            rows = [_compare(url, gateway, token, streamed=streamed) for streamed in (False, True)]
            return rows + _beside_litellm(url, gateway, token, Path(home))
    finally:
        for child in children:
            child.terminate()
            child.join()


def _start(processes: Any, children: list[Any], serve: Any, *arguments: str) -> int:
    ours, its = processes.Pipe()
    child = processes.Process(target=serve, args=(its, *arguments))
    child.start()
    its.close()
    children.append(child)
    return int(ours.recv())


def _compare(direct: int, gateway: int, token: str, *, streamed: bool) -> tuple[str, float, str]:
    body = _asked(streamed=streamed)
    ways = [http.client.HTTPConnection("127.0.0.1", port) for port in (direct, gateway)]
    times: list[list[float]] = [[], []]
    for _ in range(_ROUNDS):
        for way, taken in zip(ways, times, strict=True):
            taken.append(_call(way, body, token))
    bare, ours = (statistics.median(taken) for taken in times)
    worst = statistics.quantiles(times[1], n=100)[98] - statistics.quantiles(times[0], n=100)[98]
    what = "first piece of a stream" if streamed else "whole answer"
    words = f"p50 {ours:.2f} ms against {bare:.2f} ms: {ours - bare:.2f} ms more, p99 {worst:.2f} ms; 88 kB asked"
    return f"model gateway / direct, {what}", ours / bare, words


def _beside_litellm(direct: int, gateway: int, token: str, home: Path) -> list[tuple[str, float, str]]:
    """Return calls a second, by eight at once, over those of LiteLLM's proxy before the same server, by turns."""
    program = INSTALLED / "litellm" / "bin" / "litellm"
    if not program.exists():
        return []
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    served = {"model": "openai/nova-large", "api_base": f"http://127.0.0.1:{direct}/v1", "api_key": "none-is-needed"}
    settings = {
        "model_list": [{"model_name": "large", "litellm_params": served}],
        "litellm_settings": {"telemetry": False},
    }
    (home / "litellm.yaml").write_text(json.dumps(settings))
    key = secrets.token_hex(16)
    command = [program, "--config", home / "litellm.yaml", "--host", "127.0.0.1", "--port", str(port)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                   "LITELLM_MASTER_KEY": f"sk-{key}"}  # fmt: skip
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            _wait_for(port)
            body = _asked(streamed=False)
            turns = [
                (_calls_a_second(gateway, body, token), _calls_a_second(port, body, f"sk-{key}")) for _ in range(4)
            ]
        finally:
            running.terminate()
    ours, its = (max(speeds) for speeds in zip(*turns[1:], strict=True))
    return [
        (
            "model gateway / LiteLLM's proxy, calls a second",
            ours / its,
            f"{ours:.0f}/s against {its:.0f}/s; 88 kB asked",
        )
    ]


def _wait_for(port: int) -> None:
    over = time.monotonic() + 120
    while time.monotonic() < over:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise TimeoutError("LiteLLM's proxy did not start")


def _calls_a_second(port: int, body: bytes, token: str) -> float:
    """Return how many calls a second eight callers get answers to, for some seconds."""
    over, done = time.monotonic() + _SECONDS, []

    def call_again() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while time.monotonic() < over:
            done.append(_call(connection, body, token))

    callers = [threading.Thread(target=call_again) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return len(done) / _SECONDS


def _asked(*, streamed: bool) -> bytes:
    messages = [{"role": "user", "content": _SENTENCE * 60} for _ in range(88_000 // (60 * len(_SENTENCE)))]
    return json.dumps({"model": "large", "stream": streamed, "messages": messages}).encode()


def _call(connection: http.client.HTTPConnection, body: bytes, token: str) -> float:
    """Return how many milliseconds pass until the answer's first bytes."""
    began = time.perf_counter()
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    connection.request("POST", "/v1/chat/completions", body, headers)
    answer = connection.getresponse()
    answer.read(1)
    taken = (time.perf_counter() - began) * 1000
    answer.read()
    assert answer.status == 200
    return taken


def _serve_model(parent: Pipe) -> None:
    async def app(_: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        streamed = b'"stream": true' in body
        kind = b"text/event-stream" if streamed else b"application/json"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        for _ in range(20 if streamed else 0):
            await send({"type": "http.response.body", "body": _EVENT, "more_body": True})
        last = b"data: [DONE]\n\n" if streamed else json.dumps(_SAID).encode()
        await send({"type": "http.response.body", "body": last})

    listener = socket.create_server(("127.0.0.1", 0))
    parent.send(listener.getsockname()[1])
    config = uvicorn.Config(
        app, access_log=False, log_level="error", lifespan="off", loop="uvloop", timeout_keep_alive=300
    )
    uvicorn.Server(config).run(sockets=[listener])


def _serve_gateway(parent: Pipe, url: str, pass_key: str, home: str) -> None:
    uvloop.run(_gateway(parent, url, pass_key, Path(home)))


def _link(pass_key: str, secret: Any) -> SimpleNamespace:
    return SimpleNamespace(model_key=None, model_pass=None, secret=secret, welcome=SimpleNamespace(pass_key=pass_key))


async def _gateway(parent: Pipe, url: str, pass_key: str, home: Path) -> None:
    model = ModelState(
        name="large", family="openai", url=url, model="nova-large", has_key=False, timeout_seconds=60,
        tokens_per_day=10**12, caller_tokens_per_day=10**12, caller_calls_per_day=10**9, most_output_tokens=1000,
        open_to=frozenset({"user:ann@example.com"}), roles={},
    )  # fmt: skip
    desired = DesiredState(
        version=1, plane="production", time=utc_now(), sign_in_url="", apps=(), epochs={}, models=(model,)
    )

    async def secret(name: str) -> SecretValue:
        return SecretValue(name=name, value="5a" * 32)

    models = PlaneModels(
        plane="production",
        state=home,
        link=cast(Link, _link(pass_key, secret)),
        engine=PoliciesInForce(environment="production"),
        desired=lambda: desired,
        secrets=lambda: ["a-password-of-a-database"],
        resolve=lambda _: None,
        emit=lambda _: None,
        report=lambda _: None,
        clock=utc_now,
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    await models.start("127.0.0.1", port)
    parent.send(port)
    await asyncio.Event().wait()
