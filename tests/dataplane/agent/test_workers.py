"""Workers at a data plane: messages are handled as the app, again when they fail, and end with it when it is killed."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator

import pytest

from bailiwick.core.messages import EnqueueOrder, RunJobOrder, WorkerReport
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.queues import Place
from tests.fixtures.model_gateway import model
from tests.fixtures.model_server import WORDS, ModelServer, model_server
from tests.fixtures.plane import APP, MANIFEST, PlaneHouse

WITH_WORKER = f"""{MANIFEST}
[workers.mail]
run = "work:handle"
retry_seconds = 1
"""
APP_CODE = """
import json, os, urllib.error, urllib.parse, http.client

def post(path, body):
    connection = http.client.HTTPConnection(os.environ["BAILIWICK_QUEUE_URL"].partition("//")[2])
    connection.request("POST", path, body.encode())
    answer = connection.getresponse()
    return answer.status, answer.read().decode()

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    path, _, query = scope["path"], 0, urllib.parse.unquote(scope["query_string"].decode())
    status, said = post(path, query)
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": said.encode()})
"""
WORKER = """
import os

def handle(message):
    if message == "bad":
        raise ValueError("it is bad")
    if message == "die":
        os._exit(9)
    print("handled", message)
"""


async def serving(house: PlaneHouse, worker: str = WORKER, more: str = "", **fields: object) -> None:
    state = house.release({"app.py": APP_CODE, "work.py": worker}, manifest=WITH_WORKER + more, **fields)
    await house.until_running(state)


async def told(house: PlaneHouse, *, lines: tuple[str, ...] = (), **wanted: object) -> WorkerReport:
    """Wait until the worker was said to be so."""

    def look() -> WorkerReport | None:
        found = [item for item in house.reports() if isinstance(item, WorkerReport)]
        fits = (
            item
            for item in reversed(found)
            if wanted.items() <= item.model_dump().items() and set(lines) <= set(item.log_lines)
        )
        return next(fits, None)

    ticks = asyncio.create_task(_tell_on(house))
    try:
        return await house.until(look)
    finally:
        ticks.cancel()


async def _tell_on(house: PlaneHouse) -> None:
    """Tell of workers as the plane does with each tick, but more often."""
    while True:
        for kept in house.plane._host.workers._kept.get((APP, "production"), {}).values():
            await house.plane._host.workers._tell(kept)
        await asyncio.sleep(0.05)


@pytest.mark.req("RT7", "IN3")
async def test_a_message_is_handled_as_the_app_and_remembers_whose_request_made_it(house: PlaneHouse) -> None:
    await serving(house)
    answer = await house.get('/mail?{"to":"x"}')
    assert answer.status_code == 202
    report = await told(house, lines=("handled {'to': 'x'}",), waiting=0, taken=0, status="running")
    assert report.dead == 0
    queued, handled = await house.until_event("message.queued"), await house.until_event("message.handled")
    assert (queued.actor, handled.actor) == ("user:user@example.com", f"app:{APP}")
    assert handled.context["queued_by"] == "user:user@example.com"
    assert handled.context["queued_trace"] == queued.trace != handled.trace
    assert handled.context["message"] == json.loads(answer.text)["id"]


@pytest.mark.req("RT7")
@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/mail?{", 400, "a message is JSON"),
        ("/other?1", 404, "there is no worker 'other'"),
        ("/-/next?", 403, "only a worker takes messages"),
        ("/-/done?{}", 403, "only a worker takes messages"),
    ],
)
async def test_the_web_server_puts_messages_in_and_takes_none_out(
    house: PlaneHouse, path: str, status: int, words: str
) -> None:
    await serving(house)
    answer = await house.get(path)
    assert (answer.status_code, words in answer.text) == (status, True)


BORROWS = """
import http.client, os

def borrow():
    for trace in ("1" * 32, "2" * 32, "3" * 32):
        connection = http.client.HTTPConnection(os.environ["BAILIWICK_QUEUE_URL"].partition("//")[2])
        connection.request("POST", "/mail", "1", {"traceparent": f"00-{trace}-{'1' * 16}-01"})
        answer = connection.getresponse()
        print(answer.status, answer.read().decode())
