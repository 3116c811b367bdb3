"""The inventory of what leaves for models at the control plane: believed, added up, shown to some, and switched."""

from datetime import timedelta
from typing import Any

import pytest

from bailiwick.control.inference import OutflowFilter
from bailiwick.control.model_settings import ModelSettings
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotAuthenticatedError,
    NotFoundError,
)
from bailiwick.core.messages import OutflowReport, OutflowSeen, ReportBatch, Sequenced
from bailiwick.core.passes import MODELS_APP, MODELS_MODE, read_pass
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.prompt_logs import PROMPT_KEY, PROMPTS_MODE
from tests.fixtures.company import APP, Company

pytestmark = pytest.mark.req("AI2")


@pytest.fixture
def more_settings() -> dict[str, Any]:
    models = [{"name": name, "wire": "openai-chat", "url": "https://models.example.com/v1", "model": "nova"}
              for name in ("support-model", "writer")]  # fmt: skip
    return {"inference": ModelSettings.model_validate({"models": models})}


def seen(app: str = APP, **named: Any) -> OutflowSeen:
    now = utc_now()
    usual = {"model": "support-model", "person": "user:eve@example.com", "place": "user", "calls": 1, "bytes": 100}
    return OutflowSeen.model_validate({"app": app, "first": now, "last": now, **usual, **named})


def report(company: Company, *lines: OutflowSeen, plane: str = "production", sequence: int = 1) -> None:
    items = (Sequenced(sequence=sequence, report=OutflowReport(lines=lines)),)
    company.control.planes.take_reports(plane, ReportBatch(spool="s", reports=items))


def test_lines_add_up_and_each_sees_what_is_theirs(company: Company) -> None:
    control, people = company.control, company.people
    iban = {"place": "tool-results", "data_class": "iban", "bytes": 0, "found": 3, "redacted": 2}
    report(company, seen(place="settings", refused=1), seen(), seen(**iban), seen(""),
           seen("finance/none"), seen(model="unknown"))  # fmt: skip
    # A line that is told twice in one report counts twice.
    report(company, seen(bytes=60), seen(bytes=40, calls=0), seen(**iban), sequence=2)
    # The same again changes nothing: the plane did not hear that it was taken.
    report(company, seen(), sequence=2)
    report(company, seen(bytes=11, last=utc_now() + timedelta(days=90)), plane="editor")
    with control.store.transaction() as session:
        for who in ("admin", "security"):
            page = control.outflows.page(session, people[who], OutflowFilter())
            assert {line.app for line in page.lines} == {APP, ""}
        own = control.outflows.page(session, people["builder"], OutflowFilter())
        lines = {(line.place, line.data_class): line for line in own.lines}
        assert {line.app for line in own.lines} == {APP}
        assert (lines["user", ""].calls, lines["user", ""].bytes) == (3, 211)
        assert (lines["tool-results", "iban"].found, lines["tool-results", "iban"].left) == (6, 2)
        assert [(day.bytes, day.found, day.refused) for day in own.days] == [(311, 6, 1)]
        for narrow in (OutflowFilter(data_class="iban"), OutflowFilter(place="tool-results")):
            assert len(control.outflows.page(session, people["builder"], narrow).lines) == 1
        assert control.outflows.page(session, people["builder"], OutflowFilter(app="x", days=1)).lines == ()
        assert control.outflows.page(session, people["user"], OutflowFilter()).lines == ()
    assert [action for action, actor in company.actions() if actor == "plane:production"] == ["report.refused"]


def test_what_is_switched_off_reaches_planes_and_comes_back(company: Company) -> None:
    control, people, outflows = company.control, company.people, company.control.outflows
    wanted = OutflowFilter(model="support-model", app=APP, place="tool-results")
    made = outflows.off(people["security"], wanted, "until the audit")
    for plane in ("editor", "production"):
        (told,) = control.planes.desired_state(plane).outflow_switches
        assert (told.id, told.by, told.place) == (made.id, "user:security@example.com", "tool-results")
    with pytest.raises(ConflictError):
        outflows.off(people["admin"], wanted, "once more")
    with control.store.transaction() as session:
        assert outflows.switches(session, people["builder"]) == (made,)
        assert outflows.switches(session, people["user"]) == ()
    with pytest.raises(ForbiddenError):
        outflows.on(people["builder"], made.id, "mine")
    outflows.on(people["admin"], made.id, "audited")
    assert control.planes.desired_state("production").outflow_switches == ()
    with pytest.raises(NotFoundError):
        outflows.on(people["admin"], made.id, "twice")
    told_of = [item for item in company.actions() if item[0].startswith("model-outflow.")]
    assert told_of == [
        ("model-outflow.switched-off", "user:security@example.com"),
        ("model-outflow.switched-on", "user:admin@example.com"),
    ]
    faults: list[tuple[Any, str, type[Exception]]] = [
        (OutflowFilter(), "why", InvalidInputError),
        (OutflowFilter(model="none"), "why", NotFoundError),
        (OutflowFilter(app="finance/none"), "why", NotFoundError),
        (OutflowFilter(place="nowhere"), "why", InvalidInputError),
        (OutflowFilter(data_class="I BAN"), "why", InvalidInputError),
        (OutflowFilter(person="eve"), "why", InvalidInputError),
        (OutflowFilter(model="writer"), " ", InvalidInputError),
    ]
    for bad, reason, fault in faults:
        with pytest.raises(fault):
            outflows.off(people["admin"], bad, reason)
    machine = Identity(Principal("service", "ci"), people["admin"].names)
    with pytest.raises(ForbiddenError, match="only a person"):
        outflows.off(machine, OutflowFilter(model="writer"), "why")


@pytest.mark.req("OB1")
def test_logs_of_prompts_are_opened_by_few_and_with_a_reason(company: Company) -> None:
    control, people = company.control, company.people
    opened = control.prompt_logs.open(people["security"], APP, "case 7")
    key = control.planes.welcome("production").pass_key
    found = read_pass(opened.token, key, app=APP, mode=PROMPTS_MODE, now=control.clock())
    assert found.identity.principal == people["security"].principal
    with pytest.raises(NotAuthenticatedError):
        read_pass(opened.token, key, app=MODELS_APP, mode=MODELS_MODE, now=control.clock())
    machine = Identity(Principal("service", "ci"), people["security"].names)
    for who in (people["builder"], people["admin"], people["user"], machine):
        with pytest.raises(ForbiddenError):
            control.prompt_logs.open(who, APP, "curious")
    with pytest.raises(InvalidInputError, match="reason"):
        control.prompt_logs.open(people["security"], APP, " ")
    with pytest.raises(NotFoundError):
        control.prompt_logs.open(people["security"], "finance/none", "case 7")
    assert [item for item in company.actions() if item[0].startswith("prompt-log.")] == [
        ("prompt-log.opened", "user:security@example.com")
    ]


@pytest.mark.req("VA4", "RT3")
def test_each_plane_seals_with_a_key_of_its_own(company: Company) -> None:
    planes = company.control.planes
    keys = [planes.secret(plane, PROMPT_KEY).value for plane in ("production", "editor", "production")]
    assert keys[0] == keys[2] != keys[1]
    assert all(len(bytes.fromhex(key)) == 32 for key in keys)
