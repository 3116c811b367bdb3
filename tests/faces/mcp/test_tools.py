"""What agents can do at the MCP door: the same as people by the API, through the same gate."""

import base64
import hashlib
import json
import subprocess

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.freeze import scope_of
from bailiwick.control.identity import ServiceDraft
from bailiwick.core.manifest import parse_manifest
from bailiwick.faces.mcp.server import INSTRUCTIONS
from bailiwick.faces.mcp.tools import TOOLS
from bailiwick.faces.mcp.tools.rules import MANIFEST_HELP
from tests.control.standards.test_standards import PLAIN, proposed
from tests.faces.mcp.conftest import NEW, OLD, Door, text_of
from tests.fixtures.company import APP, MANIFEST
from tests.fixtures.releasing import SPAWNS, released

FILES = {"bailiwick.toml": {"text": MANIFEST}, "app.py": {"text": "app = 1\n"}}
AGENT = "agent:claude-code"
# Descriptions are read by models: whoever changes one says so here.
DESCRIPTIONS = "f4e611282680692e48b3b1306417909922e3c1ad8f91389b08865ddcbdb307b2"


def modes_at(door: Door, commit: str) -> dict[str, str]:
    """Return the mode of each file of a commit, as git has it."""
    with door.company.control.store.transaction() as session:
        app = door.company.control.catalog.app(session, APP)
    repository = door.company.control.source.repository(app)
    listed = subprocess.run(["git", "--git-dir", repository, "ls-tree", commit], capture_output=True, check=True)
    return {line.split()[3]: line.split()[0] for line in listed.stdout.decode().splitlines()}


def test_descriptions_are_the_ones_that_were_agreed_on() -> None:
    words = [tool.words.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in TOOLS]
    digest = hashlib.sha256(json.dumps([INSTRUCTIONS, words], sort_keys=True).encode()).hexdigest()
    assert digest == DESCRIPTIONS


def test_the_example_of_a_manifest_is_one() -> None:
    example = MANIFEST_HELP[MANIFEST_HELP.index("[app]") : MANIFEST_HELP.index("Rules that hold")]
    assert parse_manifest(example).app.name == "refund-desk"


@pytest.mark.req("RV1", "IN3")
@pytest.mark.parametrize("mode", [OLD, NEW, "auto"])
async def test_old_and_new_clients_see_the_same_tools(door: Door, mode: str) -> None:
    async with door.client(door.token("builder"), mode) as client:
        listed = await client.list_tools()
        found = await client.call_tool("find_apps", {})
    assert [tool.name for tool in listed.tools] == [tool.name for tool in TOOLS]
    assert all(tool.input_schema["additionalProperties"] is False for tool in listed.tools)
    assert found.structured_content is not None
    assert [app["app"] for app in found.structured_content["apps"]] == [APP]


@pytest.mark.req("RV1", "RV10")
async def test_a_refused_change_is_mended_and_taken_with_a_signed_verdict(door: Door) -> None:
    bad = {**FILES, "app.py": {"text": SPAWNS}}
    said = {"app": APP, "message": "First", "model": "opus", "prompts": ["show me my orders"]}
    async with door.client(door.token("builder")) as client:
        refused = await client.call_tool("submit_change", {**said, "files": bad})
        mended = await client.call_tool("submit_change", {**said, "files": FILES})
        listed = await client.call_tool("findings", {"review": refused.structured_content["review"]})
    assert refused.is_error
    assert "app.py:3 process-spawning (" in text_of(refused)
    assert "fix: " in text_of(refused)
    (finding,) = [it for it in refused.structured_content["findings"] if it["rule"] == "process-spawning"]
    assert (finding["path"], finding["line"], finding["blocking"]) == ("app.py", 3, True)
    assert not refused.structured_content["accepted"]
    assert listed.structured_content["findings"] == refused.structured_content["findings"]
    assert not mended.is_error, text_of(mended)
    control = door.company.control
    with control.store.transaction() as session:
        review = control.reviews.review(session, mended.structured_content["review"])
        (taken, first) = control.history.revisions(session, door.company.people["builder"], APP).revisions
    assert review.verdict is not None
    assert (taken.push.accepted, first.push.accepted) == (True, False)
    assert (taken.push.door, taken.push.model, taken.push.prompt) == ("mcp", "opus", "show me my orders")
    assert taken.push.commit == mended.structured_content["commit"]


