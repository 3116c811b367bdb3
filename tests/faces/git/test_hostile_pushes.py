"""Pushes that are made to be hard to review: bombs, strays, disguised objects, clients that go away, pushes at once."""

import contextlib
import os
import re
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psutil
import pytest
from sqlalchemy import update

from bailiwick.control.identity import API_AUDIENCE
from bailiwick.control.identity.tables import TokenRow
from bailiwick.control.review import Finding
from bailiwick.control.review.running.process import Worker
from bailiwick.control.review.running.worker import Task
from bailiwick.core.clock import utc_now
from tests.faces.git.conftest import IDENTITY, NOTHING, Door, commit, git_children
from tests.fixtures.company import APP, MANIFEST

KEY = "AKIA" + "Q3EGRIFKLT7ZVWXN"
MAIN = "refs/heads/main"


def made(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    command = ["git", *IDENTITY, *arguments]
    done = subprocess.run(command, cwd=folder, input=stdin, capture_output=True, check=True)
    return done.stdout.decode(errors="replace").strip()


def blob(folder: Path, content: bytes) -> str:
    return made(folder, "hash-object", "-w", "--stdin", stdin=content)


def with_entry(folder: Path, mode: str, kind: str, name: bytes, object_id: str) -> str:
    """Return a commit whose tree is HEAD's with one entry more; the name is taken as it is."""
    listing = subprocess.run(["git", "ls-tree", "-z", "HEAD"], cwd=folder, capture_output=True, check=True).stdout
    entry = f"{mode} {kind} {object_id}\t".encode() + name + b"\0"
    tree = made(folder, "mktree", "-z", "--missing", stdin=listing + entry)
    return made(folder, "commit-tree", tree, "-p", "HEAD", "-m", "x")


def tree_bomb(folder: Path) -> str:
    """Return a tree of a few kilobytes that lists ten million files."""
    leaf = blob(folder, b"x")
    tree = made(folder, "mktree", stdin="".join(f"100644 blob {leaf}\tf{n}\n" for n in range(10)).encode())
    for _ in range(6):
        tree = made(folder, "mktree", stdin="".join(f"040000 tree {tree}\td{n}\n" for n in range(10)).encode())
    return tree


def raw_push(folder: Path, revision: str, *more_objects: str) -> bytes:
    """Return the body of a push as git sends it, with objects more than the revision needs."""
    head = made(folder, "rev-parse", revision)
    listing = made(folder, "rev-list", "--objects", "--no-object-names", head) + "\n" + "\n".join(more_objects)
    command = ["git", "pack-objects", "--stdout", "-q"]
    pack = subprocess.run(command, cwd=folder, input=listing.encode(), capture_output=True, check=True).stdout
    line = f"{NOTHING} {head} {MAIN}\0 report-status side-band-64k".encode()
    return b"%04x" % (len(line) + 4) + line + b"0000" + pack


def post(door: Door, body: bytes) -> httpx2.Response:
    headers = {"content-type": "application/x-git-receive-pack-request"}
    url = f"{door.url}/git/{APP}.git/git-receive-pack"
    return httpx2.post(url, content=body, headers=headers, auth=("x", door.token("builder")), timeout=60)


def leftovers(door: Door) -> list[Path]:
    return list(door.repository().glob("objects/tmp_objdir-*"))


def eventually(look: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    # Seen once is seen: a look at processes that come and go may miss one the next time.
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def remembered(door: Door, app_path: str = APP) -> list[str]:
    with door.company.control.store.transaction() as session:
        app = door.company.control.catalog.app(session, app_path)
        return [push.commit for push in door.company.control.source.pushes(session, app) if push.accepted]


@pytest.mark.req("RV1", "RT3")
@pytest.mark.parametrize("place", ["tip", "middle"])
def test_a_tree_that_lists_for_ever_is_refused(door: Door, folder: Path, place: str) -> None:
    bomb = made(folder, "commit-tree", tree_bomb(folder), "-p", "HEAD", "-m", "bomb")
    after = made(folder, "commit-tree", "HEAD^{tree}", "-p", bomb, "-m", "good again")
    taken, said = door.push(folder, f"{bomb if place == 'tip' else after}:{MAIN}")
    if place == "tip":
        assert not taken
        assert "push-too-large: the tree lists more than 20,000 files" in said
        assert door.main() == ""
    else:
        # Its one small file is read; the tree itself is never released.
        assert taken, said


@pytest.mark.req("RV3")
def test_a_key_in_a_side_branch_that_a_merge_brings_is_found_with_its_commit(door: Door, folder: Path) -> None:
    made(folder, "checkout", "-qb", "side")
    (folder / "settings.py").write_text(f'KEY = "{KEY}"\n')
    guilty = commit(folder)
    (folder / "settings.py").unlink()
    commit(folder)
    made(folder, "checkout", "-q", "main")
    (folder / "app.py").write_text("app = 2\n")
    commit(folder)
    made(folder, "merge", "-q", "--no-ff", "-m", "merge", "side")
    taken, said = door.push(folder)
    assert not taken
    assert (
        f"settings.py:1  critical  secret-in-code: AWS access key (AKIA…, 20 characters) in commit {guilty[:10]}"
        in said
    )


@pytest.mark.req("RV3")
def test_a_key_that_only_a_merge_commit_holds_is_found(door: Door, folder: Path) -> None:
    made(folder, "checkout", "-qb", "side")
    (folder / "other.py").write_text("x = 1\n")
    commit(folder)
    made(folder, "checkout", "-q", "main")
    (folder / "app.py").write_text("app = 2\n")
    commit(folder)
    made(folder, "merge", "-q", "--no-ff", "--no-commit", "side")
    (folder / "evil.py").write_text(f'KEY = "{KEY}"\n')
    guilty = commit(folder, "merge")
    (folder / "evil.py").unlink()
    commit(folder)
    taken, said = door.push(folder)
    assert not taken
    assert f"evil.py:1  critical  secret-in-code: AWS access key (AKIA…, 20 characters) in commit {guilty[:10]}" in said


@pytest.mark.req("RV3")
def test_objects_that_no_commit_leads_to_are_not_let_in(door: Door, folder: Path) -> None:
    stray = blob(folder, f"key = {KEY}".encode())
    answer = post(door, raw_push(folder, "HEAD", stray))
    assert b"stray-objects: 1 objects of the push belong to none of its commits" in answer.content
    assert door.main() == ""
    assert not leftovers(door)
    assert b"unpack ok" in post(door, raw_push(folder, "HEAD")).content
    assert door.main() == made(folder, "rev-parse", "HEAD")


@pytest.mark.req("RV1")
def test_a_thin_pack_of_an_ordinary_change_is_no_stray(door: Door, folder: Path) -> None:
    lines = [f"value_{number} = {number}\n" for number in range(3000)]
    (folder / "long.py").write_text("".join(lines))
    commit(folder)
    assert door.push(folder)[0]
    (folder / "long.py").write_text("".join([*lines, "last = 1\n"]))
    for number in range(120):
        (folder / f"module{number}.py").write_text(f"x = {number}\n")
    commit(folder)
    taken, said = door.push(folder)
    assert taken, said


@pytest.mark.req("RV1", "RV10")
def test_what_is_no_commit_does_not_become_main(door: Door, folder: Path) -> None:
    made(folder, "tag", "-a", "v1", "-m", "x")
    taken, said = door.push(folder, f"v1:{MAIN}")
    assert not taken
    assert "main takes a commit, and this is a tag" in said
    line = f"{NOTHING} {made(folder, 'rev-parse', 'HEAD^{tree}')} {MAIN}".encode()
    body = re.sub(rb"0{40} [0-9a-f]{40} refs/heads/main", line, raw_push(folder, "HEAD"))
    assert b"main takes a commit, and this is a tree" in post(door, body).content
    assert door.main() == ""
    assert remembered(door) == []


@pytest.mark.req("RV10")
def test_a_push_from_a_shallow_clone_is_taken_only_when_its_history_is_here(
    door: Door, folder: Path, tmp_path: Path
) -> None:
    commit(folder)
    shallow = tmp_path / "shallow"
    made(tmp_path, "clone", "-q", "--depth", "1", f"file://{folder}", str(shallow))
    taken, said = door.push(shallow)
    assert not taken
    assert "git fetch --unshallow" in said
    assert door.push(folder)[0]
    (shallow / "app.py").write_text("app = 5\n")
    head = commit(shallow)
    assert door.push(shallow)[0]
    assert door.main() == head


@pytest.mark.req("RV1")
def test_an_empty_push_changes_nothing(door: Door, folder: Path) -> None:
    assert door.push(folder)[0]
    before = remembered(door)
    taken, said = door.push(folder)
    assert taken
    assert "Everything up-to-date" in said
    assert remembered(door) == before


@pytest.mark.req("RV1")
def test_more_commits_than_can_be_reviewed_are_refused_and_go_in_parts(
    door: Door, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bailiwick.control.source.incoming.MAX_COMMITS", 5)
    for number in range(8):
        (folder / "app.py").write_text(f"app = {number}\n")
        commit(folder)
    taken, said = door.push(folder)
    assert not taken
    assert "push-too-large: the push brings more than 5 commits" in said
    assert "git push origin COMMIT:main" in said
    assert door.push(folder, f"HEAD~4:{MAIN}")[0]
    assert door.push(folder)[0]


@pytest.mark.req("RV1")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param(b"app.py ", "not a plain path", id="a space at the end"),
        pytest.param(b"app.py.", "not a plain path", id="a dot at the end"),
        pytest.param(b"GIT~1", "hasDotgit", id="a short name of .git"),
        pytest.param(b"APP.PY", "differs from this one in case", id="the case"),
        pytest.param("ａpp.py".encode(), "differs from this one in case", id="the form of a letter"),
        pytest.param(b"caf\xe9.py", "the name is not UTF-8", id="not UTF-8"),
        pytest.param("app\u202eyp.exe".encode(), "not a plain path", id="turned round"),
        pytest.param(b"\x1b[31mred", "not a plain path", id="an escape code"),
    ],
)
def test_a_name_that_is_read_differently_elsewhere_is_refused(
    door: Door, folder: Path, name: bytes, words: str
) -> None:
    taken, said = door.push(folder, f"{with_entry(folder, '100644', 'blob', name, blob(folder, b'x'))}:{MAIN}")
    assert not taken
    assert words in said
    assert "\x1b" not in said
    assert door.main() == ""


@pytest.mark.req("RV1")
@pytest.mark.parametrize("name", [b"/etc", b"a/b", b"../up"])
def test_a_name_with_a_slash_is_refused_by_git(door: Door, folder: Path, name: bytes) -> None:
    leaf = bytes.fromhex(blob(folder, b"x"))
    command = ["git", "hash-object", "-w", "-t", "tree", "--stdin", "--literally"]
    raw = b"100644 " + name + b"\0" + leaf
    tree = subprocess.run(command, cwd=folder, input=raw, capture_output=True, check=True).stdout.decode().strip()
    taken, said = door.push(folder, f"{made(folder, 'commit-tree', tree, '-m', 'x')}:{MAIN}")
    assert not taken
    assert "fullPathname" in said
    assert door.main() == ""


@pytest.mark.req("RV1")
def test_links_and_submodules_at_the_tip_are_refused_and_gone_again_are_taken(door: Door, folder: Path) -> None:
    for mode, kind, object_id, words in (
        ("120000", "blob", blob(folder, b"/etc/passwd"), "is a symbolic link"),
        ("160000", "commit", "1" * 40, "is a submodule"),
    ):
        bad = with_entry(folder, mode, kind, b"thing", object_id)
        taken, said = door.push(folder, f"{bad}:{MAIN}")
        assert not taken
        assert words in said
    assert door.push(folder, f"{made(folder, 'commit-tree', 'HEAD^{tree}', '-p', bad, '-m', 'mended')}:{MAIN}")[0]


@pytest.mark.req("RV1")
def test_a_client_that_goes_away_in_the_middle_of_a_pack_leaves_nothing(door: Door, folder: Path) -> None:
    (folder / "big.bin").write_bytes(os.urandom(3 * 2**20))
    commit(folder)
    body = raw_push(folder, "HEAD")
    before = door.kept_bytes()
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
        # Whoever is slow to send holds nobody up.
        assert door.push(folder)[0]
    eventually(lambda: not git_children())
    assert not leftovers(door)
    assert door.kept_bytes() - before < 4 * 2**20


@pytest.mark.req("RV1")
def test_what_a_killed_push_left_is_taken_away_later(door: Door, folder: Path) -> None:
    old, fresh = (door.repository() / "objects" / f"tmp_objdir-incoming-{name}" for name in ("old", "fresh"))
    for place in (old, fresh):
        place.mkdir()
        (place / "object").write_bytes(b"x")
    os.utime(old, (0, 0))
    assert door.push(folder)[0]
    assert not old.exists()
    assert fresh.exists()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[threading.Event]:
    """Reviews wait in the middle until the event is set; of code that was reviewed before, nobody would be asked."""
    (folder / "app.py").write_text(f'app = "{uuid.uuid4()}"\n')
    commit(folder)
    event, ask = threading.Event(), Worker.ask

    def waiting(worker: Worker, task: Task) -> tuple[Finding, ...]:
        event.wait(60)
        return ask(worker, task)

    monkeypatch.setattr(Worker, "ask", waiting)
    yield event
    event.set()


def start_push(door: Door, folder: Path, app: str = APP) -> "subprocess.Popen[bytes]":
    helper = '!f() { echo username=x; echo "password=$TOKEN"; }; f'
    command = ["git", "-c", f"credential.helper={helper}", "push", f"{door.url}/git/{app}.git", f"HEAD:{MAIN}"]
    environment = {**os.environ, "TOKEN": door.token("builder"), "GIT_TERMINAL_PROMPT": "0"}
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE)


