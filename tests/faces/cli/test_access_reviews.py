"""Access reviews by API and command line, on a real server."""

import asyncio
import csv
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx2
import pytest
import uvicorn
from click.testing import Result
from typer.testing import CliRunner

from bailiwick.control.identity import API_AUDIENCE
from bailiwick.faces.cli.main import root
from bailiwick.faces.server import Faces
from tests.fixtures.company import Company

Run = Callable[..., Result]


@pytest.fixture
def url(company: Company) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(Faces(company.control), host="127.0.0.1", port=port, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def token(company: Company, who: str) -> str:
    identity = company.control.identity
    return identity.issue_token(
        company.people[who], audience=API_AUDIENCE, lifetime=timedelta(minutes=5), purpose="test"
    ).secret


@pytest.fixture
def run(company: Company, url: str) -> Run:
    """Return what runs the command line as somebody."""

    def run(who: str, *words: str) -> Result:
        env = {"BAILIWICK_URL": url, "BAILIWICK_TOKEN": token(company, who)}
        return CliRunner().invoke(root, list(words), env=env)

    return run


def said(result: Result) -> dict[str, object]:
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


@pytest.mark.req("ID5")
def test_a_review_goes_from_start_to_export_on_the_command_line(run: Run, company: Company) -> None:
    company.control.identity.roles.assign(company.people["admin"], "builder", "group:=cmd|'/c'!A1", "folder:finance")
    started = said(run("admin", "access-review", "start", "Q3", "--scope", "folder:finance", "--days", "7", "--json"))
    review = str(started["id"])
    assert started["state"] == "open"
    assert "Q3" in run("admin", "access-review", "list").stdout
    assert "wait" in run("security", "access-review", "list", "--mine").stdout
    assert run("user", "access-review", "list").stdout == "none\n"
    unused = said(run("admin", "access-review", "items", review, "--flag", "never-used", "--json"))["items"]
    number = next(str(it["number"]) for it in unused if it["holder"].startswith("group:="))  # type: ignore[attr-defined]
    without = run("admin", "access-review", "decide", review, "remove", number)
    assert without.exit_code == 1
    assert "needs a reason" in without.stderr
    done = run("admin", "access-review", "decide", review, "remove", number, "--reason", "=2+5")
    assert "1 decided: remove" in done.stdout
    closed = run("admin", "access-review", "close", review, "--reason", "all looked at")
    assert closed.stdout.startswith("closed: 1 of")
    text = run("admin", "access-review", "export", review, "--format", "csv").stdout
    rows = {row["number"]: row for row in csv.DictReader(io.StringIO(text))}
    assert len(rows) == started["items"]
    assert (rows[number]["outcome"], rows[number]["decided_by"]) == ("removed", "user:admin@example.com")
    assert rows[number]["reason"] == "'=2+5"  # no formula to a spreadsheet
    whole = said(run("admin", "access-review", "export", review))
    assert len(whole["items"]) == started["items"]  # type: ignore[arg-type]
    with company.control.store.transaction() as session:
        assert "group:=cmd|'/c'!A1" not in {it.holder for it in company.control.identity.roles.held(session)}
    assert ("access-review.exported", "user:admin@example.com") in company.actions()


@pytest.mark.req("ID5")
def test_a_draft_waits_until_it_is_opened(run: Run) -> None:
    review = str(said(run("admin", "access-review", "start", "Later", "--draft", "--json"))["id"])
    assert said(run("admin", "access-review", "show", review, "--json"))["state"] == "draft"
    assert run("security", "access-review", "list", "--mine").stdout == "nothing waits for you\n"
    assert "items to decide about" in run("admin", "access-review", "open", review).stdout


@pytest.mark.req("ID5")
def test_the_api_refuses_strangers_and_nonsense(company: Company, url: str) -> None:
    def ask(who: str, method: str, path: str, **options: object) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token(company, who)}"}
        return httpx2.request(method, f"{url}/api/v1{path}", headers=headers, **options)  # type: ignore[arg-type]

    plan = {"name": "Q3", "due": "2999-01-01T00:00:00Z"}
    assert ask("admin", "POST", "/access-reviews", json=plan).status_code == 400  # too far ahead
    assert ask("admin", "POST", "/access-reviews", json={**plan, "due": "2999-01-01T00:00:00"}).status_code == 422
    assert ask("admin", "POST", "/access-reviews", json={**plan, "surprise": 1}).status_code == 422
    assert ask("builder", "POST", "/access-reviews", json=plan).status_code == 403
    for path in ("", "/items", "/export"):
        for who in ("admin", "user"):
            answer = ask(who, "GET", f"/access-reviews/arc_no{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "resource.not-found")
    assert httpx2.get(f"{url}/api/v1/access-reviews").status_code == 401


@pytest.mark.req("ID5")
def test_a_grant_is_taken_back_and_given_again_on_the_command_line(run: Run) -> None:
    assert run("builder", "grant", "withdraw", "finance/desk", "orders-db", "--reason", "no").exit_code == 1
    assert run("admin", "grant", "withdraw", "finance/desk", "orders-db", "--reason", "unused").exit_code == 0
    assert "unused" in run("admin", "grant", "withdrawn").stdout
    assert run("admin", "grant", "restore", "finance/desk", "orders-db", "--reason", "needed").exit_code == 0
    assert run("admin", "grant", "withdrawn").stdout == "nothing\n"
    again = run("admin", "grant", "restore", "finance/desk", "orders-db", "--reason", "needed")
    assert "was not taken back" in again.stderr


@pytest.mark.req("ID5")
def test_people_are_found_and_shown_to_whoever_may_read_their_roles(run: Run, company: Company) -> None:
    give, admin = company.control.identity.roles.assign, company.people["admin"]
    give(admin, "folder-admin", "user:second@example.com", "folder:finance")
    listed = run("admin", "person", "list", "--text", "BUILD")
    assert "builder@example.com" in listed.stdout, listed.stderr
    shown = said(run("security", "person", "show", "second@example.com", "--json"))
    assert {(it["role"], it["holder"]) for it in shown["held"]} == {  # type: ignore[attr-defined]
        ("folder-admin", "user:second@example.com"),
        ("builder", "group:second"),
    }
    assert shown["groups"] == ["second"]
    limited = said(run("second", "person", "list", "--json"))["people"]
    assert "admin@example.com" not in {it["email"] for it in limited}  # type: ignore[attr-defined]
    assert "attributes" not in limited[0]  # type: ignore[index]
    assert run("second", "person", "show", "admin@example.com").exit_code == 1
    assert run("user", "person", "list").exit_code == 1
    assert "group:user" in run("user", "person", "show", "user@example.com").stdout
