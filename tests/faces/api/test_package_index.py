"""The copy of the index over the API: forms of dumps, additions, ages, and what is refused."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from bailiwick.faces.api import build_api
from tests.faces.api.test_api import bearer
from tests.fixtures.company import Company

DUMPS = Path(__file__).parents[2] / "assets" / "index"
URL = "/v1/package-index"


@pytest.fixture
async def api(company: Company) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(build_api(company.control))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api", timeout=60) as client:
        yield client


@pytest.mark.req("RV5")
async def test_lines_and_single_answers_are_taken_as_they_are(api: httpx2.AsyncClient, company: Company) -> None:
    admin = bearer(company, "admin")
    lines = {"Content-Type": "application/x-ndjson", **admin}
    taken = await api.post(URL, content=(DUMPS / "lines.jsonl").read_bytes(), headers=lines)
    assert taken.status_code == 201, taken.text
    assert (taken.json()["taken"], taken.json()["unreadable"]) == (6, 0)
    one = {"Content-Type": "application/json; charset=utf-8", **admin}
    more = await api.post(f"{URL}?adds=true", content=(DUMPS / "simple.json").read_bytes(), headers=one)
    assert more.json()["sources"][0]["packages"] == 7
    asked = {"adds": "true", "made": "2026-01-01T00:00:00Z"}
    packument = (DUMPS / "packument.json").read_bytes()
    await api.post(URL, params=asked, content=packument, headers=one)
    shown = (await api.get(URL, headers=bearer(company, "security"))).json()
    (pypi, npm) = shown["sources"]
    assert (pypi["whole"], pypi["made"]) == (True, "2026-11-20T06:00:00Z")
    assert (npm["whole"], npm["made"], npm["stale"]) == (False, "2026-01-01T00:00:00Z", True)
    assert len(pypi["sha256"]) == 64


@pytest.mark.req("RV5")
@pytest.mark.parametrize(
    ("kind", "content", "status", "words"),
    [
        ("text/csv", b"a,b", 400, "no type that is taken here"),
        ("application/zip", b"nothing", 400, "cannot be read"),
        ("application/x-ndjson", b"{}\n", 400, "in none of the forms"),
        ("application/json", b"[" * 100_000, 400, "cannot be read"),
    ],
)
async def test_what_is_no_dump_is_refused_and_changes_nothing(
    api: httpx2.AsyncClient, company: Company, kind: str, content: bytes, status: int, words: str
) -> None:
    headers = {"Content-Type": kind, **bearer(company, "admin")}
    answer = await api.post(URL, content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["title"] + answer.json().get("detail", "")
    assert (await api.get(URL, headers=headers)).json()["sources"] == []
    assert list(company.control.index.folder.iterdir()) == []


@pytest.mark.req("RV5")
async def test_builders_neither_import_nor_read_it(api: httpx2.AsyncClient, company: Company) -> None:
    headers = {"Content-Type": "application/x-ndjson", **bearer(company, "builder")}
    assert (await api.post(URL, content=(DUMPS / "lines.jsonl").read_bytes(), headers=headers)).status_code == 403
    assert (await api.get(URL, headers=headers)).status_code == 403
