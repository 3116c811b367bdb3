"""Fields of telemetry in an installation: what is new or undeclared does not reach a receiver, and who says so."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.notices.model import Content
from bailiwick.control.telemetry import TelemetryService
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.events import AuditEvent
from bailiwick.core.telemetry import Field, own_register
from tests.control.exporters.http_receiver import HttpReceiver, listening
from tests.fixtures.company import Company

pytestmark = pytest.mark.req("AI3")
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with listening() as started:
        yield started


@pytest.fixture
def more_settings(receiver: HttpReceiver, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "hook").write_text(SECRET)
    forms = [{"name": name, "kind": "webhook", "url": f"{receiver.url}/{name}", "format": name, "batch_seconds": 0,
              "secret": {"file": tmp_path / "hook"}} for name in ("json", "ocsf")]  # fmt: skip
    return {"audit_exporters": forms}


def upgraded(company: Company) -> TelemetryService:
    """Return what a next version of the platform has, which brings a field, in the same installation."""
    own = own_register()
    fields = {**own.fields, "fact.wholly_new": Field("fact.wholly_new", "what it did cost", "size", own.version + 1)}
    now = company.control.telemetry
    made = replace(now, register=replace(own, version=own.version + 1, fields=fields), _gates={})
    made.begin()
    return made


def test_only_what_is_declared_and_on_reaches_the_wire(company: Company, receiver: HttpReceiver) -> None:
    control, admin = company.control, company.people["admin"]
    telemetry = upgraded(company)
    workers = control.exporters.workers()
    for worker in workers:
        worker._gate = telemetry.gate

    def sent(what: str) -> str:
        facts = {"wholly_new": f"cost-{what}", "shoe_size": f"shoe-{what}", "holder": f"holder-{what}"}
        with control.store.transaction() as session:
            some = AuditEvent(time=utc_now(), actor="user:a@example.com", action="app.created", resource="app:a/b",
                              context=facts, client="192.0.2.77")  # fmt: skip
            control.audit.append_all(session, [some])
        receiver.sent.clear()
        for worker in workers:
            while worker.step() == 0:
                pass
        return b"".join(request.body for request in receiver.sent).decode()

    first = sent("one")
    assert first.count("holder-one") == 2
    assert "192.0.2.77" in first
    assert "cost-one" not in first
    assert "shoe-one" not in first
    telemetry.switch(admin, "fact.wholly_new", "the SIEM needs it", on=True)
    telemetry.switch(admin, "event.client", "no addresses", on=False)
    second = sent("two")
    assert second.count("cost-two") == 2
    assert "192.0.2.77" not in second
    assert "shoe-two" not in second
    # What was left out is told in the log by its name, and so is what was switched.
    told = [item for item in company.actions() if item[0].startswith("telemetry.")]
    assert sorted(set(told)) == [
        ("telemetry.turned-off", "user:admin@example.com"),
        ("telemetry.turned-on", "user:admin@example.com"),
        ("telemetry.withheld", "service:telemetry"),
    ]
    with control.store.transaction() as session:
        events = search(session, AuditQuery(action="telemetry.withheld")).events
    assert {item.event.context["name"] for item in events} == {"fact.shoe_size"}


def test_who_turns_fields_on_and_what_cannot_be(company: Company) -> None:
    people, telemetry = company.people, upgraded(company)
    with company.control.store.transaction() as session:
        states = {item.name: item for item in telemetry.states(session, people["security"])}
        with pytest.raises(ForbiddenError):
            telemetry.states(session, people["builder"])
    assert (states["fact.wholly_new"].new, states["fact.wholly_new"].on) == (True, False)
    assert (states["fact.holder"].new, states["fact.holder"].on) == (False, True)
    faults: list[tuple[str, str, str, type[Exception]]] = [
        ("builder", "fact.wholly_new", "why", ForbiddenError),
        ("admin", "fact.wholly_news", "why", NotFoundError),
        ("admin", "event.actor", "why", InvalidInputError),
        ("admin", "plane.app.status", "why", InvalidInputError),
        ("admin", "fact.wholly_new", "", InvalidInputError),
    ]
    for who, name, reason, fault in faults:
        with pytest.raises(fault):
            telemetry.switch(people[who], name, reason, on=True)
    telemetry.switch(people["security"], "fact.wholly_new", "why", on=True)
    with pytest.raises(ConflictError):
        telemetry.switch(people["security"], "fact.wholly_new", "why", on=True)
    with company.control.store.transaction() as session:
        (state,) = [item for item in telemetry.states(session, people["security"]) if item.name == "fact.wholly_new"]
        assert (state.on, state.by, state.reason) == (True, "user:security@example.com", "why")
        # Notices pass the same gate.
        telemetry.gate(session)
    telemetry.switch(people["admin"], "notice.added", "no reach in mails", on=False)
    with company.control.store.transaction() as session:
        said = telemetry.gate(session).values("notice", Content("a/b", "user:x", True, ("orders",), emergency="now"))
    assert said == Content("a/b", "user:x", True, (), emergency="now")
