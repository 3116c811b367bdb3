"""Models that misbehave, people who may not, and turns that must end: all in words, and the draft stays a draft."""

import asyncio
from typing import Any

import pytest

from bailiwick.control.studio import AGENT, Prompt
from tests.faces.studio.conftest import Studio
from tests.fixtures.company import APP
from tests.fixtures.studio import MANIFEST, calls, says

SECRET = "ghp_" + "h8Kq2LmZx7Rt4VbNc9Wp1YsDf6Gj3Xe5Ua0Q"
USES = '\n[integrations.orders]\nuse = "orders-db"\naccess = ["orders:read"]\n'


def answers(found: dict[str, Any]) -> list[str]:
    return [step["text"] for step in found["steps"] if step["kind"] == "tool"]


@pytest.mark.req("RV1", "RV3", "RV4", "AI1")
async def test_wrong_calls_are_answered_and_nothing_leaves_the_draft(studio: Studio) -> None:
    conversation = await studio.begin()
    found = await studio.turn(
        conversation,
        f"An app; our key is {SECRET}",
        calls(
            ("no_such_tool", {}),
            ("write_file", '{"path": "app.py", "te'),
            ("write_file", {"path": "app.py"}),
            ("write_file", {"path": "../../etc/cron.d/x", "text": "x"}),
            ("write_file", {"path": "key.py", "text": "x = ['the-password-of-orders']\n"}),
            ("write_file", {"path": "big.txt", "text": "x" * 600_000}),
            ("deploy_status", {"app": "finance/other"}),
            ("submit_change", {"app": APP, "files": {}, "message": "round the draft"}),
            ("rollback", {"app": APP, "release": "rel_1"}),
            ("show_preview", {"message": "nothing in it"}),
        ),
        calls(
            ("write_file", {"path": "bailiwick.toml", "text": MANIFEST + USES}),
            ("write_file", {"path": "app.py", "text": "app = 1\n"}),
            ("describe_integrations", {}),
            ("show_preview", {"message": "with orders"}),
        ),
        says("So."),
    )
    said = answers(found)
    expected = [
        "there is no tool of this name", "no JSON object", "text: Field required", "not a path inside the app",
        "holds a secret", "at most", f"about {APP} only", "there is no tool of this name",
        "there is no tool of this name", "has no bailiwick.toml", "lines now", "lines now",
        "No business system was picked", "did not pick",
    ]  # fmt: skip
    assert [words in text for words, text in zip(expected, said, strict=True)] == [True] * len(expected)
    assert found["state"] == "idle"
    assert SECRET not in found["steps"][1]["text"]
    assert SECRET not in str(studio.house.asked[0]["messages"])
    with studio.company.control.store.transaction() as session:
        kept = studio.company.control.studio.steps(session, conversation)
    assert "key.py" in str(kept)
    assert "the-password-of-orders" not in str(kept)
    with studio.company.control.store.transaction() as session:
        app = studio.company.control.catalog.app(session, APP)
        assert studio.company.control.source.pushes(session, app) == []
    for holder in (AGENT, "user:builder@example.com"):
        studio.company.control.identity.roles.assign(
            studio.company.people["admin"], "builder", holder, "integration:orders-db"
        )
    picked = await studio.turn(
        conversation,
        "You may use orders",
        calls(("describe_integrations", {}), ("review_draft", {})),
        says("So."),
        integrations=["orders-db"],
    )
    assert "access orders:read" in answers(picked)[-2]
    assert "nothing blocks" in answers(picked)[-1]


