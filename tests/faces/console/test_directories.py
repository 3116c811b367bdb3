"""Directories as administrators meet them: in the console, over the API and on the command line."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bailiwick.control.identity import API_AUDIENCE
from bailiwick.control.ldap_settings import LdapDirectory
from tests.faces.console.conftest import Console, csrf_token
from tests.fixtures.slapd import Tree

BAILIWICK = str(Path(sys.executable).parent / "bailiwick")


@pytest.fixture
def more_settings(tree: Tree) -> dict[str, Any]:
    return {"ldap": (LdapDirectory(**tree.settings()),)}


@pytest.fixture
def at_work(console: Console) -> Iterator[None]:
    """Do the control plane's own work beside the test."""
    end = threading.Event()

    def work() -> None:
        while not end.wait(0.1):
            console.company.control.ldap.work("corp")

    thread = threading.Thread(target=work)
    thread.start()
    yield
    end.set()
    thread.join()


def run(console: Console, who: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as somebody."""
    control = console.company.control
    issued = control.identity.issue_token(
        console.company.people[who], audience=API_AUDIENCE, lifetime=timedelta(minutes=5), purpose="test"
    )
    environment = {**os.environ, "BAILIWICK_URL": console.url, "BAILIWICK_TOKEN": issued.secret}
    command = [BAILIWICK, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


@pytest.mark.req("ID3", "IN4")
def test_the_page_says_how_each_directory_stands_and_has_one_read(console: Console, tree: Tree) -> None:
    company = console.company
    browser, _ = console.signed_in("admin")
    page = browser.get("/directories").text
    assert "never read" in page
    tree.person("ann")
    form = {"csrf_token": csrf_token(page)}
    assert browser.post("/directories/corp/sync", data=form).status_code == 303
    company.control.ldap.work("corp")
    page = browser.get("/directories").text
    assert "1 person of 1 directory may sign in" in page
    assert "1 added, 0 changed, 0 removed" in page
    tree.person("ann2", mail="ann@example.com")
    for number in range(12):
        tree.person(f"p{number}")
    browser.post("/directories/corp/sync", data=form)
    company.control.ldap.work("corp")
    page = browser.get("/directories").text
    assert "is claimed by the directory" in page
    for number in range(12):
        tree.delete(tree.dn(f"p{number}"))
    browser.post("/directories/corp/sync", data=form)
    company.control.ldap.work("corp")
    page = browser.get("/directories").text
    assert "corp stopped and waits for an answer" in page
    browser.post("/directories/corp/sync", data={**form, "accept": "true"})
    company.control.ldap.work("corp")
    assert "1 person of 1 directory may sign in; 1 problem needs somebody." in browser.get("/directories").text


@pytest.mark.req("ID1")
def test_the_page_is_for_administrators_and_auditors(console: Console) -> None:
    assert console.signed_in("user")[0].get("/directories").status_code == 403
    security = console.signed_in("security")[0]
    page = security.get("/directories").text
    assert "never read" in page
    assert "Read corp now" not in page
    form = {"csrf_token": csrf_token(page)}
    assert security.post("/directories/corp/sync", data=form).status_code == 403


@pytest.mark.req("ID3")
def test_the_command_line_reads_a_directory_and_says_what_came_of_it(
    console: Console, tree: Tree, at_work: None
) -> None:
    tree.person("ann")
    tree.person("robot", mail="")
    dry = run(console, "admin", "directory", "sync", "corp", "--dry-run")
    assert (dry.returncode, "nothing was changed: this was a dry run" in dry.stdout) == (0, True), dry.stderr
    done = run(console, "admin", "directory", "sync", "corp")
    assert done.returncode == 0, done.stderr
    assert "1 people and 0 groups read" in done.stdout
    assert "1 without an e-mail address" in done.stdout
    listed = run(console, "admin", "directory", "list")
    assert "corp                ldap        1 of 1 people" in listed.stdout
    shown = json.loads(run(console, "admin", "directory", "show", "corp", "--json").stdout)
    assert (shown["active"], shown["problems"]) == (1, [])
    tree.slapd.stop()
    try:
        failed = run(console, "admin", "directory", "sync", "corp")
    finally:
        tree.slapd.start()
    assert failed.returncode == 1
    assert "cannot be read" in failed.stderr
    refused = run(console, "builder", "directory", "sync", "corp")
    assert (refused.returncode, "decided by" in refused.stderr) == (1, True)
    nothing = run(console, "admin", "directory", "sync", "corp", "--accept")
    assert "waits for an answer" in nothing.stderr


@pytest.mark.req("ID3", "ID5")
def test_an_app_is_given_to_a_new_owner_on_the_command_line(console: Console) -> None:
    given = run(console, "admin", "app", "owner", "give", "finance/desk", "second@example.com")
    assert given.stdout == "finance/desk: user:second@example.com answers for it\n", given.stderr
    refused = run(console, "admin", "app", "owner", "give", "finance/desk", "nobody@example.com")
    assert (refused.returncode, "give them a role first" in refused.stderr) == (1, True)


@pytest.mark.req("ID3", "ID5")
def test_the_page_of_a_leavers_app_says_so_and_gives_it_to_somebody_else(console: Console) -> None:
    with console.company.control.store.transaction() as session:
        session.connection().exec_driver_sql("UPDATE people SET active = false WHERE email = 'builder@example.com'")
    admin, _ = console.signed_in("admin")
    page = admin.get("/apps/finance/desk").text
    assert "has left" in page
    form = {"csrf_token": csrf_token(page), "person": " Second@example.com "}
    assert admin.post("/apps/finance/desk/owner", data=form).status_code == 303
    page = admin.get("/apps/finance/desk").text
    assert "user:second@example.com" in page
    assert "has left" not in page
    second, _ = console.signed_in("second")
    page = second.get("/apps/finance/desk").text
    assert "New owner" not in page
    refused = second.post("/apps/finance/desk/owner", data={**form, "csrf_token": csrf_token(page)})
    assert refused.status_code == 403
