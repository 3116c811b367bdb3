"""What a plane keeps of calls of models: as much as the model's settings say, sealed, for a time, and who reads it."""

import asyncio
import json
import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.passes import Pass, issue_pass
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.prompt_logs import BY_TOKEN, LOG_PATH, PROMPTS_MODE
from bailiwick.core.redaction import Own
from bailiwick.dataplane.gateways.model import Prompts, PromptSearch
from bailiwick.dataplane.gateways.model.model import Called, Caller
from bailiwick.dataplane.gateways.model.prompt_log import Entry, PromptLog
from bailiwick.dataplane.gateways.model.prompts import Keeping
from tests.dataplane.gateways.test_model_gateway import claude, gpt, settled
from tests.fixtures.model_gateway import ModelHouse, model, model_house
from tests.fixtures.model_server import KEY, ModelServer, data, model_server

pytestmark = pytest.mark.req("AI2", "OB1")
MAIL, TOKEN, WORD = "ada.lovelace@analytical.example.org", "ghp_" + "a1B2" * 9, "heliotrope"
PROMPT: Any = [{"role": "user", "content": f"{WORD} {MAIL} {TOKEN}"}]
READER = Identity(Principal("user", "sec@example.com"), frozenset({"user:sec@example.com"}))
NOW = datetime(2026, 3, 4, 5, tzinfo=UTC)
LEVELS = ("off", "metadata", "redacted", "full")


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plane")


@pytest.fixture(scope="module")
def house(folder: Path, server: ModelServer) -> Iterator[ModelHouse]:
    with model_house(folder) as made:
        made.keys = dict.fromkeys((*LEVELS, "claude"), KEY)
        made.tell(
            *(model(level, url=server.url, model=f"{level}-1", logs=level) for level in LEVELS),
            model("claude", url=server.url, family="anthropic", model="opal-4", logs="redacted", redact="all"),
        )
        yield made


@pytest.fixture(autouse=True)
def fresh(house: ModelHouse, server: ModelServer) -> None:
    house.events.clear()
    server.calls.clear()
    server.says = None
    house.prompt_key = "5a" * 32
    house.models._prompt_keys.forget("bailiwick.prompt-key")


def opener(house: ModelHouse, app: str = BY_TOKEN, mode: str = PROMPTS_MODE, seconds: int = 60) -> dict[str, str]:
    content = Pass(READER, app, mode, "", utc_now() + timedelta(seconds=seconds))
    return {"authorization": f"Bearer {issue_pass(content, house.key)}"}


def read(house: ModelHouse, app: str = "", **asked: Any) -> list[Any]:
    """Return what is kept, newest first. A call is kept after it was answered, so another one is waited for."""
    answer = httpx2.get(
        f"{house.url}{LOG_PATH}", params={"app": app, **asked}, headers=opener(house, app or BY_TOKEN), timeout=20
    )
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["entries"]
    return found


def asked_of(house: ModelHouse, level: str, **more: Any) -> Any:
    """Ask over one connection twice: what is answered next was kept before."""
    client = gpt(house)
    answer = client.chat.completions.create(model=level, messages=PROMPT, **more)
    if more.get("stream"):
        list(answer)
    client.models.list()
    return answer


def test_each_level_keeps_what_it_says_and_never_a_secret(house: ModelHouse, folder: Path) -> None:
    for level in LEVELS:
        asked_of(house, level)
    full, redacted, metadata = read(house, limit=3)
    assert [item["model"] for item in (full, redacted, metadata)] == ["full", "redacted", "metadata"]
    assert (metadata["prompt"], metadata["answer"]) == ("", "")
    assert (metadata["facts"]["person"], metadata["facts"]["tokens_in"]) == ("user:eve@example.com", 120)
    assert f"{WORD} [EMAIL_1] [SECRET_1]" in redacted["prompt"]
    assert f"{WORD} {MAIL} [SECRET_1]" in full["prompt"]
    assert "The order was sent." in full["answer"]
    event = settled(house, 5)
    assert (event.action, event.actor, event.context) == (
        "prompt-log.read", "user:sec@example.com", {"entries": 3, "texts": 2}
    )  # fmt: skip
    assert (event.resource, event.plane) == ("organization:default", "production")
    written = b"".join(path.read_bytes() for path in (folder / "prompts").iterdir())
    assert not any(text.encode() in written for text in (WORD, MAIL, TOKEN, "eve@example.com", "was sent"))
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder / "prompts", folder / "prompts/prompts.sqlite")]
    assert modes == [0o700, 0o600]


def test_texts_of_a_stream_are_kept_whole_and_looked_through_so(house: ModelHouse, server: ModelServer) -> None:
    said = f"Dear {MAIL}, {TOKEN}"
    pieces = [data({"choices": [{"index": 0, "delta": {"content": letter}, "finish_reason": None}]}) for letter in said]
    server.says = (200, "text/event-stream", [*pieces, b"data: [DONE]\n\n"])
    asked_of(house, "redacted", stream=True)
    assert read(house, limit=1)[0]["answer"] == "Dear [EMAIL_1], [SECRET_1]"
    server.says = None
    client = claude(house)
    with client.messages.stream(model="claude", max_tokens=9, messages=PROMPT) as stream:
        stream.until_done()
    client.models.list()
    kept = read(house, limit=1)[0]
    assert (kept["model"], kept["answer"]) == ("claude", "The order was sent.")


def test_a_call_is_not_sent_when_what_must_be_kept_of_it_cannot_be(house: ModelHouse, server: ModelServer) -> None:
    house.prompt_key = ""
    for level in ("redacted", "full"):
        with pytest.raises(openai.InternalServerError, match="must be kept"):
            gpt(house).chat.completions.create(model=level, messages=PROMPT)
    assert server.calls == []
    asked_of(house, "metadata")
    assert len(server.calls) == 1
    assert (httpx2.get(f"{house.url}{LOG_PATH}", headers=opener(house))).status_code == 503