"""


@pytest.mark.req("RT7", "IN3")
async def test_nobody_is_named_but_whose_request_of_this_app_is_in_flight(house: PlaneHouse) -> None:
    jobs = '[jobs.borrow]\nschedule = "0 2 * * *"\nrun = "borrows:borrow"\n'
    files = {"app.py": APP_CODE, "work.py": WORKER, "borrows.py": BORROWS}
    await house.until_running(house.release(files, manifest=WITH_WORKER + jobs))
    person = Identity.of_service(Principal.parse("user:ada@example.com"))
    house.plane._calls.begin(Call(person, APP, "rel_1", "1" * 32))
    house.plane._calls.begin(Call(person, "finance/other", "rel_1", "2" * 32))
    await house.plane._take(RunJobOrder(app=APP, job="borrow", run="run_1", asked_by="user:b@example.com"))
    own, other, unknown = (await house.until_job("run_1")).log_lines
    assert own.startswith("202")
    assert other.startswith("403") and "is of another app" in other
    assert unknown.startswith("403") and "belongs to no request in flight" in unknown
    assert [item.actor for item in house.events("message.queued")] == ["user:ada@example.com"]


@pytest.mark.req("RT7")
async def test_what_fails_is_tried_again_then_given_up_and_brought_back_by_hand(house: PlaneHouse) -> None:
    await serving(house, more="retries = 1\n")
    await house.get('/mail?"bad"')
    report = await told(house, dead=1)
    (letter,) = report.letters
    assert (letter.attempts, letter.words, letter.queued_by) == (2, "ValueError: it is bad", "user:user@example.com")
    assert (await house.until_event("message.given-up")).reason == "ValueError: it is bad"
    await house.plane._take(EnqueueOrder(app=APP, mode="production", worker="mail", revive=True, asked_by="user:a@b.c"))
    await house.until(lambda: len(house.events("message.given-up")) == 2)


@pytest.mark.req("RT7")
async def test_a_worker_that_dies_is_started_again_and_gets_what_it_had(house: PlaneHouse) -> None:
    await serving(house)
    await house.get('/mail?"die"')
    ended = await told(house, status="failed")
    assert "ended by itself with code 9" in ended.words
    # A message by hand is behind it, and is handled all the same.
    by_hand = EnqueueOrder(app=APP, mode="production", worker="mail", message='"after"', asked_by="user:a@b.c")
    await house.plane._take(by_hand)
    await told(house, lines=("handled after",))


@pytest.mark.req("RT7", "RT5")
async def test_a_kill_ends_workers_and_what_they_had_waits_for_the_revival(house: PlaneHouse) -> None:
    slow = "import time\ndef handle(message):\n    print('begun', message)\n    time.sleep(600)\n"
    await serving(house, slow)
    await house.get("/mail?7")
    await told(house, taken=1, lines=("begun 7",))
    worker = house.plane._host.workers._kept[APP, "production"]["mail"].instance
    assert worker is not None
    await house.kill("production")
    with pytest.raises(ProcessLookupError):
        os.kill(worker.sandbox.inner_pid, signal.SIG_DFL)
    counts = house.plane._host.workers.queues.store.counts(Place(APP, "production", "mail"))
    assert (counts.waiting, counts.taken) == (1, 0)
    assert house.plane._host.workers._kept == {}


@pytest.mark.req("RT7", "RT6")
async def test_a_message_that_takes_too_long_is_given_to_another_start(house: PlaneHouse) -> None:
    slow = "import time\ndef handle(message):\n    time.sleep(600)\n"
    await serving(house, slow, "timeout_seconds = 1\nretries = 0\n")
    await house.get("/mail?7")
    ended = await told(house, status="failed")
    assert "was not done within 1 s (timeout_seconds)" in ended.words
    await told(house, dead=1)


AGENT = """[app]
name = "desk"
purpose = "Answers questions with a model"
kind = "agent"

[models.default]
use = "support-model"

[workers.tasks]
run = "work:think"
steps = 2
retries = 0
"""
THINKS = """
import json, os, urllib.request

def ask():
    body = json.dumps({"model": "default", "messages": [{"role": "user", "content": "next?"}]}).encode()
    asked = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", body)
    asked.add_header("content-type", "application/json")
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)["choices"][0]["message"]["content"]

def think(task):
    for _ in range(task["steps"]):
        print("thought:", ask())
"""


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.mark.req("RT7", "AI1", "IN3")
async def test_an_agent_works_with_a_model_as_the_app_under_the_trace_of_each_task_and_within_its_steps(
    house: PlaneHouse, server: ModelServer
) -> None:
    house.models = (model(url=server.url, has_key=False),)
    state = house.release({"work.py": THINKS}, manifest=AGENT)
    await house.until_running(state)
    page = await house.get("/")
    assert (page.status_code, "works by itself: there is nothing to open" in page.text) == (404, True)
    for steps in (2, 3):
        task = json.dumps({"steps": steps})
        order = EnqueueOrder(app=APP, mode="production", worker="tasks", message=task, asked_by="user:a@b.c")
        await house.plane._take(order)
    await told(house, lines=(f"thought: {''.join(WORDS)}",), dead=1)
    handled, given_up = await house.until_event("message.handled"), await house.until_event("message.given-up")
    assert (handled.context["steps"], handled.context["queued_by"]) == (2, "user:a@b.c")
    assert "403" in given_up.reason
    calls = house.events("model.called")
    assert [(item.actor, item.trace) for item in calls[:2]] == [(f"app:{APP}", handled.trace)] * 2
    assert (len(calls), calls[2].trace) == (4, given_up.trace)
