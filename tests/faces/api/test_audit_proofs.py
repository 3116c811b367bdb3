"""Proofs and tiles at the API's door."""

import httpx2
import pytest

from bailiwick.core.checkpoints import check_growth, check_inclusion, open_checkpoint
from bailiwick.core.statements import Keyring
from tests.faces.api.test_api import api, bearer
from tests.fixtures.company import Company

__all__ = ["api"]


@pytest.mark.req("OB2")
async def test_a_checkpoint_covers_what_was_just_done_and_proofs_lead_to_it(
    api: httpx2.AsyncClient, company: Company
) -> None:
    ring = Keyring.of([company.control.audit_key.public_text])
    headers = bearer(company, "admin")
    first = (await api.get("/v1/audit/checkpoint", headers=headers)).json()
    company.control.catalog.create_folder(company.people["admin"], "sales")
    second = (await api.get("/v1/audit/checkpoint", headers=headers)).json()
    older, newer = (open_checkpoint(item["envelope"], ring) for item in (first, second))
    assert (newer.size, newer.root) == (second["size"], second["root"])
    assert newer.size > older.size
    event = (await api.get(f"/v1/audit/events/{newer.size - 1}", headers=headers)).json()
    asked = {"sequence": newer.size - 1, "size": newer.size}
    proof = (await api.get("/v1/audit/proof/inclusion", params=asked, headers=headers)).json()["hashes"]
    check_inclusion(newer, newer.size - 1, bytes.fromhex(event["leaf"]), proof)
    asked = {"first": older.size, "second": newer.size}
    growth = (await api.get("/v1/audit/proof/consistency", params=asked, headers=headers)).json()["hashes"]
    check_growth(older, newer, growth)


@pytest.mark.req("OB2")
async def test_tiles_may_be_kept_for_ever_and_what_is_none_is_said(api: httpx2.AsyncClient, company: Company) -> None:
    headers = bearer(company, "admin")
    tile = await api.get("/v1/audit/tile/0/000.p/3", headers=headers)
    assert tile.status_code == 200
    assert len(tile.content) == 96
    assert "immutable" in tile.headers["cache-control"]
    assert (await api.get("/v1/audit/tile/0/000", headers=headers)).status_code == 404
    assert (await api.get("/v1/audit/tile/0/../secret", headers=headers)).status_code in {400, 404}
    assert (await api.get("/v1/audit/tile/9/000", headers=headers)).status_code == 400


@pytest.mark.req("OB2", "ID4")
async def test_evidence_is_for_who_may_read_the_log(api: httpx2.AsyncClient, company: Company) -> None:
    for path in (
        "checkpoint",
        "proof/inclusion?sequence=0&size=1",
        "proof/consistency?first=0&second=1",
        "tile/0/000.p/1",
        "events/0",
    ):
        assert (await api.get(f"/v1/audit/{path}")).status_code == 401
        refused = await api.get(f"/v1/audit/{path}", headers=bearer(company, "builder"))
        assert refused.status_code == 403
        assert (await api.get(f"/v1/audit/{path}", headers=bearer(company, "admin"))).status_code == 200


async def test_what_cannot_be_proved_is_refused(api: httpx2.AsyncClient, company: Company) -> None:
    for path, status in (
        ("proof/inclusion?sequence=5&size=5", 400),
        ("proof/inclusion?sequence=0&size=100000", 400),
        ("proof/inclusion?sequence=-1&size=5", 422),
        ("proof/consistency?first=3&second=2", 400),
        ("proof/consistency?first=1&second=99999999999999999999", 422),
        ("events/99999", 404),
    ):
        answer = await api.get(f"/v1/audit/{path}", headers=bearer(company, "admin"))
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json"
