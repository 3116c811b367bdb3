"""Legal holds over the API, and an export with expired events on the command line."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from bailiwick.control.audit import AuditLog, export_lines, sign_checkpoint
from bailiwick.core.errors import ForbiddenError
from bailiwick.faces.api import build_api
from bailiwick.faces.cli.main import root
from tests.faces.api.test_api import bearer
from tests.fixtures.company import Company


@pytest.fixture
async def api(company: Company) -> Iterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(build_api(company.control))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
        yield client


@pytest.mark.req("OB2")
async def test_a_hold_is_placed_seen_and_lifted_by_another(api: httpx2.AsyncClient, company: Company) -> None:
    admin, security = bearer(company, "admin"), bearer(company, "security")
    body = {"name": "case-7", "actor": "user:a@example.com", "since": "2026-01-01T00:00:00Z", "reason": "case 7"}
    made = await api.post("/v1/audit/holds", json=body, headers=security)
    assert made.status_code == 201
    assert made.json()["placed_by"] == str(company.people["security"].principal)
    own = await api.post("/v1/audit/holds/case-7/lift", json={"reason": "x"}, headers=security)
    assert (own.status_code, own.json()["deciders"]) == (403, ["holds-are-lifted-by-another-person"])
    lifted = await api.post("/v1/audit/holds/case-7/lift", json={"reason": "settled"}, headers=admin)
    assert lifted.json()["lifted_by"] == str(company.people["admin"].principal)
    found = (await api.get("/v1/audit/holds", headers=admin)).json()["holds"]
    assert [(item["name"], item["actor"], item["reason"]) for item in found] == [
        ("case-7", "user:a@example.com", "case 7")
    ]


@pytest.mark.req("OB2")
@pytest.mark.parametrize(
    "wrong", [{"since": "2026-01-01T00:00:00"}, {"name": "no good"}, {"reason": ""}, {"colour": "red"}]
)
async def test_bad_holds_are_refused(api: httpx2.AsyncClient, company: Company, wrong: dict[str, str]) -> None:
    body = {"name": "case-7", "reason": "case 7", **wrong}
    assert (await api.post("/v1/audit/holds", json=body, headers=bearer(company, "admin"))).status_code in {400, 422}
    body = {"name": "case-7", "reason": "case 7"}
    assert (await api.post("/v1/audit/holds", json=body, headers=bearer(company, "builder"))).status_code == 403


@pytest.mark.req("OB2")
def test_verify_says_how_many_events_have_expired(company: Company, tmp_path: Path) -> None:
    control, long_ago = company.control, datetime.now(UTC) - timedelta(days=400)
    with control.store.transaction() as session:
        AuditLog(lambda: long_ago).note(session, "user:a@example.com", "app.created", "app:f/old")
        sign_checkpoint(session, control.audit_key, lambda: long_ago)
        AuditLog().note(session, "user:a@example.com", "app.created", "app:f/new")
    assert control.retention.expire().events == 1
    with control.store.transaction() as session:
        sign_checkpoint(session, control.audit_key, lambda: datetime.now(UTC))
        (tmp_path / "export.ndjson").write_bytes(b"".join(export_lines(session, control.audit_key.public_text)))
    asked = ["audit", "verify", "--export", str(tmp_path / "export.ndjson"), "--key", control.audit_key.public_text]
    words = CliRunner().invoke(root, asked)
    assert words.exit_code == 0
    status = control.retention.status(company.people["security"])
    assert (status.rules.days, status.holds, status.delivered_before) == (365, 0, None)
    assert status.horizon is not None
    with pytest.raises(ForbiddenError):
        control.retention.status(company.people["builder"])
    assert "1 of the events has no content any more" in words.output
    assert json.loads(CliRunner().invoke(root, [*asked, "--json"]).output)["expired"] == 1
