"""The git door with real git: who gets in, large and hostile pushes, and what is kept of them."""

import gzip
import os
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.identity import API_AUDIENCE
from tests.faces.git.conftest import IDENTITY, Door, commit, commit_tree, git_children
from tests.fixtures.company import APP


@pytest.mark.req("RV1")
@pytest.mark.long
def test_a_push_of_thirty_megabytes_is_taken_whole_and_comes_back(door: Door, folder: Path, tmp_path: Path) -> None:
    for number in range(8):
        (folder / f"data{number}.bin").write_bytes(os.urandom(4 * 2**20))
    head = commit(folder)
    taken, said = door.push(folder)
    assert taken, said
    assert "Bailiwick reviews this push" in said
    copy = tmp_path / "copy"
    cloned = door.git(tmp_path, "clone", "--quiet", f"{door.url}/git/{APP}.git", str(copy), token=door.token("builder"))
    assert cloned.returncode == 0, cloned.stderr
    assert door.main() == head
    assert (copy / "data7.bin").read_bytes() == (folder / "data7.bin").read_bytes()


@pytest.mark.req("RV1")
def test_a_push_of_two_hundred_megabytes_is_refused_and_not_kept(door: Door, folder: Path) -> None:
    for number in range(50):
        (folder / f"data{number}.bin").write_bytes(os.urandom(4 * 2**20))
    for setting in ("core.compression", "pack.window"):
        subprocess.run(["git", "config", setting, "0"], cwd=folder, check=True)
    commit(folder)
    before = door.kept_bytes()
    taken, said = door.push(folder)
    assert not taken
    assert "A push may have 50 MiB at most. Keep data outside the repository." in said, said
    assert "[remote rejected]" in said
    assert door.kept_bytes() - before < 2**20
    assert door.main() == ""


@pytest.mark.req("RV1")
def test_a_small_push_that_inflates_to_gigabytes_is_refused(door: Door, folder: Path) -> None:
    for number in range(60):
        (folder / f"zeros{number}.txt").write_bytes(bytes([48 + number]) * (4 * 2**20))
    commit(folder)
    taken, said = door.push(folder)
    assert not taken
    assert "the tree holds more than 64 MiB" in said
    for number in range(60):
        (folder / f"zeros{number}.txt").unlink()
    commit(folder)
    taken, said = door.push(folder)
    assert not taken
    assert "the commits of this push hold more than 128 MiB" in said


@pytest.mark.req("RV3")
def test_a_file_too_large_to_read_in_an_earlier_commit_is_no_way_round(door: Door, folder: Path) -> None:
    (folder / "dump.sql").write_bytes(b"x" * (6 * 2**20))
    earlier = commit(folder)
    (folder / "dump.sql").unlink()
    commit(folder)
    taken, said = door.push(folder)
    assert not taken
    assert "dump.sql" in said
    assert "file-too-large: 6.0 MiB; 5 MiB are the most" in said
    assert door.main() == ""
    assert earlier


@pytest.mark.req("RV1")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        (b"..", "hasDotdot"),
        (b".git", "hasDotgit"),
        (b"a\\..\\b", "not a plain path"),
        (b"line\nbreak.py", "not a plain path"),
    ],
)
def test_a_path_that_climbs_or_hides_is_refused(door: Door, folder: Path, name: bytes, words: str) -> None:
    made = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=folder, input=b"x", capture_output=True, check=True
    )
    blob = made.stdout.strip()
    inner = subprocess.run(
        ["git", "mktree", "-z"], cwd=folder, input=b"100644 blob " + blob + b"\tx\0", capture_output=True, check=True
    ).stdout.strip()
    is_folder = name in {b"..", b".git"}
    entry = b"40000 tree " + inner if is_folder else b"100644 blob " + blob
    commit_tree(folder, entry + b"\t" + name + b"\0")
    taken, said = door.push(folder)
    assert not taken
    assert words in said
    assert door.main() == ""


@pytest.mark.req("RV3")
def test_a_key_under_a_hostile_name_in_an_earlier_commit_is_found(door: Door, folder: Path) -> None:
    key = "AKIA" + "Q3EGRIFKLT7ZVWXN"
    for name in (">a", ":b", " c", "d\nAKIA"):
        (folder / name).write_text(f"{name} key = {key}\n")
    commit(folder)
    for name in (">a", ":b", " c", "d\nAKIA"):
        (folder / name).unlink()
    commit(folder)
    taken, said = door.push(folder)
    assert not taken
    assert said.count("secret-in-code") == 4
    assert key not in said


@pytest.mark.req("RV10", "RV1")
def test_history_is_neither_rewritten_nor_deleted_and_nothing_of_it_is_remembered(door: Door, folder: Path) -> None:
    assert door.push(folder)[0]
    head = door.main()
    subprocess.run(["git", *IDENTITY, "commit", "--quiet", "--amend", "-m", "rewritten"], cwd=folder, check=True)
    taken, said = door.push(folder, "--force", "HEAD:main")
    assert not taken
    assert "would rewrite main" in said
    assert "git pull --rebase origin main" in said
    assert not door.push(folder, ":main")[0]
    assert not door.push(folder, "HEAD:refs/tags/v1")[0]
    assert not door.push(folder, "+HEAD:main", "HEAD:refs/heads/other")[0]
    assert door.main() == head
    with door.company.control.store.transaction() as session:
        app = door.company.control.catalog.app(session, APP)
        (push,) = [item for item in door.company.control.source.pushes(session, app) if item.accepted]
    assert push.commit == head