@pytest.mark.req("RV1")
async def test_a_change_lies_on_top_of_what_is_there(door: Door) -> None:
    logo = {"base64": base64.b64encode(b"\x00\x01logo").decode()}
    script = {"text": "#!/bin/sh\n", "executable": True}
    async with door.client(door.token("builder")) as client:
        first = await client.call_tool(
            "submit_change", {"app": APP, "message": "1", "files": {**FILES, "logo.bin": logo, "run.sh": script}}
        )
        base = first.structured_content["commit"]
        change = {"app.py": {"text": "app = 2\n"}, "run.sh": {"text": "#!/bin/sh\nexit\n"}}
        second = await client.call_tool(
            "submit_change", {"app": APP, "message": "2", "base": base, "files": change, "removed": ["logo.bin"]}
        )
        assert not second.is_error, text_of(second)
        stale = await client.call_tool(
            "submit_change", {"app": APP, "message": "3", "base": base, "files": {"a.py": {"text": "a = 1\n"}}}
        )
        blind = await client.call_tool("submit_change", {"app": APP, "message": "4", "files": FILES})
        gone = await client.call_tool(
            "submit_change",
            {"app": APP, "message": "5", "base": second.structured_content["commit"], "files": {}, "removed": ["no"]},
        )
        head = second.structured_content["commit"]
        change = {"app": APP, "message": "6", "branch": "fix", "files": {"app.py": {"text": "app = 6\n"}}}
        aside = await client.call_tool("submit_change", {**change, "base": head})
        found = await client.call_tool("find_apps", {"words": "desk"})
    assert not aside.is_error, text_of(aside)
    assert "taken: fix of finance/desk is at" in text_of(aside)
    assert "It answers at http://fix.desk.preview.localhost:8410 until" in text_of(aside)
    assert found.structured_content["apps"][0]["commit"] == head
    assert modes_at(door, head) == {"app.py": "100644", "bailiwick.toml": "100644", "run.sh": "100755"}
    for answer in (stale, blind):
        assert answer.is_error
        assert head[:12] in text_of(answer)
    assert gone.is_error
    assert "no such file" in text_of(gone)


@pytest.mark.req("RV1")
async def test_a_dry_run_says_the_same_and_changes_nothing(door: Door) -> None:
    bad = {**FILES, "app.py": {"text": SPAWNS}}
    tried = await door.call("builder", "review_change", app=APP, files=bad)
    assert not tried.is_error
    assert (tried.structured_content["passes"], tried.structured_content["blocking"]) == (False, 1)
    assert "app.py:3 process-spawning" in text_of(tried)
    good = await door.call("builder", "review_change", app=APP, files=FILES)
    assert good.structured_content["passes"]
    sent = await door.call("builder", "submit_change", app=APP, files=bad, message="x")
    # An edit is known while a review runs; it is not kept.
    found = [{**it} for it in tried.structured_content["findings"]]
    assert any(it.pop("edit", None) for it in found)
    assert sent.structured_content["findings"] == found
    control = door.company.control
    with control.store.transaction() as session:
        (only,) = control.history.revisions(session, door.company.people["builder"], APP).revisions
    assert not only.push.accepted
    assert door.company.actions().count(("push.tried", "user:builder@example.com")) == 2


@pytest.mark.req("RV1", "RV10", "ID1", "IN3")
async def test_an_agent_works_for_a_person_and_both_are_named(door: Door) -> None:
    control, admin = door.company.control, door.company.people["admin"]
    control.services.create(admin, ServiceDraft(AGENT, "group:admin", "Writes code", 30, public=True))
    from bailiwick.control.identity.services.exchange import Actor

    token = control.exchange.for_person(door.token("builder"), Actor(name=AGENT), audience="mcp").secret
    async with door.client(token) as client:
        refused = await client.call_tool("submit_change", {"app": APP, "message": "1", "files": FILES})
        control.identity.roles.assign(admin, "builder", AGENT, "folder:finance")
        taken = await client.call_tool("submit_change", {"app": APP, "message": "1", "files": FILES})
        history = await client.call_tool("history", {"app": APP})
    assert refused.is_error
    assert "no app" in text_of(refused)
    assert not taken.is_error, text_of(taken)
    (revision,) = history.structured_content["revisions"]
    assert revision["pushed_by"] == "agent:claude-code/for/user:builder@example.com"
    assert (revision["verified_agent"], revision["person"]) == (AGENT, "user:builder@example.com")
    with control.store.transaction() as session:
        (event, *_) = search(session, AuditQuery(action="push.accepted")).events
        called = search(session, AuditQuery(action="tool.called")).events
    assert (event.event.acting_for, event.event.client_kind) == ("user:builder@example.com", "mcp")
    assert {item.event.client_kind for item in called} == {"mcp"}
    assert {item.event.resource for item in called} == {"tool:submit_change", "tool:history"}


@pytest.mark.req("ID1")
async def test_whoever_may_not_is_refused_as_by_the_api(door: Door) -> None:
    made = await door.call("user", "create_app", app="finance/other")
    assert made.is_error
    assert "decided by: default-deny" in text_of(made)
    hidden = await door.call("approver", "submit_change", app=APP, files=FILES, message="x")
    assert "default-deny" in text_of(hidden)
    for tool, arguments in (("review_change", {"files": FILES}), ("history", {}), ("deploy_status", {})):
        answer = await door.call("user", tool, app="finance/nothing", **arguments)
        assert answer.is_error
        assert "there is no app" in text_of(answer)


