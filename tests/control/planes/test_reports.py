from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ForbiddenError, InvalidInputError
from bailiwick.core.events import AuditEvent
from bailiwick.core.grants import ColumnGrant, Mask, TableGrant
from bailiwick.core.keyed_masks import MASK_KEY
from bailiwick.core.messages import AuditReport, PassRequest, ReportBatch, Sequenced
from tests.control.release.test_deploys import released
from tests.fixtures.company import APP, Company, orders_db


@pytest.mark.req("SE1", "RT3")
def test_a_plane_gets_only_the_secrets_that_its_apps_use(company: Company) -> None:
    control = company.control
    with control.store.transaction() as session:
        for name in ("orders-db", "stripe-key"):
            control.vault.put(session, name, f"value of {name}", by="user:admin@example.com")
    with pytest.raises(ForbiddenError):
        control.planes.secret("production", "orders-db")
    released(company)
    assert control.planes.secret("production", "orders-db").value == "value of orders-db"
    with pytest.raises(ForbiddenError) as refused:
        control.planes.secret("production", "stripe-key")
    assert "value of" not in str(refused.value)
    assert [actor for action, actor in company.actions() if action == "secret.fetched"] == ["plane:production"] * 3


@pytest.mark.req("IN6", "SE1")
def test_the_secret_of_an_integration_that_is_switched_off_is_not_given(company: Company) -> None:
    control = company.control
    with control.store.transaction() as session:
        control.vault.put(session, "orders-db", "value", by="user:admin@example.com")
    released(company)
    control.integrations.set_enabled(company.people["admin"], "orders-db", enabled=False, reason="a leak")
    with pytest.raises(ForbiddenError):
        control.planes.secret("production", "orders-db")


@pytest.mark.req("IN7", "SE1")
def test_a_plane_gets_the_key_of_masks_only_for_an_app_whose_grant_has_such_masks(company: Company) -> None:
    control = company.control
    with control.store.transaction() as session:
        control.vault.put(session, "orders-db", "value", by="user:admin@example.com")
    released(company)
    with pytest.raises(ForbiddenError):
        control.planes.secret("production", MASK_KEY)


@pytest.mark.req("IN7", "SE1")
def test_a_plane_whose_app_sees_hashes_gets_the_key_and_it_is_told(company: Company) -> None:
    control = company.control
    with control.store.transaction() as session:
        control.vault.put(session, "orders-db", "value", by="user:admin@example.com")
    usual = orders_db()
    (table,) = usual.offers["orders:read"]
    assert isinstance(table, TableGrant)
    hashed = table.model_copy(update={"columns": (ColumnGrant(name="id", mask=Mask.HASH), *table.columns[1:])})
    control.integrations.register(company.people["admin"], replace(usual, offers={"orders:read": (hashed,)}))
    released(company)
    key = control.planes.secret("production", MASK_KEY).value
    assert len(key) == 64
    assert control.planes.secret("production", MASK_KEY).value == key
    with control.store.transaction() as session:
        events = search(session, AuditQuery(action="secret.fetched")).events
    assert {event.event.resource for event in events} == {f"secret:{MASK_KEY}"}
    assert key not in str(events)


@pytest.mark.req("DG4", "ID2")
def test_a_plane_redeems_no_code_for_a_mode_that_it_does_not_serve(company: Company) -> None:
    request = PassRequest(code="bwc_stolen", app=APP, mode="production", verifier="v" * 43)
    with pytest.raises(ForbiddenError) as refused:
        company.control.planes.answer_pass("editor", request)
    assert refused.value.deciders == ("default-deny",)


def report(number: int) -> Sequenced:
    event = AuditEvent(
        time=utc_now(), actor="user:a@example.com", action="query.executed", resource=f"integration:db-{number}"
    )
    return Sequenced(sequence=number, report=AuditReport(event=event))


def send(company: Company, plane: str, *numbers: int, spool: str = "s") -> int:
    batch = ReportBatch(spool=spool, reports=tuple(report(number) for number in numbers))
    return company.control.planes.take_reports(plane, batch).sequence


def queries(company: Company) -> list[tuple[str, str]]:
    with company.control.store.transaction() as session:
        found = search(session, AuditQuery(action=("query.executed", "report.missed")), limit=200).events
    return [(item.event.plane, item.event.resource) for item in reversed(found)]


@pytest.mark.req("OB2")
def test_what_a_plane_sends_again_is_in_the_log_once_and_in_its_order(company: Company) -> None:
    assert send(company, "editor", 1, 2) == 2
    assert send(company, "production", 1) == 1
    assert send(company, "editor", 1, 2, 3) == 3
    assert send(company, "editor", 2) == 3
    assert send(company, "editor", 1, spool="another disk") == 1
    assert queries(company) == [
        ("editor", "integration:db-1"),
        ("editor", "integration:db-2"),
        ("production", "integration:db-1"),
        ("editor", "integration:db-3"),
        ("editor", "integration:db-1"),
    ]


@pytest.mark.req("OB2")
def test_two_senders_of_one_batch_at_once_add_it_once(company: Company) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: send(company, "editor", 1, 2, 3), range(8))) == [3] * 8
    assert len(queries(company)) == 3


@pytest.mark.req("OB2")
def test_a_gap_is_told_in_the_log_and_disorder_is_refused(company: Company) -> None:
    send(company, "editor", 1)
    assert send(company, "editor", 4, 6) == 6
    with company.control.store.transaction() as session:
        missed = search(session, AuditQuery(action=("report.missed",)), limit=9).events
    assert [item.event.reason for item in reversed(missed)] == [
        "reports 2 to 3 of this plane never came",
        "reports 5 to 5 of this plane never came",
    ]
    for numbers in ((8, 7), (7, 7)):
        with pytest.raises(InvalidInputError, match="not in order"):
            send(company, "editor", *numbers)
    assert send(company, "editor", 7) == 7