def test_the_log_opens_for_its_own_pass_only(house: ModelHouse) -> None:
    read(house, "finance/desk")
    at = f"{house.url}{LOG_PATH}"
    refused: list[dict[str, str]] = [
        {},
        {"authorization": "Bearer bwt_eve"},
        {"authorization": f"Bearer {house.pass_of(READER)}"},
        opener(house, "finance/other"),
        opener(house),
        opener(house, "finance/desk", "production"),
        opener(house, "finance/desk", seconds=-5),
    ]
    for headers in refused:
        answer = httpx2.get(at, params={"app": "finance/desk"}, headers=headers)
        assert answer.status_code == 401, headers
    # From an app's own socket there is no such door, and it takes no pass for models.
    own = httpx2.get(
        f"{house.app_url}{LOG_PATH}", params={"app": "finance/desk"}, headers=opener(house, "finance/desk")
    )
    assert own.status_code == 404
    assert house.desired is not None
    before = house.desired
    house.desired = before.model_copy(update={"epochs": {"user:sec@example.com": 1}})
    assert httpx2.get(at, headers=opener(house)).status_code == 401
    house.desired = before
    assert house.actions() == ["prompt-log.read"]


def entry(text: str = WORD, app: str = "finance/desk", time: datetime = NOW) -> Entry:
    return Entry(time, app, "full", "full", {"person": ""}, text, "")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[PromptLog]:
    made = PromptLog(tmp_path / "prompts", "production", lambda: NOW, most_bytes=4000)
    yield made
    made.close()


async def no_key() -> str:
    raise AssertionError("nothing is sealed here")


K, OTHER = b"k" * 32, b"o" * 32


def test_what_is_kept_opens_with_its_key_and_in_its_place_only(log: PromptLog, tmp_path: Path) -> None:
    log.keep(K, entry(), 7)
    log.keep(K, entry("mine", app="finance/mine"), 7)
    assert [item.entry.prompt for item in log.read(K, "finance/desk") if item.entry] == [WORD]
    assert [item.entry for item in log.read(OTHER, "finance/desk")] == [None]
    with sqlite3.connect(tmp_path / "prompts" / "prompts.sqlite") as database:
        database.execute("UPDATE entries SET app = 'finance/mine'")
    assert [item.entry is None for item in log.read(K, "finance/mine")] == [False, True]
    assert WORD not in repr(entry())


def test_it_goes_with_its_time_and_the_oldest_when_there_is_no_room(log: PromptLog) -> None:
    for days in (1, 2, 3):
        log.keep(K, entry(f"{days}", time=NOW - timedelta(days=days)), 7)
    log.keep(K, entry("over", time=NOW - timedelta(days=8)), 7)
    kept = [item.entry.prompt for item in log.read(K, "finance/desk") if item.entry]
    assert kept == ["3", "2", "1"]
    log.expire({"full": 2})
    assert [item.entry.prompt for item in log.read(K, "finance/desk") if item.entry] == ["1"]
    prompts = Prompts(log, no_key, PromptSearch(frozenset, Own), lambda: NOW)
    prompts.expire({"full": model("full", logs="full")})
    assert len(log.read(K, "finance/desk")) == 1
    # Whoever switches a log off has what it kept removed.
    Prompts(log, no_key, PromptSearch(frozenset, Own), lambda: NOW).expire({"full": model("full", logs="off")})
    assert log.read(K, "finance/desk") == []
    for number in range(40):
        log.keep(K, entry(json.dumps([number] * 50)), 7)
    left = log.read(K, "finance/desk", limit=50)
    assert 2 < len(left) < 40
    assert left[0].entry is not None
    assert left[0].entry.prompt == json.dumps([39] * 50)
    assert [item.number for item in log.read(K, "finance/desk", before=left[1].number, limit=1)] == [left[2].number]


async def test_a_call_is_kept_also_when_the_plane_ends_while_it_is_written(
    log: PromptLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    write = log.keep

    def keep_slowly(key: bytes, entry: Entry, days: int) -> None:
        begun.set()
        go_on.wait(30)
        write(key, entry, days)

    monkeypatch.setattr(log, "keep", keep_slowly)
    prompts = Prompts(log, no_key, PromptSearch(frozenset, Own), lambda: NOW)
    caller = Caller(READER, "finance/desk", "r1", "t1")
    ending = asyncio.create_task(prompts.end(Keeping(K, WORD), model("full"), caller, Called("/v1/messages"), ""))
    await asyncio.to_thread(begun.wait, 30)
    ending.cancel()
    closing = asyncio.create_task(prompts.close())
    await asyncio.sleep(0)
    go_on.set()
    await closing
    again = PromptLog(tmp_path / "prompts", "production", lambda: NOW)
    assert [item.entry.prompt for item in again.read(K, "finance/desk") if item.entry] == [WORD]
    again.close()


def test_its_file_closes_while_threads_write_to_it(tmp_path: Path) -> None:
    # SQLite crashes the whole process where a file is closed under a thread that uses it.
    for turn in range(10):
        log = PromptLog(tmp_path / str(turn), "production", lambda: NOW)
        with ThreadPoolExecutor(2) as threads:
            writing = [threads.submit(write_until_closed, log) for _ in range(2)]
            while not log.read(K, "finance/desk", limit=1):
                pass
            log.close()
        assert all(isinstance(done.exception(), sqlite3.ProgrammingError) for done in writing)


def write_until_closed(log: PromptLog) -> None:
    while True:
        log.keep(K, entry(WORD * 200), 7)