@pytest.mark.req("RV1")
async def test_from_a_folder_to_a_request_for_production(door: Door) -> None:
    async with door.client(door.token("builder")) as client:
        made = await client.call_tool("create_app", {"app": "finance/tables"})
        assert not made.is_error, text_of(made)
        early = await client.call_tool("request_approval", {"app": "finance/tables"})
        assert early.is_error
        files = {**FILES, "bailiwick.toml": {"text": MANIFEST.replace('"desk"', '"tables"')}}
        taken = await client.call_tool("submit_change", {"app": "finance/tables", "message": "1", "files": files})
        assert not taken.is_error, text_of(taken)
        asked = await client.call_tool("request_approval", {"app": "finance/tables"})
        status = await client.call_tool("deploy_status", {"app": "finance/tables"})
        back = await client.call_tool("rollback", {"app": "finance/tables", "release": "rel_none"})
    assert "waits for an administrator" in text_of(asked)
    assert any("orders" in line for line in asked.structured_content["reach_added"])
    (deploy,) = status.structured_content["deploys"]
    assert (deploy["state"], deploy["deploy"]) == ("requested", asked.structured_content["deploy"])
    assert back.is_error
    control = door.company.control
    approved = control.deploys.approve(door.company.people["admin"], deploy["deploy"], "looked at it")
    after = await door.call("builder", "deploy_status", app="finance/tables")
    assert f"release {approved.release} production" in text_of(after)
    again = await door.call("builder", "rollback", app="finance/tables", release=approved.release)
    assert not again.is_error, text_of(again)
    assert ("release.rolled-back", "user:builder@example.com") in door.company.actions()


@pytest.mark.req("DG3")
async def test_a_freeze_refuses_agents_too_and_says_who_and_why(door: Door) -> None:
    release = released(door.company)
    released(door.company)
    everything = scope_of(everything=True)
    door.company.control.freezes.start(door.company.people["security"], everything, "a supplier was broken into")
    for tool, arguments in (("request_approval", {}), ("rollback", {"release": release})):
        refused = await door.call("builder", tool, app=APP, **arguments)
        assert refused.is_error
        assert "user:security@example.com froze everything" in text_of(refused)
        assert "a supplier was broken into" in text_of(refused)


@pytest.mark.req("RV1", "RV8", "ID1")
async def test_standards_in_force_are_told_to_those_they_bind(door: Door) -> None:
    standards, people = door.company.control.standards, door.company.people
    for name, scope in (("house", "organization:default"), ("desks", "folder:finance"), ("later", "folder:finance")):
        version = proposed(door.company, name=name, scope=scope)
        if name != "later":
            standards.approve(people["security"], name, version)
            standards.activate(people["admin"], name, version)
    told = await door.call("builder", "house_rules", folder="finance")
    assert told.structured_content is not None
    assert [item["standard"] for item in told.structured_content["standards"]] == ["desks@1", "house@1"]
    assert "Coding standard desks@1, of folder:finance" in text_of(told)
    assert PLAIN.strip() in text_of(told)
    elsewhere = await door.call("builder", "house_rules", folder="finances")
    assert "desks@1" not in text_of(elsewhere)
    stranger = await door.call("user", "house_rules", folder="finance")
    assert "house@1" not in text_of(stranger)
    written = text_of(await door.call("builder", "agents_md", folder="finance"))
    assert f"`desks@1`, of folder:finance:\n\n```toml\n{PLAIN.strip()}\n```" in written
    assert "/git/finance/APP.git" in written
    assert "- `process-spawning`: code may start other programs" in written
    assert "select on public.orders (id, region)" in written
    assert "public.orders" not in text_of(await door.call("user", "agents_md", folder="finance"))


@pytest.mark.req("RV1")
async def test_rules_and_systems_are_those_of_whoever_asks(door: Door) -> None:
    rules = await door.call("builder", "house_rules", folder="finance")
    assert "bailiwick.toml" in text_of(rules)
    none = await door.call("user", "describe_integrations")
    assert "no integration that you may use" in text_of(none)
    # Whoever builds in a folder must know what there is to build upon, though they administer nothing of it.
    known = await door.call("builder", "describe_integrations")
    assert [item["name"] for item in known.structured_content["integrations"]] == ["orders-db"]
    systems = await door.call("admin", "describe_integrations", name="orders-db")
    assert "select on public.orders (id, region); only rows whose region is the person's own region" in text_of(systems)
    assert "127.0.0.1" not in text_of(systems)
    assert "127.0.0.1" not in json.dumps(systems.structured_content)
