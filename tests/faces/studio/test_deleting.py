"""The end of conversations: by whoever had them, and once the settings say that they are old; what stays of them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.studio import StudioKeeper
from bailiwick.control.studio.deleting import ACTOR
from bailiwick.control.studio.tables import BlobRow, ConversationRow, StepRow
from tests.faces.cli.conftest import CommandLine, command_line
from tests.faces.studio.conftest import Studio
from tests.fixtures.company import APP
from tests.fixtures.studio import calls, says

__all__ = ["command_line"]
pytestmark = pytest.mark.req("RV10", "OB1", "DG1")
WRITES = calls(("write_file", {"path": "app.py", "text": "app = 1\n"}))


def left(studio: Studio, conversation: str) -> list[int]:
    """Return how many rows there are of a conversation."""
    counts = [
        select(func.count()).where(column == conversation)
        for column in (ConversationRow.id, StepRow.conversation, BlobRow.conversation)
    ]
    with studio.company.control.store.transaction() as session:
        return [session.scalar(one) or 0 for one in counts]


def events(studio: Studio, action: str) -> list[Any]:
    with studio.company.control.store.transaction() as session:
        found = search(session, AuditQuery(), limit=200).events
    return [item.event for item in found if item.event.action == action]


async def test_whoever_had_a_conversation_deletes_it_and_nobody_else(studio: Studio) -> None:
    gone, stays = await studio.begin(), await studio.begin()
    await studio.turn(gone, "An app about heliotrope", WRITES, says("Done."))
    assert min(left(studio, gone)) > 0
    for who, status in (("second", 404), ("admin", 404), ("user", 404)):
        answer = await studio.client.delete(f"/v1/studio/conversations/{gone}", headers=studio.headers(who))
        assert answer.status_code == status, who
    # While a turn is under way nothing is deleted.
    with studio.company.control.store.transaction() as session:
        row = session.get(ConversationRow, gone)
        assert row is not None
        row.state, row.beat = "working", studio.company.control.clock()
    own = studio.headers("builder")
    assert (await studio.client.delete(f"/v1/studio/conversations/{gone}", headers=own)).status_code == 409
    with studio.company.control.store.transaction() as session:
        row = session.get(ConversationRow, gone)
        assert row is not None
        row.state = "idle"
    answer = await studio.client.delete(f"/v1/studio/conversations/{gone}", headers=own)
    assert answer.json() == {"id": gone, "deleted": True}
    assert left(studio, gone) == [0, 0, 0]
    assert left(studio, stays)[0] == 1
    (event,) = events(studio, "studio.deleted")
    assert (event.actor, event.app, event.context["conversation"]) == ("user:builder@example.com", APP, gone)
    assert event.context["steps"] >= 3
    assert "heliotrope" not in event.model_dump_json()
    for path in (f"/{gone}", f"/{gone}/diff"):
        assert (await studio.get(path, ok=False))["status"] == 404
    assert (await studio.client.delete(f"/v1/studio/conversations/{gone}", headers=own)).status_code == 404


async def test_conversations_expire_when_the_settings_say_so_and_not_while_one_works(studio: Studio) -> None:
    control = studio.company.control
    old, fresh, works = [await studio.begin() for _ in range(3)]
    now = control.clock()
    with control.store.transaction() as session:
        for name, days, state in ((old, 31, "idle"), (fresh, 29, "idle"), (works, 31, "working")):
            row = session.get(ConversationRow, name)
            assert row is not None
            row.updated, row.state, row.beat = now - timedelta(days=days), state, now
    assert control.settings.studio.days is None
    control.studio_keeper.keep()
    assert left(studio, old)[0] == 1, "nothing expires where nobody said after how long"
    keeper = StudioKeeper(control.store, control.audit, 30, timedelta(seconds=30), control.clock)
    keeper.keep()
    assert [left(studio, name)[0] for name in (old, fresh, works)] == [0, 1, 1]
    (event,) = events(studio, "studio.expired")
    assert (event.actor, event.context["conversation"], event.reason) == (ACTOR, old, "nobody spoke in it for 30 days")
    # A turn whose process is gone keeps nothing.
    silent = StudioKeeper(control.store, control.audit, 30, timedelta(0), lambda: now + timedelta(seconds=5))
    silent.keep()
    assert left(studio, works) == [0, 0, 0]


async def test_the_command_line_lists_shows_and_deletes(studio: Studio, command_line: CommandLine) -> None:
    conversation = await studio.begin()
    await studio.turn(conversation, "Show \x1b[31morders", WRITES, says("Done."))
    listed = command_line.run("builder", "studio", "list")
    assert conversation in listed.stdout and APP in listed.stdout
    shown = command_line.run("builder", "studio", "show", conversation)
    assert "write_file" in shown.stdout and "Done." in shown.stdout
    assert "\x1b" not in listed.stdout + shown.stdout
    assert command_line.run("second", "studio", "list").stdout.startswith("none: ")
    assert command_line.run("second", "studio", "delete", conversation, "--yes").exit_code == 1
    assert command_line.run("builder", "studio", "delete", conversation, stdin="n\n").exit_code == 1
    assert left(studio, conversation)[0] == 1
    deleted = command_line.run("builder", "studio", "delete", conversation, "--yes")
    assert (deleted.exit_code, deleted.stdout) == (0, f"{conversation} is deleted\n")
    assert command_line.run("builder", "studio", "show", conversation).exit_code == 1
