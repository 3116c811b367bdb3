"""Pushes without git: the same gate, the same answer, from JSON and from archives."""

import base64
import io
import stat
import subprocess
import tarfile
import uuid
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from bailiwick.faces.api import build_api
from tests.faces.api.test_api import bearer
from tests.fixtures.company import APP, MANIFEST, Company
from tests.fixtures.releasing import SPAWNS

FILES = {"bailiwick.toml": MANIFEST, "app.py": "app = 1\n"}
URL = f"/v1/push/{APP}"


@pytest.fixture
async def api(company: Company) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(build_api(company.control))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api", timeout=60) as client:
        yield client


def git(company: Company, *arguments: str) -> str:
    with company.control.store.transaction() as session:
        repository = company.control.source.repository(company.control.catalog.app(session, APP))
    return subprocess.run(
        ["git", "--git-dir", repository, *arguments], capture_output=True, check=True
    ).stdout.decode()  # fmt: skip


def repository_of(company: Company) -> Path:
    with company.control.store.transaction() as session:
        return Path(company.control.source.repository(company.control.catalog.app(session, APP)))


@pytest.mark.req("RV1", "RV10", "IN3")
async def test_files_become_a_commit_that_was_reviewed(api: httpx2.AsyncClient, company: Company) -> None:
    logo = {"base64": base64.b64encode(b"\x00\x01logo").decode()}
    script = {"text": "#!/bin/sh\n", "executable": True}
    body = {"files": {**FILES, "static/logo.bin": logo, "run.sh": script}, "message": "First", "agent": "codex"}
    body |= {"model": "gpt-5", "prompts": ["make a desk"]}
    answer = await api.post(URL, json=body, headers=bearer(company, "builder"))
    assert answer.status_code == 201, answer.text
    said = answer.json()
    assert git(company, "rev-parse", "refs/heads/main", "main^{tree}").split() == [said["commit"], said["tree"]]
    assert git(company, "fsck", "--strict", "--full") == ""
    assert git(company, "log", "--format=%an <%ae> %cn %s") == (
        "builder@example.com <builder@example.com> Bailiwick First\n"
    )
    assert git(company, "cat-file", "blob", "main:static/logo.bin") == "\x00\x01logo"
    assert git(company, "ls-tree", "main", "run.sh").startswith("100755")
    with company.control.store.transaction() as session:
        (revision,) = company.control.history.revisions(session, company.people["builder"], APP).revisions
    push = revision.push
    assert (push.author, push.door, push.agent, push.model) == ("user:builder@example.com", "api", "codex", "gpt-5")
    assert push.prompt == "make a desk"
    second = {"files": {**FILES, "app.py": "app = 2\n"}, "base": said["commit"]}
    assert (await api.post(URL, json=second, headers=bearer(company, "second"))).status_code == 201
    assert git(company, "ls-tree", "--name-only", "main").split() == ["app.py", "bailiwick.toml"]
    stale = {"files": {**FILES, "app.py": "app = 3\n"}, "base": said["commit"]}
    refused = await api.post(URL, json=stale, headers=bearer(company, "builder"))
    assert refused.status_code == 400
    assert "any more" in refused.json()["title"]
    same = await api.post(URL, json={"files": second["files"]}, headers=bearer(company, "builder"))
    assert same.status_code == 409


@pytest.mark.req("RV1")
async def test_what_the_review_refuses_leaves_nothing_behind(api: httpx2.AsyncClient, company: Company) -> None:
    answer = await api.post(URL, json={"files": {**FILES, "app.py": SPAWNS}}, headers=bearer(company, "builder"))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "source.review-refused"
    (finding,) = [it for it in problem["details"]["findings"] if it["rule"] == "process-spawning"]
    assert (finding["path"], finding["line"]) == ("app.py", 3)
    assert finding["url"].endswith(f"#{finding['fingerprint']}")
    assert not list((repository_of(company) / "objects").glob("??/*"))
    assert not list((repository_of(company) / "objects").glob("tmp_objdir-*"))
    assert ("push.refused", "user:builder@example.com") in company.actions()
    waiver = company.control.waivers.request(
        company.people["builder"], problem["details"]["review"], finding["fingerprint"], "fixed program"
    )
    company.control.waivers.approve(company.people["approver"], waiver.id, "read it")
    again = await api.post(URL, json={"files": {**FILES, "app.py": SPAWNS}}, headers=bearer(company, "builder"))
    assert again.status_code == 201


