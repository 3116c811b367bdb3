"""Traces of an app: from the plane's reports to its pages, the API and the command line, for its builders only."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from bailiwick.control.identity import Claims
from bailiwick.core.clock import utc_now
from bailiwick.core.messages import MetricSeen, SpansReport
from tests.faces.api.test_api import bearer
from tests.faces.console.conftest import Console, Open
from tests.faces.console.test_command_line import CommandLine
from tests.fixtures.company import APP
from tests.fixtures.spans import reports, request, tell, under

EVIL = "GET /<script>alert(1)</script>\x1b[31m"


@pytest.mark.req("OB4", "OB1", "AI2")
def test_a_builder_finds_what_failed_and_sees_what_it_was_made_of(
    console: Console, open_as: Open, tmp_path: Path
) -> None:
    failed = request(
        "POST /refunds/{}", ms=640, outcome="error", status=500,
        facts={"error_type": "ZeroDivisionError", "error_place": "refunds.py:12 in total"},
    )  # fmt: skip
    query = under(failed, name="UPDATE refunds SET amount = $1", ms=210, facts={"rows": 1})
    model = under(query, kind="model", name="support /v1/messages", ms=300, outcome="error", status=529)
    evil = request(EVIL, at=utc_now() - timedelta(minutes=9))
    metric = MetricSeen(minute=utc_now(), name="<i>orders", kind="counter", value=3, count=1, labels={"state": "new"})
    measured = SpansReport(app=APP, mode="production", release="rel_1", metrics=(metric,))
    tell(console.company, [*reports(query, model, failed, evil), measured])
    page = open_as("builder")
    page.goto(f"/apps/{APP}")
    page.get_by_role("link", name="Traces", exact=True).click()
    assert "2 requests, 1 of them failed (50.0%)" in page.inner_text("main")
    assert "ZeroDivisionError" in page.get_by_role("region", name="Groups of errors").inner_text()
    assert "support /v1/messages" in page.get_by_role("region", name="What fails now and then").inner_text()
    assert "<script>" in page.get_by_role("region", name="Traces", exact=True).inner_text()
    assert "<i>orders" in page.get_by_role("region", name="Metrics").inner_text()
    page.get_by_label("Ended").select_option("true")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("region", name="Traces", exact=True).get_by_role("link").click()
    assert page.locator("svg rect.span").count() == 3 and page.locator("svg rect.span.bad").count() == 2
    rows = page.get_by_role("region", name="Spans").locator("tbody tr").all_inner_texts()
    assert [row.split("\t")[0] for row in rows] == [failed.name, query.name, model.name]
    assert "user:ada@example.com" in page.inner_text("main")
    page.get_by_role("link", name="What it wrote").click()
    assert page.get_by_role("textbox", name="Trace").input_value() == failed.trace

    line = CommandLine(console, tmp_path / "config" / "credentials.json")
    line.login("builder")
    listed = line.run("traces", "list", APP)
    assert listed.returncode == 0 and failed.trace in listed.stdout and "\x1b" not in listed.stdout
    assert [
        item["trace"] for item in json.loads(line.run("traces", "list", APP, "--failed", "--json").stdout)["traces"]
    ] == [failed.trace]
    shown = line.run("traces", "show", APP, failed.trace).stdout.splitlines()
    assert "    model support /v1/messages" in shown[3] and "[error]" in shown[3]
    assert "ZeroDivisionError in refunds.py:12 in total" in line.run("traces", "overview", APP).stdout


@pytest.mark.req("OB4", "RT3")
def test_others_see_no_traces_of_it(console: Console) -> None:
    root = request()
    tell(console.company, reports(root))
    control = console.company.control
    control.catalog.create_folder(console.company.people["admin"], "hr")
    control.identity.roles.apply_rules([("hr-builders", "builder", "folder:hr")])
    stranger = control.identity.sign_in(
        Claims(console.addresses.provider, "hr", "hr@example.com", "Hr", ("hr-builders",), {})
    )
    approver, _ = console.signed_in("approver")
    for client, expected in ((approver, 403), (console.browser(stranger), 404)):
        with client:
            for path in (f"/traces/{APP}", f"/trace/{root.trace}/{APP}"):
                assert client.get(path).status_code == expected
    with console.browser() as client:
        for path in ("traces", "trace-overview", f"trace/{root.trace}"):
            answer = client.get(f"/api/v1/{path}/{APP}", headers=bearer(console.company, "approver"))
            assert answer.status_code == 403
