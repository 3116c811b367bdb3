"""Whoever loses their access while git works for them: nothing is taken, nothing more is sent, and they are told."""

import os
import socket
import threading
import time
from pathlib import Path

import httpx2
import pytest

from tests.faces.git.conftest import Door, commit, git_children
from tests.faces.git.test_hostile_pushes import eventually, held, leftovers, raw_push
from tests.fixtures.company import APP

__all__ = ["held"]


def leave(door: Door) -> None:
    door.company.control.identity.revoke_principal(door.company.people["admin"], "user:builder@example.com", "left")


@pytest.mark.req("ID5", "RV1")
def test_a_push_on_its_way_is_cut_and_leaves_nothing(door: Door, folder: Path) -> None:
    (folder / "big.bin").write_bytes(os.urandom(3 * 2**20))
    commit(folder)
    body = raw_push(folder, "HEAD")
    host, port = door.url.removeprefix("http://").split(":")
    auth = next(httpx2.BasicAuth("x", door.token("builder")).auth_flow(httpx2.Request("POST", door.url)))
    with socket.create_connection((host, int(port))) as connection:
        head = (
            f"POST /git/{APP}.git/git-receive-pack HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: {auth.headers['authorization']}\r\n"
            f"Content-Type: application/x-git-receive-pack-request\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body[: 2 * 2**20])
        eventually(lambda: leftovers(door))
        leave(door)
        connection.settimeout(30)
        said = connection.recv(65536)
        while b"Nothing was taken" not in said:
            more = connection.recv(65536)
            assert more, said
            said += more
    eventually(lambda: not git_children())
    assert not leftovers(door)
    assert door.main() == ""


@pytest.mark.req("ID5", "RV1")
def test_a_push_that_is_being_reviewed_is_not_taken(door: Door, folder: Path, held: threading.Event) -> None:
    answers: list[tuple[bool, str]] = []
    token = door.token("builder")

    def push() -> None:
        done = door.git(folder, "push", f"{door.url}/git/{APP}.git", "HEAD:main", token=token)
        answers.append((done.returncode == 0, done.stderr.decode(errors="replace")))

    pushing = threading.Thread(target=push)
    pushing.start()
    eventually(git_children)
    time.sleep(0.5)
    leave(door)
    held.set()
    pushing.join(60)
    [(taken, said)] = answers
    assert not taken
    assert "access ended" in said or "revoked" in said
    assert door.main() == ""
    with door.company.control.store.transaction() as session:
        app = door.company.control.catalog.app(session, APP)
        assert door.company.control.source.head(session, app) is None
