"""Policy's answers for other systems, in the words of AuthZEN."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import event

from bailiwick.control.identity import Claims, ServiceDraft
from bailiwick.core.principals import Identity, Principal
from bailiwick.faces.server import Faces
from tests.faces.api.test_api import bearer
from tests.fixtures.company import APP, Company

BUILDER = {"type": "user", "id": "builder@example.com"}
DESK = {"type": "app", "id": APP}


@pytest.fixture
async def point(company: Company) -> Any:
    transport = httpx2.ASGITransport(Faces(company.control))
    headers = bearer(company, "admin")
    async with httpx2.AsyncClient(transport=transport, base_url="http://bailiwick", headers=headers) as client:
        yield client


async def ask(point: httpx2.AsyncClient, path: str, **body: Any) -> Any:
    answer = await point.post(f"/access/v1/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def action(name: str) -> dict[str, str]:
    return {"name": name}


@pytest.mark.req("ID1")
async def test_a_question_is_answered_with_the_policies_that_decided(point: httpx2.AsyncClient) -> None:
    yes = await ask(point, "evaluation", subject=BUILDER, action=action("app.push"), resource=DESK)
    assert (yes["decision"], yes["context"]["policies"]) == (True, ["builders"])
    no = await ask(point, "evaluation", subject=BUILDER, action=action("app.kill"), resource=DESK)
    assert (no["decision"], no["context"]["policies"]) == (False, ["default-deny"])
    assert no["context"]["roles_that_would_do"] == ["org-admin", "security-admin", "it-admin", "folder-admin"]
    own = {"authors": ["user:admin@example.com"], "requested_by": "user:builder@example.com", "first_deploy": True}
    admin = {"type": "user", "id": "admin@example.com"}
    asked = {"subject": admin, "action": action("app.approve"), "resource": DESK}
    assert (await ask(point, "evaluation", **asked))["decision"]
    refused = await ask(point, "evaluation", **asked, context=own)
    assert (refused["decision"], refused["context"]["policies"]) == (False, ["never-approve-your-own"])


@pytest.mark.req("ID1")
@pytest.mark.parametrize(
    "change",
    [
        {"action": {"name": "app.fly"}},
        {"action": {"name": "folder.create"}},
        {"resource": {"type": "castle", "id": "x"}},
        {"resource": {"type": "app", "id": "financely/desk"}},
        {"subject": {"type": "user", "id": "nobody@example.com"}},
        {"subject": {"type": "robot", "id": "r2"}},
        {"subject": {"type": "service", "id": "builder@example.com"}},
        {"context": {"surprise": "x"}},
    ],
)
async def test_what_fits_no_policy_or_not_the_schema_is_denied(
    point: httpx2.AsyncClient, change: dict[str, Any]
) -> None:
    question = {"subject": BUILDER, "action": action("app.push"), "resource": DESK}
    assert (await ask(point, "evaluation", **question))["decision"]
    denied = await ask(point, "evaluation", **{**question, **change})
    assert denied["decision"] is False
    assert denied["context"]["policies"]


@pytest.mark.req("ID1")
async def test_many_questions_share_what_they_leave_out_and_may_stop_early(point: httpx2.AsyncClient) -> None:
    questions = [{"action": action(name)} for name in ("app.push", "app.kill", "app.read", "app.fly")]
    questions.append({"action": action("app.read"), "resource": {"type": "app", "id": "hr/secret"}})
    shared = {"subject": BUILDER, "resource": DESK, "evaluations": questions}
    answers = (await ask(point, "evaluations", **shared))["evaluations"]
    assert [item["decision"] for item in answers] == [True, False, True, False, False]
    for semantic, expected in (("deny_on_first_deny", [True, False]), ("permit_on_first_permit", [True])):
        options = {"evaluations_semantic": semantic}
        answers = (await ask(point, "evaluations", **shared, options=options))["evaluations"]
        assert [item["decision"] for item in answers] == expected
    missing = (await ask(point, "evaluations", subject=BUILDER, evaluations=[{}]))["evaluations"][0]
    assert missing["decision"] is False
    assert missing["context"]["error"]["status"] == 400
    single = await ask(point, "evaluations", subject=BUILDER, action=action("app.push"), resource=DESK)
    assert single["decision"] is True


@pytest.mark.req("ID1")
async def test_searches_find_people_resources_and_actions_in_pages(point: httpx2.AsyncClient, company: Company) -> None:
    for number in range(5):
        company.control.catalog.create_app(company.people["builder"], f"finance/made{number}")
    seen: list[str] = []
    token = ""
    while True:
        found = await ask(
            point,
            "search/resource",
            subject=BUILDER,
            action=action("app.push"),
            resource={"type": "app"},
            page={"token": token, "limit": 2},
        )
        seen += [item["id"] for item in found["results"]]
        token = found["page"]["next_token"]
        if not token:
            break
        assert len(found["results"]) == 2
    assert seen == [APP, *(f"finance/made{number}" for number in range(5))]
    people, token = [], ""
    while True:
        found = await ask(
            point,
            "search/subject",
            subject={"type": "user"},
            action=action("app.push"),
            resource=DESK,
            page={"token": token, "limit": 1},
        )
        people += [item["id"] for item in found["results"]]
        token = found["page"]["next_token"]
        if not token:
            break
    assert people == ["builder@example.com", "second@example.com"]
    acts = await ask(point, "search/action", subject={"type": "user", "id": "approver@example.com"}, resource=DESK)
    assert [item["name"] for item in acts["results"]] == [
        "app.abort-rollout",
        "app.approve",
        "app.read",
        "approval.delegate",
        "waiver.approve",
        "waiver.end",
    ]
    user = {"type": "user", "id": "user@example.com"}
    assert (await ask(point, "search/action", subject=user, resource=DESK))["results"] == [{"name": "app.use"}]


@pytest.mark.req("ID1")
async def test_only_who_may_read_roles_asks_and_bad_questions_are_named(
    point: httpx2.AsyncClient, company: Company
) -> None:
    question = {"subject": BUILDER, "action": action("app.push"), "resource": DESK}
    for headers, status in (({"authorization": ""}, 401), (bearer(company, "builder"), 403)):
        refused = await point.post("/access/v1/evaluation", json=question, headers=headers)
        assert refused.status_code == status
    for path, body in (
        ("evaluation", {"subject": BUILDER}),
        ("evaluation", {**question, "subject": {"type": "user"}}),
        ("evaluations", {**question, "evaluations": [{}] * 1001}),
        ("search/resource", {**question, "resource": {"type": "castle"}}),
        ("search/subject", {**question, "subject": {"type": "castle"}}),
        ("search/subject", {**question, "page": {"limit": 0}}),
    ):
        answer = await point.post(f"/access/v1/{path}", json=body)
        assert answer.status_code in {400, 422}, path
        assert answer.json()["title"]
    named = await point.post("/access/v1/evaluation", json=question, headers={"x-request-id": "req-1"})
    assert named.headers["x-request-id"] == "req-1"
    told = (await point.get("/.well-known/authzen-configuration")).json()
    assert told["search_action_endpoint"] == f"{company.control.settings.public_url}/access/v1/search/action"


@pytest.mark.req("ID1")
async def test_what_can_lists_what_somebody_may_do_and_why(point: httpx2.AsyncClient, company: Company) -> None:
    asked = {"principal": "user:approver@example.com"}
    found = (await point.get("/api/v1/what-can", params=asked)).json()["what"]
    assert {(item["resource"], item["action"], *item["deciders"]) for item in found} == {
        (f"app:{APP}", "app.read", "approvers-read"),
        (f"app:{APP}", "app.abort-rollout", "who-aborts-rollouts"),
        (f"app:{APP}", "app.approve", "approvers-of-later-deploys"),
        (f"app:{APP}", "approval.delegate", "who-hands-over-approving"),
        (f"app:{APP}", "waiver.approve", "approvers-waive-what-is-not-critical"),
        (f"app:{APP}", "waiver.end", "who-ends-waivers"),
    }
    own = await point.get("/api/v1/what-can", params=asked, headers=bearer(company, "approver"))
    assert own.json()["what"] == found
    other = {"principal": "user:builder@example.com"}
    refused = await point.get("/api/v1/what-can", params=other, headers=bearer(company, "approver"))
    assert refused.status_code == 403
    nothing = (await point.get("/api/v1/what-can", params={"principal": "user:nobody@example.com"})).json()
    assert (nothing["what"], nothing["cursor"]) == ([], "")


@pytest.mark.req("ID1")
def test_lists_and_searches_do_not_ask_the_database_for_each_row(company: Company) -> None:
    control = company.control
    for number in range(30):
        control.catalog.create_app(company.people["builder"], f"finance/made{number:02}")
    statements: list[str] = []
    event.listen(control.store.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    nobody = Identity(Principal("user", "nobody@example.com"), frozenset())
    for ask_for in (
        lambda session: control.catalog.list_apps(session, company.people["approver"], limit=200).apps,
        lambda session: control.access.what_can(session, company.people["builder"], "app")[0],
        lambda session: control.access.who_can(session, "app.read", f"app:{APP}")[0],
    ):
        with control.store.transaction() as session:
            statements.clear()
            assert ask_for(session)
            assert len(statements) <= 5
    with control.store.transaction() as session:
        assert control.catalog.list_apps(session, nobody).apps == ()
        assert control.access.what_can(session, nobody, "app") == ([], "")


@pytest.mark.req("ID1", "ID4")
async def test_service_identities_and_agents_are_found_among_those_who_may(
    point: httpx2.AsyncClient, company: Company
) -> None:
    control, admin = company.control, company.people["admin"]
    control.identity.remember_person(Claims("https://idp", "ada", "ada@example.com", "Ada", (), {}))
    for name in ("agent:coder", "service:nightly", "service:switched-off"):
        control.services.create(admin, ServiceDraft(name, "user:ada@example.com", "Tries", days=30))
        control.identity.roles.assign(admin, "builder", name, "folder:finance")
    control.services.disable(admin, "service:switched-off", "not needed")
    expected = ["user:builder@example.com", "user:second@example.com", "agent:coder", "service:nightly"]
    who, cursor = [], ""
    while True:
        asked = {"action": "app.push", "resource": f"app:{APP}", "limit": 1, "cursor": cursor}
        answer = (await point.get("/api/v1/who-can", params=asked)).json()
        who += [item["holder"] for item in answer["who"]]
        cursor = answer["cursor"]
        if not cursor:
            break
    assert who == expected
    for kind in ("user", "service", "agent"):
        found = await ask(point, "search/subject", subject={"type": kind}, action=action("app.push"), resource=DESK)
        assert [f"{item['type']}:{item['id']}" for item in found["results"]] == [
            name for name in expected if name.startswith(kind)
        ]
    odd = await point.get("/api/v1/who-can", params={"action": "app.push", "resource": f"app:{APP}", "cursor": "x"})
    assert odd.status_code == 400
