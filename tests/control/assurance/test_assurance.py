"""What planes say of attacks on their sandboxes: kept, told to the log once, and shown to whoever sees the app."""

from datetime import timedelta
from typing import Any

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ForbiddenError, NotFoundError
from bailiwick.core.messages import AttackOrder, AttacksReport, ReportBatch, Sequenced
from tests.fixtures.company import Company

pytestmark = pytest.mark.req("RT1")


def report(**more: Any) -> AttacksReport:
    facts = {"level": "process: bubblewrap", "kernel": "Linux 6", "attempts": 9, "proved": 7, "time": utc_now()}
    return AttacksReport.model_validate(facts | {"unproved": ("calls: one", "calls: two")} | more)


def say(company: Company, number: int, said: AttacksReport) -> None:
    batch = ReportBatch(spool="s", reports=(Sequenced(sequence=number, report=said),))
    company.control.planes.take_reports("editor", batch)


def events(company: Company, action: str) -> list[Any]:
    with company.control.store.transaction() as session:
        return [item.event for item in search(session, AuditQuery(action=action)).events]


def words(company: Company) -> str:
    with company.control.store.transaction() as session:
        return company.control.assurance.of(session, "editor").words


def test_the_newest_result_counts_and_is_told_once(company: Company) -> None:
    assert words(company) == "its walls were not tried yet"
    said = report()
    say(company, 1, said)
    say(company, 2, said)
    say(company, 3, report(attempts=1, time=said.time - timedelta(hours=1)))
    assert words(company) == (
        "9 attempts to get out: 7 held, 2 lead nowhere on this host with or without a sandbox, 0 got out"
    )
    (event,) = events(company, "sandbox.attacked")
    assert (event.outcome.value, event.context["held"], event.context["kernel"]) == ("success", 7, "Linux 6")


def test_what_got_out_is_an_alert_with_its_names(company: Company) -> None:
    say(company, 1, report(escaped=("files: read the host's",)))
    (event,) = events(company, "sandbox.escaped")
    assert event.outcome.value == "failed"
    assert "1 got out (files: read the host's)" in event.reason
    assert "1 got out (files: read the host's)" in words(company)


def test_a_part_that_could_not_be_tried_is_said_beside_what_held(company: Company) -> None:
    say(company, 1, report(left_out=("storage: only root can mount it",)))
    assert words(company).endswith("0 got out; left out: storage: only root can mount it")


def test_what_could_not_be_tried_says_why(company: Company) -> None:
    say(company, 1, report(attempts=0, proved=0, unproved=(), untried="bubblewrap is not installed"))
    assert words(company) == "its walls could not be tried: bubblewrap is not installed"
    assert events(company, "sandbox.attacked")[0].outcome.value == "failed"


def test_whoever_reads_settings_may_ask_a_plane_that_there_is(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []
    monkeypatch.setattr(company.control.hub, "broadcast", sent.append)
    assurance = company.control.assurance
    assurance.ask(company.people["admin"], "editor")
    assert sent == [AttackOrder(plane="editor")]
    with pytest.raises(ForbiddenError):
        assurance.ask(company.people["user"], "editor")
    with pytest.raises(NotFoundError, match="no data plane 'moon'"):
        assurance.ask(company.people["admin"], "moon")
    assert len(sent) == 1
    assert events(company, "sandbox.attack-asked")[0].resource == "plane:editor"
