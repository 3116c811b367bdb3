"""What apps write, kept at their plane within bounds and told to their builders only: masked, redacted, by trace."""

import asyncio
from collections import deque
from datetime import timedelta
from typing import Any

import pytest

from bailiwick.core.branches import instance_name
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ForbiddenError, NotAuthenticatedError, NotFoundError
from bailiwick.core.masking import Masker
from bailiwick.core.messages import AskOrder, LogAnswer, LogWanted, PlaneAnswer, RefusedAnswer, RowsWanted
from bailiwick.core.passes import Pass, issue_pass
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.agent.output import Outputs, Writer
from tests.fixtures.plane import APP, PlaneHouse

pytestmark = pytest.mark.req("OB4", "SE1")
SECRET = "a-value-of-the-vault"
KEY = ("finance/desk", "production")
WRITES = """
import logging, sys
logging.basicConfig(stream=sys.stderr, format="%(message)s")
print("begins")

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    print("asked for", scope["path"])
    logging.warning("of ada@shop.example\\nwith two lines")
    sys.stdout.write("\\x1e" + "f" * 32 + "\\x1eclaimed\\n")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": dict(scope["headers"])[b"traceparent"]})
"""


def asker(house: PlaneHouse, wanted: Any, who: str = "user:user@example.com", **fields: Any) -> AskOrder:
    """Return a question of somebody's as the control plane sends it."""
    identity = Identity(Principal.parse(who), frozenset({who}), {"region": "EMEA"})
    told = {"app": wanted.app, "mode": wanted.kind, "expires": utc_now() + timedelta(minutes=1), **fields}
    token = issue_pass(Pass(identity, told["app"], told["mode"], "", told["expires"]), house.keys.passes)
    return AskOrder(id="ask_1", plane="production", token=token, wanted=wanted)


async def ask(house: PlaneHouse, wanted: Any, who: str = "user:user@example.com", **fields: Any) -> Any:
    return await house.plane._questions.answer_to(asker(house, wanted, who, **fields))


async def told(house: PlaneHouse, **fields: Any) -> LogAnswer:
    answer = await ask(house, LogWanted(app=APP, mode="production", **fields))
    assert isinstance(answer, LogAnswer)
    return answer


def texts(answer: LogAnswer) -> list[str]:
    return [line.text for line in answer.lines]


async def test_a_builder_reads_what_the_app_wrote_and_by_which_request(house: PlaneHouse) -> None:
    state = house.release({"app.py": WRITES})
    await house.until_running(state)
    trace = (await house.get("/one")).text.split("-")[1]
    await told(house, text="claimed", wait_seconds=10)
    found = await told(house)
    # What the app claims of a line within a request is not believed over what the launcher wrote before it.
    claimed = f"\x1e{'f' * 32}\x1eclaimed"
    assert texts(found) == ["begins", "asked for /one", "of [EMAIL_1]", "with two lines", claimed]
    assert [line.trace for line in found.lines] == ["", trace, trace, trace, trace]
    assert {line.release for line in found.lines} == {state.release}
    assert texts(await told(house, trace=trace, last=1)) == [claimed]
    assert (await told(house, trace=trace, last=1)).more
    assert texts(await told(house, text="ASKED FOR")) == ["asked for /one"]
    assert texts(await told(house, since=utc_now() + timedelta(minutes=1))) == []
    assert texts(await told(house, after=found.lines[-1].number)) == []
    # Whoever waits hears of the next line as it is written.
    waiting = asyncio.create_task(told(house, after=found.lines[-1].number, wait_seconds=10))
    await house.get("/two")
    assert texts(await waiting)[0] == "asked for /two"
    # An app that is served no more has no log.
    await house.serve()
    with pytest.raises(NotFoundError):
        await told(house)
    assert house.plane._outputs.of(KEY).lines == deque()


async def test_nobody_else_is_told_and_a_pass_is_for_one_question_only(house: PlaneHouse) -> None:
    house.version += 1
    state = house.release({}).model_copy(update={"status": "killed", "roles": {"builder": {"user:user@example.com"}}})
    await house.plane._take(house.desired(state))
    wanted = LogWanted(app=APP, mode="production")
    assert texts(await ask(house, wanted)) == []
    for who in ("user:other@example.com", "service:ci", "user:builder@example.com"):
        with pytest.raises(ForbiddenError) as refused:
            await ask(house, wanted, who)
        assert refused.value.deciders
    for fields in ({"app": "finance/other"}, {"mode": "production"}, {"mode": "sample"}, {"expires": utc_now()}):
        with pytest.raises(NotAuthenticatedError):
            await ask(house, wanted, **fields)
    with pytest.raises(NotFoundError):
        await ask(house, LogWanted(app=APP, mode="production", branch="fix"))
    # Rows are of previews, and this is the plane of production: there is nothing to sample, whoever asks.
    with pytest.raises(NotFoundError):
        await ask(house, RowsWanted(app=APP, integration="orders", table="orders"))
    revoked = house.desired(state).model_copy(update={"version": 9, "epochs": {"user:user@example.com": 3}})
    await house.plane._take(revoked)
    with pytest.raises(NotAuthenticatedError, match="revoked"):
        await ask(house, wanted)


async def test_what_goes_wrong_is_an_answer_and_other_planes_are_not_answered_for(house: PlaneHouse) -> None:
    sent: list[PlaneAnswer] = []

    async def answer(found: PlaneAnswer) -> None:
        sent.append(found)

    house.plane._questions._answer = answer
    order = asker(house, LogWanted(app=APP, mode="production"))
    house.plane._questions.take(order.model_copy(update={"plane": "editor"}))
    house.plane._questions.take(order)
    await house.until(lambda: sent)
    assert [item.id for item in sent] == ["ask_1"]
    assert isinstance(sent[0].answer, RefusedAnswer)
    assert order.token not in repr(order)


async def test_an_app_that_writes_without_end_pushes_out_its_own_lines_only() -> None:
    outputs, lines = Outputs(utc_now), deque[str](maxlen=5)

    async def write(key: tuple[str, str], *said: bytes) -> None:
        source = asyncio.StreamReader(limit=10_000)
        source.feed_data(b"".join(said))
        source.feed_eof()
        await outputs.read(source, lines, lambda: Masker([SECRET]), Writer(key, "rel_1"))

    quiet = (instance_name("hr/leave", ""), "preview")
    await write(quiet, b"a line\n", f"with {SECRET} in it\n".encode())
    await write(KEY, *(b"x" * 3900 + b"\n" for _ in range(400)), b"y" * 20_000 + b"\n", b"last\xff\n")
    flooded = outputs.of(KEY)
    assert flooded.characters <= 2**20
    assert [line.text for line in flooded.lines][-1] == "last�"
    assert max(len(line.text) for line in flooded.lines) <= 4000
    numbers = [line.number for line in flooded.lines]
    assert numbers == sorted(set(numbers))
    assert [line.text for line in outputs.of(quiet).lines] == ["a line", "with ••• in it"]
    assert list(lines)[-1] == "last�"


def test_a_question_that_nobody_could_ask_is_none() -> None:
    with pytest.raises(ValueError, match="trace"):
        LogWanted(app=APP, mode="production", trace="x")
