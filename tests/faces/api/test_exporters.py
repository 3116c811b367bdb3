"""Exporters over the API: the whole way of an administrator, and who may only look."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bailiwick.faces.api import build_api
from tests.faces.api.test_api import bearer
from tests.fixtures.company import Company


@pytest.fixture
def more_settings(tmp_path: Path) -> dict[str, Any]:
    return {"audit_exporters": [{"name": "lake", "kind": "folder", "path": tmp_path / "lake"}]}


@pytest.fixture
async def api(company: Company) -> Iterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(build_api(company.control))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
        yield client


@pytest.mark.req("OB3")
async def test_an_administrator_tests_pauses_and_replays(
    api: httpx2.AsyncClient, company: Company, tmp_path: Path
) -> None:
    admin = bearer(company, "admin")
    failed = await api.post("/v1/exporters/lake/test", headers=admin)
    assert failed.status_code == 503
    assert "is no folder" in failed.json()["title"]
    (tmp_path / "lake").mkdir()
    assert (await api.post("/v1/exporters/lake/test", headers=admin)).json()["name"] == "lake"
    assert (await api.post("/v1/exporters/lake/pause", json={}, headers=admin)).status_code == 400
    paused = (await api.post("/v1/exporters/lake/pause", json={"reason": "moving"}, headers=admin)).json()
    assert paused["health"].startswith("paused; behind by")
    await api.post("/v1/exporters/lake/resume", json={}, headers=admin)
    replayed = (await api.post("/v1/exporters/lake/replay", json={"first": 1, "reason": "again"}, headers=admin)).json()
    assert replayed["next_sequence"] == 1
    assert (
        await api.post("/v1/exporters/lake/replay", json={"first": -1, "reason": "x"}, headers=admin)
    ).status_code in {400, 422}
    listed = (await api.get("/v1/exporters", headers=bearer(company, "security"))).json()
    assert [item["name"] for item in listed["exporters"]] == ["lake"]
    assert (await api.get("/v1/exporters/lakes", headers=admin)).status_code == 404


@pytest.mark.req("OB3", "ID1")
async def test_others_are_refused(api: httpx2.AsyncClient, company: Company) -> None:
    for path, body in (
        ("/v1/exporters/lake/pause", {"reason": "x"}),
        ("/v1/exporters/lake/replay", {"first": 0, "reason": "x"}),
    ):
        assert (await api.post(path, json=body, headers=bearer(company, "security"))).status_code == 403
    assert (await api.get("/v1/exporters", headers=bearer(company, "builder"))).status_code == 403