@pytest.mark.req("RV1")
async def test_a_push_that_is_sent_again_is_one(api: httpx2.AsyncClient, company: Company) -> None:
    headers = {**bearer(company, "builder"), "Idempotency-Key": str(uuid.uuid4())}
    body = {"files": {**FILES, "data.txt": "x" * 2_000_000}}
    first = await api.post(URL, json=body, headers=headers)
    again = await api.post(URL, json=body, headers=headers)
    assert first.status_code == 201, first.text
    assert again.json() == first.json()
    assert [action for action, _ in company.actions()].count("push.accepted") == 1


def tar(*entries: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:
        for info, content in entries:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def plain(name: str, text: str) -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), text.encode()


def zipped(files: dict[str, str], link: str = "") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        if link:
            info = zipfile.ZipInfo(link)
            info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
    return target.getvalue()


@pytest.mark.req("RV1")
@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/gzip", tar(*(plain(f"./{name}", text) for name, text in FILES.items()))),
        ("application/x-tar", tar(*(plain(*item) for item in FILES.items()), mode="w:")),
        ("application/zip", zipped(FILES)),
    ],
)
async def test_archives_are_taken(api: httpx2.AsyncClient, company: Company, media_type: str, body: bytes) -> None:
    headers = {**bearer(company, "builder"), "Content-Type": media_type, "Bailiwick-Prompt": "make%20it"}
    answer = await api.post(f"{URL}?message=From+an+archive", content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert git(company, "log", "--format=%s").strip() == "From an archive"
    assert git(company, "ls-tree", "--name-only", "main").split() == ["app.py", "bailiwick.toml"]


def _link() -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo("link")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return info, b""


@pytest.mark.req("RV1")
@pytest.mark.parametrize(
    ("media_type", "body", "words"),
    [
        ("application/gzip", b"no archive", "cannot be read"),
        ("application/zip", b"PK\x03\x04", "cannot be read"),
        ("application/gzip", tar(_link()), "no plain file"),
        ("application/zip", zipped(FILES, link="link"), "no plain file"),
        ("application/gzip", tar(plain("../x", "")), "not a path inside the app"),
        ("application/gzip", tar(plain("a/.GIT/config", "x")), "not a path inside the app"),
        ("application/gzip", tar(plain("a", "x"), plain("a", "y")), "twice"),
        ("application/gzip", tar(plain("a", "x"), plain("a/b", "y")), "twice"),
        ("application/gzip", tar(), "no file"),
        ("text/plain", b"x", "no form of files"),
        ("application/json", b"{", "Invalid JSON"),
        ("application/json", b'{"files": {}}', "no file"),
        ("application/json", b'{"files": {"a": {"base64": "%"}}}', "not base64"),
        ("application/json", b'{"files": {"a": {}}}', "neither text nor base64"),
        ("application/json", b'{"files": {"a": "x"}, "brunch": "b"}', "brunch"),
    ],
    # The bytes of archives hold the time, and would make another name of the test in each process.
    ids=lambda item: item if isinstance(item, str) else "body",
)
async def test_bad_uploads_are_refused_in_words(
    api: httpx2.AsyncClient, company: Company, media_type: str, body: bytes, words: str
) -> None:
    headers = {**bearer(company, "builder"), "Content-Type": media_type}
    answer = await api.post(URL, content=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["title"]


@pytest.mark.req("RV1", "ID1")
async def test_only_who_may_push_uploads(api: httpx2.AsyncClient, company: Company) -> None:
    body = {"files": FILES}
    assert (await api.post(URL, json=body, headers=bearer(company, "approver"))).status_code == 403
    assert (await api.post(URL, json=body, headers=bearer(company, "user"))).status_code == 404
    assert (await api.post(URL, json=body)).status_code == 401


@pytest.mark.req("RV10")
async def test_signs_that_the_database_does_not_keep_do_no_harm(api: httpx2.AsyncClient, company: Company) -> None:
    body = {"files": FILES, "message": "a\0b", "agent": "co\0dex", "model": "\0", "prompts": ["make\0 a desk", "\0"]}
    answer = await api.post(URL, json=body, headers=bearer(company, "builder"))
    assert answer.status_code == 201, answer.text
    with company.control.store.transaction() as session:
        (revision,) = company.control.history.revisions(session, company.people["builder"], APP).revisions
    assert (revision.push.agent, revision.push.model, revision.push.prompt) == ("codex", "", "make a desk")