@pytest.mark.req("RV1", "RT3")
def test_two_pushes_at_once_take_turns_and_only_one_wins(door: Door, folder: Path, tmp_path: Path) -> None:
    assert door.push(folder)[0]
    other = tmp_path / "other"
    subprocess.run(["git", "clone", "--quiet", str(folder), str(other)], check=True)
    heads = []
    for place, text in ((folder, "app = 2\n"), (other, "app = 3\n")):
        (place / "app.py").write_text(text)
        heads.append(commit(place))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda place: door.push(place, "HEAD:main"), (folder, other)))
    winners = [head for head, (taken, _) in zip(heads, results, strict=True) if taken]
    assert len(winners) == 1, results
    assert door.main() == winners[0]
    with door.company.control.store.transaction() as session:
        app = door.company.control.catalog.app(session, APP)
        assert door.company.control.source.head(session, app).commit == winners[0]  # type: ignore[union-attr]


@pytest.mark.req("RV1", "ID1", "ID4")
def test_forged_expired_revoked_and_unwanted_people_stay_outside(door: Door, folder: Path) -> None:
    url = f"{door.url}/git/{APP}.git"
    assert door.git(folder, "push", url, "HEAD:main", token="bwt_forged").returncode != 0
    expired = door.token("builder", lifetime=timedelta(seconds=-1))
    assert door.git(folder, "push", url, "HEAD:main", token=expired).returncode != 0
    refused, said = door.push(folder, who="approver")
    assert not refused
    assert "403" in said
    assert not door.push(folder, who="user", app="finance/nowhere")[0]
    token = door.token("builder")
    door.company.control.identity.revoke_principal(door.company.people["admin"], "user:builder@example.com", "left")
    assert door.git(folder, "push", url, "HEAD:main", token=token).returncode != 0
    assert door.main() == ""


@pytest.mark.req("ID1")
def test_a_refusal_at_the_door_names_the_policy(door: Door) -> None:
    answer = httpx2.get(
        f"{door.url}/git/{APP}.git/info/refs?service=git-receive-pack", auth=("x", door.token("approver"))
    )
    assert answer.status_code == 403
    assert "no policy lets user:approver@example.com do app.push" in answer.text
    assert "decided by: default-deny" in answer.text
    api_at_git = httpx2.get(
        f"{door.url}/git/{APP}.git/info/refs?service=git-upload-pack",
        auth=("x", door.token("builder", audience=API_AUDIENCE)),
    )
    assert api_at_git.status_code == 401


def test_a_packed_body_is_read_and_a_bomb_is_refused(door: Door, folder: Path) -> None:
    assert door.push(folder)[0]
    want = f"0032want {door.main()}\n00000009done\n".encode()
    post = f"{door.url}/git/{APP}.git/git-upload-pack"
    headers = {"content-type": "application/x-git-upload-pack-request", "content-encoding": "gzip"}
    auth = ("x", door.token("builder"))
    answer = httpx2.post(post, content=gzip.compress(want), headers=headers, auth=auth)
    assert answer.status_code == 200
    assert b"PACK" in answer.content
    bomb = gzip.compress(bytes(80 * 2**20))
    refused = httpx2.post(post, content=bomb, headers=headers, auth=auth, timeout=60)
    assert refused.status_code == 413
    assert "50 MiB at most" in refused.text
    broken = httpx2.post(post, content=b"no gzip at all", headers=headers, auth=auth)
    assert broken.status_code == 400
    assert "not the gzip" in broken.text
    push = {**headers, "content-type": "application/x-git-receive-pack-request"}
    pushed = httpx2.post(post.replace("upload", "receive"), content=bomb, headers=push, auth=auth, timeout=60)
    assert pushed.status_code == 413


def test_a_client_that_goes_away_leaves_no_process_and_nothing_kept(door: Door, folder: Path) -> None:
    before = door.kept_bytes()
    host, port = door.url.removeprefix("http://").split(":")
    auth = httpx2.BasicAuth("x", door.token("builder"))
    request = next(auth.auth_flow(httpx2.Request("POST", door.url)))
    with socket.create_connection((host, int(port))) as connection:
        head = (
            f"POST /git/{APP}.git/git-receive-pack HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: {request.headers['authorization']}\r\n"
            "Content-Type: application/x-git-receive-pack-request\r\nContent-Length: 1000000\r\n\r\n"
        )
        connection.sendall(head.encode() + b"00a0" + b"x" * 2000)
        deadline = time.monotonic() + 10
        while not git_children() and time.monotonic() < deadline:
            time.sleep(0.01)
    deadline = time.monotonic() + 10
    while git_children() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not git_children()
    assert door.kept_bytes() == before
    assert door.push(folder)[0]


@pytest.mark.req("OB2")
def test_the_log_says_where_a_push_came_from(door: Door, folder: Path) -> None:
    assert door.push(folder)[0]
    with door.company.control.store.transaction() as session:
        (pushed,) = search(session, AuditQuery(action="push.accepted")).events
    assert (pushed.event.client, pushed.event.client_kind) == ("127.0.0.1", "git")
