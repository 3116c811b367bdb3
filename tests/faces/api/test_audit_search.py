"""Search, counts, kept searches and the live tail at the API's door."""

import httpx2
import pytest

from tests.faces.api.test_api import api, bearer
from tests.fixtures.company import APP, Company

__all__ = ["api"]


@pytest.mark.req("OB2")
async def test_terms_and_parameters_combine_and_events_link_to_what_they_are_about(
    api: httpx2.AsyncClient, company: Company
) -> None:
    headers = bearer(company, "admin")
    company.control.stops.kill(company.people["admin"], APP, "a leak")
    both = {"q": ["action=app.*", "since=1h"], "app": APP, "outcome": "success"}
    events = (await api.get("/v1/audit", params=both, headers=headers)).json()["events"]
    assert [event["action"] for event in events] == ["app.killed", "app.created"]
    assert events[0]["links"]["resource"] == f"/apps/{APP}"
    assert events[0]["links"]["person"] == "/audit?q=actor%3Duser%3Aadmin%40example.com"
    assert (events[0]["before"], events[0]["after"]) == ({"stopped": []}, {"stopped": ["everywhere"]})
    several = {"action": ["app.killed", "folder.created"]}
    found = (await api.get("/v1/audit", params=several, headers=headers)).json()["events"]
    assert {event["action"] for event in found} == {"app.killed", "folder.created"}
    bars = (await api.get("/v1/audit/histogram", params={"q": "action=app.*"}, headers=headers)).json()
    assert sum(bar["count"] for bar in bars["bars"]) == 2
    for bad in ({"q": "colour=red"}, {"since": "soon"}, {"outcome": "maybe"}, {"q": ["x"] * 41}):
        answer = await api.get("/v1/audit", params=bad, headers=headers)
        assert answer.status_code in {400, 422}
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.req("OB2", "ID4")
async def test_kept_searches_are_ones_own_or_shared_and_only_the_owner_removes(
    api: httpx2.AsyncClient, company: Company
) -> None:
    admin, security, builder = (bearer(company, who) for who in ("admin", "security", "builder"))
    for name, shared in (("mine", False), ("ours", True)):
        body = {"terms": ["outcome=refused", "since=7d"], "shared": shared}
        assert (await api.put(f"/v1/audit/searches/{name}", json=body, headers=admin)).status_code == 200
    seen = (await api.get("/v1/audit/searches", headers=security)).json()["searches"]
    assert [(item["name"], item["owner"], item["terms"]) for item in seen] == [
        ("ours", "user:admin@example.com", ["outcome=refused", "since=7d"])
    ]
    assert (await api.delete("/v1/audit/searches/ours", headers=security)).status_code == 404
    assert (await api.delete("/v1/audit/searches/ours", headers=admin)).status_code == 200
    assert (await api.get("/v1/audit/searches", headers=security)).json()["searches"] == []
    assert (await api.get("/v1/audit/searches", headers=builder)).status_code == 403
    assert (await api.put("/v1/audit/searches/x", json={"terms": ["a"]}, headers=builder)).status_code == 403
    for name, terms in (("x", []), ("x", ["colour=red"]), ("<script>", ["a"])):
        answer = await api.put(f"/v1/audit/searches/{name}", json={"terms": terms}, headers=admin)
        assert answer.status_code == 400
    assert ("search.removed", "user:admin@example.com") in company.actions()


@pytest.mark.req("OB2", "ID4")
async def test_who_may_not_read_the_log_may_not_follow_or_count_it(api: httpx2.AsyncClient, company: Company) -> None:
    for path in ("tail", "histogram", ""):
        assert (await api.get(f"/v1/audit/{path}".rstrip("/"), headers=bearer(company, "builder"))).status_code == 403
        assert (await api.get(f"/v1/audit/{path}".rstrip("/"))).status_code == 401
    bad = {**bearer(company, "admin"), "Last-Event-ID": "x; DROP TABLE"}
    assert (await api.get("/v1/audit/tail", headers=bad)).status_code == 400
