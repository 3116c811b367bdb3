"""An app with a database of its own: a release, a second one with a migration, and the way back, by public doors."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.conftest import Demo, push_files
from tests.journeys.test_spine import CHROMIUM, Visitor

Eventually = Callable[..., Any]
NOTEBOOK = "finance/notebook"
MANIFEST = """[app]
name = "notebook"
purpose = "Keeps notes of the finance team"
kind = "web"
runtime = "python3"
entrypoint = "app:app"

[database]
"""
CODE = '''"""Notes of the finance team."""

import os

import psycopg
from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


class Note(BaseModel):
    """A note as it is written."""

    text: str = Field(max_length=500)


@app.get("/")
def notes() -> list[list[str]]:
    """Return every note."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        rows = connection.execute("SELECT {columns} FROM notes ORDER BY id LIMIT 100").fetchall()
    return [[str(value) for value in row] for row in rows]


@app.post("/notes")
def add(note: Note) -> int:
    """Keep a note."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("{insert}", [note.text])
    return 1
'''
FIRST = {
    "bailiwick.toml": MANIFEST,
    "app.py": CODE.replace("{columns}", "text").replace("{insert}", "INSERT INTO notes (text) VALUES (%s)"),
    "migrations/0001_notes.up.sql": """CREATE TABLE notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    text text NOT NULL
);
""",
    "migrations/0001_notes.down.sql": "DROP TABLE notes;\n",
}
SECOND = {
    "app.py": CODE.replace("{columns}", "text, mood").replace(
        "{insert}", "INSERT INTO notes (text, mood) VALUES (%s, 'good')"
    ),
    "migrations/0002_mood.up.sql": "ALTER TABLE notes ADD COLUMN mood text;\n",
    "migrations/0002_mood.down.sql": "ALTER TABLE notes DROP COLUMN mood;\n",
}
pytestmark = [pytest.mark.req("RV11"), pytest.mark.timeout(900), pytest.mark.long]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield started
        started.close()


@pytest.fixture(scope="module")
def reader(browser: Browser, demo: Demo) -> Visitor:
    """Somebody who uses the app."""
    return Visitor(browser, demo, "user@example.com")


@pytest.fixture(scope="module")
def admin(browser: Browser, demo: Demo) -> Visitor:
    return Visitor(browser, demo, "admin@example.com")


@pytest.fixture(scope="module")
def released(demo: Demo) -> dict[str, str]:
    """The releases so far, by what they are."""
    return {}


def deployed(demo: Demo, eventually: Eventually) -> tuple[str, str]:
    """Ask for production and approve it once it was rehearsed; return deploy and release once it runs."""
    deploy = json.loads(demo.cli("builder", "deploy", NOTEBOOK, "--json").stdout)["id"]
    eventually(lambda: _rehearsal(demo, deploy)["state"] != "waiting", 60, "the rehearsal")
    assert _rehearsal(demo, deploy)["state"] == "passed", _rehearsal(demo, deploy)
    done = json.loads(demo.cli("admin", "approve", deploy, "--reason", "read it", "--json").stdout)
    eventually(lambda: _running(demo) == done["release"], 60, "the release runs")
    return deploy, done["release"]


def _rehearsal(demo: Demo, deploy: str) -> dict[str, Any]:
    with demo.api("builder") as api:
        found: dict[str, Any] = api.get(f"/deploys/{deploy}").json()["rehearsal"]
    return found


def _running(demo: Demo) -> str:
    shown = json.loads(demo.cli("admin", "app", "show", NOTEBOOK, "--json").stdout)
    found = [
        item["release"] for item in shown["statuses"] if item["mode"] == "production" and item["status"] == "running"
    ]
    return str(found[0]) if found else ""


def notes(demo: Demo, visitor: Visitor) -> Any:
    page = visitor.open(f"http://notebook.localhost:{demo.port + 10}/")
    return json.loads(page.inner_text("body"))


def write(demo: Demo, visitor: Visitor, text: str) -> None:
    page = visitor.open(f"http://notebook.localhost:{demo.port + 10}/")
    code = page.evaluate(
        "text => fetch('/notes', {method: 'POST', headers: {'content-type': 'application/json'},"
        " body: JSON.stringify({text})}).then(answer => answer.status)",
        text,
    )
    assert code == 200


def test_01_the_first_release_makes_its_table_and_keeps_rows(
    demo: Demo, home: Path, reader: Visitor, eventually: Eventually, released: dict[str, str]
) -> None:
    demo.cli("builder", "app", "create", NOTEBOOK)
    push_files(demo, home / "notebook", NOTEBOOK, FIRST)
    _, released["first"] = deployed(demo, eventually)
    write(demo, reader, "of the first release")
    assert notes(demo, reader) == [["of the first release"]]


def test_02_the_second_release_is_rehearsed_and_the_approver_sees_what_it_does(
    demo: Demo, home: Path, reader: Visitor, admin: Visitor, eventually: Eventually, released: dict[str, str]
) -> None:
    push_files(demo, home / "notebook", NOTEBOOK, SECOND)
    deploy, released["second"] = deployed(demo, eventually)
    told = demo.cli("approver", "database", "rehearsal", deploy).stdout
    assert "rehearsed: there, back and there again" in told
    assert "AccessExclusiveLock on notes" in told
    shown = admin.console(f"/approvals/{deploy}").inner_text("main")
    assert "0002_mood" in shown
    assert "reversible with loss" in shown
    assert "back drops the column notes.mood" in shown
    write(demo, reader, "of the second release")
    assert notes(demo, reader) == [["of the first release", "None"], ["of the second release", "good"]]


def test_03_going_back_says_what_it_would_lose_and_loses_nothing(
    demo: Demo, reader: Visitor, released: dict[str, str]
) -> None:
    refused = demo.cli("builder", "rollback", NOTEBOOK, released["first"], ok=False)
    assert refused.returncode == 1
    assert "0002_mood drops the column notes.mood, which holds a value in 1 row" in refused.stderr
    assert notes(demo, reader) == [["of the first release", "None"], ["of the second release", "good"]]
    own = demo.cli("builder", "rollback", NOTEBOOK, released["first"], "--accept-loss", ok=False)
    assert own.returncode == 1


def test_04_whoever_may_gives_the_column_up_and_every_row_stays(
    demo: Demo, reader: Visitor, eventually: Eventually, released: dict[str, str]
) -> None:
    demo.cli("admin", "rollback", NOTEBOOK, released["first"], "--accept-loss")
    eventually(lambda: _running(demo) == released["first"], 60, "the first release runs again")
    assert notes(demo, reader) == [["of the first release"], ["of the second release"]]
    write(demo, reader, "after the way back")
    assert len(notes(demo, reader)) == 3


def test_05_what_was_given_up_is_in_a_snapshot_that_can_be_put_back(
    demo: Demo, reader: Visitor, eventually: Eventually, released: dict[str, str]
) -> None:
    listed = demo.cli("admin", "database", "snapshots", NOTEBOOK).stdout
    kept = next(line for line in listed.splitlines() if "before the way back of 0002_mood" in line)
    demo.cli("admin", "rollback", NOTEBOOK, released["second"])
    eventually(lambda: _running(demo) == released["second"], 60, "the second release runs again")
    assert [row[1] for row in notes(demo, reader)] == ["None", "None", "None"]
    demo.cli("admin", "database", "restore", NOTEBOOK, kept.split()[0], "--reason", "the moods are wanted after all")
    wanted = [["of the first release", "None"], ["of the second release", "good"]]
    eventually(lambda: notes(demo, reader) == wanted, 60, "the snapshot is back")
    assert "before the return to" in demo.cli("admin", "database", "snapshots", NOTEBOOK).stdout