@pytest.mark.req("RV1")
def test_a_long_review_says_what_it_does_while_it_does_it(door: Door, folder: Path, held: threading.Event) -> None:
    pushing = start_push(door, folder)
    assert pushing.stderr is not None
    lines = [pushing.stderr.readline().decode() for _ in range(2)]
    assert pushing.poll() is None
    assert "Bailiwick reviews this push" in lines[0]
    assert re.search(r"reviewing 2 files: [a-z, -]+ \.\.\.", lines[1])
    held.set()
    rest = pushing.stderr.read().decode()
    assert pushing.wait() == 0
    assert "takes it" in rest
    assert rest.count("reviewing") <= 2  # seldom, however slow the machine is


@pytest.mark.req("RV1", "ID2")
def test_a_push_goes_on_when_its_token_runs_out_meanwhile(door: Door, folder: Path, held: threading.Event) -> None:
    pushing = start_push(door, folder)
    assert pushing.stderr is not None
    assert "Bailiwick reviews this push" in pushing.stderr.readline().decode()
    with door.company.control.store.transaction() as session:
        session.execute(update(TokenRow).values(expires=utc_now()))
    held.set()
    assert "takes it" in pushing.stderr.read().decode()
    assert pushing.wait() == 0


@pytest.mark.req("RV1", "RT3")
def test_pushes_to_different_apps_do_not_wait_for_each_other(
    door: Door, folder: Path, tmp_path: Path, held: threading.Event
) -> None:
    door.company.control.catalog.create_app(door.company.people["builder"], "finance/other")
    other = tmp_path / "other"
    made(tmp_path, "clone", "-q", str(folder), str(other))
    (other / "bailiwick.toml").write_text(MANIFEST.replace('"desk"', '"other"'))
    commit(other)
    pushing = start_push(door, folder)
    assert pushing.stderr is not None
    assert "reviews" in pushing.stderr.readline().decode()
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(door.push, other, "HEAD:main", app="finance/other")
        try:
            eventually(lambda: programs().count("git-http-backend") == 2, 45)
        finally:
            held.set()  # or the second push would never come to its end
        assert second.result()[0]
    pushing.stderr.read()
    assert pushing.wait() == 0
    assert door.main("finance/other") == made(other, "rev-parse", "HEAD")