@pytest.mark.req("RT6", "AI5")
async def test_a_turn_ends_at_circles_faults_and_when_it_is_stopped(studio: Studio) -> None:
    conversation = await studio.begin()
    circles = await studio.turn(conversation, "An app", *[calls(("list_files", {}))] * 6)
    assert circles["state"] == "failed"
    assert "goes in circles" in circles["words"]
    assert len(studio.house.asked) == 4
    denied = (401, "application/json", [b'{"error": {"message": "sk-1"}}'])
    refused = await studio.turn(conversation, "", *[denied] * 8)
    assert (refused["state"], refused["words"].partition(";")[0]) == (
        "failed",
        "the model's server does not take the platform's credential (status 401)",
    )
    again = await studio.turn(conversation, "", says("Well."))
    assert (again["state"], again["steps"][-1]["text"].strip()) == ("idle", "Well.")
    # Stopped while the model speaks: what reads along goes, and the call ends at the model's server, too.
    whole = says("For a long time")
    studio.house.server.once[:] = [(whole[0], whole[1], [*whole[2][:2], 0.5, *[whole[2][1], 0.2] * 60])]
    await studio.post(f"/{conversation}/ask", {"text": "Speak"})
    busy = await studio.post(f"/{conversation}/ask", {"text": "And more"}, ok=False)
    assert busy["status"] == 409
    assert (await studio.post(f"/{conversation}/deploy", {}, ok=False))["status"] == 409
    assert (await studio.post(f"/{conversation}/undo", {"step": 1}, ok=False))["status"] == 409
    await studio.post(f"/{conversation}/stop", {})
    stopped = await studio.over(conversation)
    assert (stopped["state"], stopped["words"]) == ("stopped", "you stopped it")
    assert await asyncio.to_thread(studio.house.server.hung_up.wait, 20)
    # Whoever leaves loses their agents at once.
    studio.house.server.once[:] = [(whole[0], whole[1], [*whole[2][:2], *[whole[2][1], 0.2] * 60])]
    await studio.post(f"/{conversation}/ask", {"text": "Speak"})
    control = studio.company.control
    control.services.disable(studio.company.people["admin"], AGENT, "a drill")
    assert "revoked" in (await studio.over(conversation))["words"]
    off = await studio.post(f"/{conversation}/ask", {"text": "Go on"}, ok=False)
    assert (off["status"], "switched off" in off["title"]) == (403, True)


@pytest.mark.req("ID1", "IN3", "AI5")
async def test_people_do_only_what_they_may(studio: Studio) -> None:
    conversation = await studio.begin()
    await studio.turn(conversation, "An app", says("Well."), table={"name": "o.csv", "csv": "id,name\n1,Ann\n"})
    assert "Table o.csv: 1 rows" in str(studio.house.asked[0]["messages"])
    # Who may read the app reads its prompts, and not what was attached; who may not sees nothing; nobody else speaks.
    seen = await studio.get(f"/{conversation}", "second")
    assert [step["attached"] for step in seen["steps"] if step["attached"]] == ["a table"]
    for who, path, body in (
        ("second", "/ask", {"text": "mine now"}),
        ("second", "/deploy", {}),
        ("second", "/undo", {"step": 1}),
        ("user", "/ask", {"text": "mine now"}),
    ):
        assert (await studio.post(f"/{conversation}{path}", body, who, ok=False))["status"] == 404
    assert (await studio.get(f"/{conversation}", "user", ok=False))["status"] == 404
    assert (await studio.get(f"/{conversation}/events", "user", ok=False))["status"] == 404
    assert (await studio.get("", "second"))["conversations"] == []
    for body, status in (
        ({"app": APP, "model": "none-such"}, 404),
        ({"app": "finance/none", "model": "writer"}, 404),
        ({"app": "hr/new", "model": "writer", "create": True}, 404),
    ):
        assert (await studio.post("", body, ok=False))["status"] == status
    assert (await studio.post("", {"app": APP, "model": "writer"}, "user", ok=False))["status"] in {403, 404}
    png = {"type": "image/png", "base64": "iVBORw0KGgo="}
    refused = await studio.post(f"/{conversation}/ask", {"text": "Like this", "picture": png}, ok=False)
    assert (refused["status"], "gets text only" in refused["title"]) == (403, True)
    for wrong in ({"text": "x" * 9000}, {"text": "x", "picture": {**png, "base64": "?"}}):
        assert (await studio.post(f"/{conversation}/ask", wrong, ok=False))["status"] in {400, 422}
    made = await studio.begin(app="finance/brand-new", create=True)
    assert (await studio.post(f"/{made}/ask", {"text": " "}, ok=False))["status"] in {400, 422}
    # An agent works for people, and agents have no agents.
    service = studio.company.control.exchange.working_for(AGENT, studio.company.people["builder"])
    with pytest.raises(Exception, match="only people"):
        studio.company.control.studio.ask(service, made, Prompt("x"))
