"""Limits of an integration are tried over the last hours before they are set."""

from datetime import timedelta

import pytest

from bailiwick.core.events import AuditEvent
from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP


@pytest.mark.req("OB6")
def test_what_a_new_limit_would_have_refused_is_said_before_it_is_set(command_line: CommandLine) -> None:
    control = command_line.company.control
    now = control.clock()
    events = [
        AuditEvent(time=now - timedelta(minutes=5, milliseconds=-number), actor="user:user@example.com",
                   action="query.executed", resource="integration:orders-db", app=APP)
        for number in range(100)
    ]  # fmt: skip
    old = events[0].model_copy(update={"id": "evt_old", "time": now - timedelta(hours=30)})
    with control.store.transaction() as session:
        control.audit.append_all(session, [old, *events])
    wanted = ("integration", "limit", "orders-db", "app.rate=40/min", "wait_seconds=0", "--try")
    told = command_line.run("admin", *wanted)
    assert "of 100 calls in 24 h 90 would have been refused" in told.stdout
    assert f"90  by the limit of app {APP}" in told.stdout
    assert "of 101 calls in 48 h" in command_line.run("admin", *wanted, "--hours", 48).stdout
    with control.store.transaction() as session:
        assert control.integrations.integration(session, "orders-db").limits.app.rate is None
    assert command_line.run("builder", *wanted).exit_code == 1
    assert command_line.run("admin", "integration", "limit", "none", "app.rate=1/s", "--try").exit_code == 1