@pytest.mark.req("RV10")
def test_a_push_whose_git_was_ended_during_the_review_is_not_remembered(
    door: Door, folder: Path, held: threading.Event
) -> None:
    pushing = start_push(door, folder)
    assert pushing.stderr is not None
    pushing.stderr.readline()
    for process in [*hooks(), *git_children()]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    pushing.stderr.read()
    assert pushing.wait() != 0
    held.set()
    assert door.push(folder)[0]
    assert len(remembered(door)) == 1


def programs() -> list[str]:
    """Return what runs of git now; what ends while it is looked at does not."""
    found = []
    for one in git_children():
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(one.name())
    return found


def hooks() -> list[psutil.Process]:
    found = []
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [one] if any("hook.py" in part for part in one.cmdline()) else []
    return found


@pytest.mark.req("ID1")
def test_a_token_for_git_opens_no_other_door(door: Door) -> None:
    for audience, status in ((API_AUDIENCE, 200), ("git", 401)):
        token = door.token("builder", audience=audience)
        answer = httpx2.get(f"{door.url}/api/v1/apps", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == status


@pytest.mark.req("ID1")
def test_a_person_who_may_not_push_reads_in_git_who_decided(door: Door, folder: Path) -> None:
    taken, said = door.push(folder, who="approver")
    assert not taken
    assert "remote: no policy lets user:approver@example.com do app.push on app:finance/desk" in said
    assert "remote: decided by: default-deny" in said


def test_a_fetch_with_many_commits_to_talk_about_works(door: Door, folder: Path, tmp_path: Path) -> None:
    assert door.push(folder)[0]
    copy = tmp_path / "copy"
    url = f"{door.url}/git/{APP}.git"
    assert door.git(tmp_path, "clone", "-q", url, str(copy), token=door.token("builder")).returncode == 0
    # Commits that the server does not have make git offer many, in requests that it packs.
    stream = "".join(
        f"commit refs/heads/own{number}\ncommitter x <x@example.com> {2_000_000_000 + number} +0000\ndata 1\nx\n"
        for number in range(3000)
    )
    made(copy, "fast-import", "--quiet", stdin=stream.encode())
    (folder / "app.py").write_text("app = 9\n")
    head = commit(folder)
    assert door.push(folder)[0]
    environment = {"GIT_TRACE_CURL": "1", "GIT_TRACE_CURL_NO_DATA": "1"}
    os.environ.update(environment)
    try:
        fetched = door.git(copy, "fetch", url, MAIN, token=door.token("builder"))
    finally:
        for name in environment:
            del os.environ[name]
    assert fetched.returncode == 0, fetched.stderr
    assert b"Content-Encoding: gzip" in fetched.stderr
    assert made(copy, "rev-parse", "FETCH_HEAD") == head
