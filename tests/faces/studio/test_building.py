"""From a sentence to an app that waits for its approval, by the API, with a real gateway and the whole review."""

from typing import Any

import pytest

from bailiwick.control.reviewers import Writers
from bailiwick.control.reviewers.independence import independent
from tests.faces.studio.conftest import Studio
from tests.fixtures.company import APP
from tests.fixtures.studio import CODE, MANIFEST, calls, messages, says

UNSAFE = "import subprocess\n\n\ndef app(scope):\n    return subprocess.run(scope['path'], shell=True)\n"


def kinds(found: dict[str, Any]) -> list[str]:
    return [step["kind"] for step in found["steps"]]


def tools(found: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(step["tool"], step["failed"]) for step in found["steps"] if step["kind"] == "tool"]


@pytest.mark.req("RV1", "RV10", "IN3", "AI5")
async def test_a_sentence_becomes_an_app_that_waits_for_its_approval(studio: Studio) -> None:
    conversation = await studio.begin()
    found = await studio.turn(
        conversation,
        "An app that shows orders",
        calls(("house_rules", {"folder": "finance"}), ("list_files", {}), text="I look first."),
        calls(("write_file", {"path": "bailiwick.toml", "text": MANIFEST}),
              ("write_file", {"path": "app.py", "text": UNSAFE})),
        calls(("review_draft", {})),
        calls(("write_file", {"path": "app.py", "text": CODE}), ("show_preview", {"message": "First draft"})),
        calls(("preview_status", {}), ("ask_for_deploy", {"message": "Orders for all"})),
        says("It shows orders now."),
    )  # fmt: skip
    assert (found["state"], found["words"]) == ("idle", "")
    assert tools(found) == [
        ("house_rules", False), ("list_files", False), ("write_file", False), ("write_file", False),
        ("review_draft", True), ("write_file", False), ("show_preview", False), ("preview_status", False),
        ("ask_for_deploy", False),
    ]  # fmt: skip
    review = next(step for step in found["steps"] if step["tool"] == "review_draft")
    assert "to mend" in review["text"]
    assert "app.py:5" in review["text"]
    assert found["preview"].startswith("http://studio-")
    said = [step for step in found["steps"] if step["kind"] == "said"]
    assert said[-1]["text"].strip() == "It shows orders now."
    assert (said[0]["tokens_in"], said[0]["tokens_out"], said[0]["cost"]) == (1000, 100, 0.0045)
    # What the model got: its own calls with their answers, and no credential of anybody.
    last = studio.house.asked[-1]
    assert [item["role"] for item in last["messages"][:5]] == ["system", "user", "assistant", "tool", "tool"]
    assert {call.headers["authorization"] for call in studio.house.server.calls} == {
        "Bearer sk-the-key-of-the-server-1234567890"
    }
    callers = {str(event.actor) for event in studio.house.gateway.events if event.action == "model.called"}
    assert callers == {"agent:studio/for/user:builder@example.com"}
    other = await studio.turn(conversation, "Is it good?", messages("It is."), model="opal")
    assert (other["model"], other["steps"][-1]["model"]) == ("opal", "opal-4")
    deploy = await studio.post(f"/{conversation}/deploy", {"message": "Orders for support"})
    assert (deploy["state"], deploy["requested_by"]) == ("requested", "user:builder@example.com")
    control = studio.company.control
    with control.store.transaction() as session:
        page = control.history.revisions(session, studio.company.people["builder"], APP)
        own = control.deploys.explain_approval(session, studio.company.people["builder"], deploy["id"])
    assert not own.decision.allowed
    main, draft = page.revisions
    assert (main.push.branch, draft.push.branch, main.push.door) == ("", found["branch"], "studio")
    assert (main.push.verified_agent, main.push.agent, main.push.model) == (
        "agent:studio",
        "studio",
        "nova-large, opal-4",
    )
    assert main.push.prompt == "An app that shows orders\n\nIs it good?"
    # Whoever wrote in the conversation does not review what came of it, whichever of the models that was.
    with control.store.transaction() as session:
        app = control.catalog.app(session, APP)
        writers = Writers(*control.source.made_by(session, app, main.push.commit, since=""))
    routes = control.settings.inference.routes
    assert independent(list(routes.values()), writers) == []
    assert writers.agents >= {"agent:studio", "studio"}
    assert draft.work is not None
    assert main.work is not None
    assert (draft.work.answers, draft.work.tools, draft.work.tokens_in) == (4, 6, 4000)
    assert (main.work.answers, main.work.tools, main.work.cost) == (3, 3, 9000)


@pytest.mark.req("RV1", "RV10")
async def test_each_step_can_be_seen_and_gone_back_to(studio: Studio) -> None:
    conversation = await studio.begin(model="opal")
    first = await studio.turn(
        conversation,
        "An app",
        messages("I write.", ("write_file", {"path": "app.py", "text": "app = 1\n"})),
        messages("Done."),
    )
    written = first["steps"][-2]
    assert (written["tool"], written["changes_files"]) == ("write_file", True)
    second = await studio.turn(
        conversation,
        "Make it two",
        messages("", ("edit_file", {"path": "app.py", "old": "1", "new": "2"})),
        messages("", ("write_file", {"path": "more/extra.py", "text": "x = 1\n"})),
        messages("Done."),
    )
    diff = (await studio.get(f"/{conversation}/diff?since={written['number']}"))["diff"]
    assert "-app = 1\n+app = 2\n" in diff
    assert "new file mode 100644\n--- /dev/null\n+++ b/more/extra.py" in diff
    await studio.post(f"/{conversation}/undo", {"step": written["number"]})
    assert (await studio.get(f"/{conversation}/diff?since={written['number']}"))["diff"] == ""
    gone = second["steps"][-2]["number"]
    assert "deleted file mode" in (await studio.get(f"/{conversation}/diff?since={gone}"))["diff"]
    await studio.turn(conversation, "What is there?", messages("", ("read_file", {"path": "app.py"})), messages("One."))
    told = studio.house.asked[-1]["messages"]
    assert told[-1]["content"][-1] == {"type": "tool_result", "tool_use_id": "toolu_read_file", "content": "app = 1\n"}
    assert any("brought the draft back" in str(item["content"]) for item in told)
    refused = await studio.post(f"/{conversation}/undo", {"step": 99}, ok=False)
    assert refused["status"] == 404
