"""What planes tell is masked in its words and never in its names, and stays what it was."""

from datetime import UTC, datetime

import pytest

from bailiwick.core.events import AuditEvent
from bailiwick.core.masked_reports import masked_report
from bailiwick.core.masking import Masker
from bailiwick.core.messages import AppReport, AuditReport, JobReport

pytestmark = pytest.mark.req("SE1")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
# It begins with what JSON escapes: text that is masked after it was written as JSON would end as none.
VALUE = '"\\quoted/81c0é'


def job(*lines: str) -> JobReport:
    return JobReport(
        app="finance/desk", job="nightly", run="run_1", release="rel_1", status="failed", time=NOW, log_lines=lines
    )


def test_words_are_masked_wherever_they_stand() -> None:
    told = masked_report(job("before", f"it is {VALUE}", VALUE.encode().hex()), Masker([VALUE]))
    assert isinstance(told, JobReport)
    assert told.log_lines == ("before", "it is •••", "•••")
    assert told.model_copy(update={"log_lines": ()}) == job()


def test_names_stay_though_they_are_a_value_of_the_vault() -> None:
    report = AppReport(
        app="finance/desk", mode="preview", release="rel_1", status="failed", words="finance/desk is off", time=NOW
    )
    told = masked_report(report, Masker(["finance/desk", "preview", "failed"]))
    assert told == report.model_copy(update={"words": "••• is off"})


def test_facts_of_an_event_are_masked_and_who_did_what_is_not() -> None:
    event = AuditEvent(
        time=NOW, actor="app:finance/desk", action="query.executed", resource="integration:orders-db",
        reason=f"no {VALUE}", context={"statement": f"SELECT '{VALUE}'", "tables": (VALUE, "orders"), "rows": 7},
        before={"a": VALUE}, after=None,
    )  # fmt: skip
    told = masked_report(AuditReport(event=event), Masker([VALUE, "finance/desk"]))
    assert isinstance(told, AuditReport)
    assert (told.event.reason, told.event.before) == ("no •••", {"a": "•••"})
    assert told.event.context == {"statement": "SELECT '•••'", "tables": ("•••", "orders"), "rows": 7}
    assert told.event.actor == "app:finance/desk"


def test_what_holds_no_value_is_the_same_report() -> None:
    report = job("nothing here")
    assert masked_report(report, Masker([VALUE])) is report
    assert masked_report(report, Masker()) is report
