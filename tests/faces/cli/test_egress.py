"""Egress of an app on the command line, over the API."""

import json

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import EgressRollup, EgressSeen
from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP, Company


@pytest.mark.req("RT2")
def test_whoever_may_see_an_app_sees_what_it_called_and_what_to_do(company: Company, command_line: CommandLine) -> None:
    assert command_line.run("builder", "app", "egress", APP).output == "nothing went out in the last 24 hours\n"
    usual = {"connections": 1, "requests": 0, "sent": 1200, "received": 5, "last": utc_now()}
    hosts = (
        EgressSeen.model_validate({**usual, "address": "a.example:443", "protocol": "tls", "refused": 0, "reason": ""}),
        EgressSeen.model_validate(
            {**usual, "address": "b.example", "protocol": "", "refused": 2, "reason": "it is not declared"}
        ),
    )
    rollup = EgressRollup(app=APP, mode="production", release="r", start=utc_now(), seconds=10, hosts=hosts)
    with company.control.store.transaction() as session:
        company.control.observe.take_rollup(session, "production", rollup)
    lines = command_line.run("builder", "app", "egress", APP, "--hours", "48").output.splitlines()
    assert sorted(line.strip() for line in lines) == [
        'declare it in bailiwick.toml: [egress] allow = ["b.example:443"]',
        f"production {'a.example:443':<40} 1 connections, 1.2 kB out, 5 B in",
        f"production {'b.example':<40} not declared",
        "refused 2 times, last: it is not declared",
    ]
    shown = json.loads(command_line.run("builder", "app", "egress", APP, "--json").output)
    assert [point["sent"] for point in shown["hourly"]] == [2400]
    assert command_line.run("builder", "app", "egress", "finance/not-there").exit_code == 1
