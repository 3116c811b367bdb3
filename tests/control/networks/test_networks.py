"""What planes are told not to reach, what they say came of it, and what people see of that."""

import socket
from dataclasses import replace
from typing import Any

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.networks import CONTROL_PLANE, NetworkService
from bailiwick.control.settings import Plane
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ForbiddenError
from bailiwick.core.messages import DatabaseConnection, NetworksReport, NetworkTry, ReportBatch, Sequenced
from bailiwick.core.networks import Parting
from tests.fixtures.company import Company, orders_db

pytestmark = pytest.mark.req("DG4")


@pytest.fixture
def more_settings() -> dict[str, Any]:
    return {"networks": "separate"}


def at(host: str, port: int = 5432) -> DatabaseConnection:
    return DatabaseConnection(kind="postgresql", host=host, port=port, database="orders", user="u", secret="orders-db")


def service(company: Company, **addresses: tuple[str, ...]) -> NetworkService:
    """The company's, with addresses of its planes."""
    planes = {
        name: Plane(kind=name, credentials=place.credentials, addresses=addresses.get(name, ()))  # type: ignore[arg-type]
        for name, place in company.control.settings.planes.items()
    }
    return replace(company.control.networks, planes=planes)


def connect_orders(company: Company, editor: DatabaseConnection, production: DatabaseConnection) -> None:
    integration = replace(orders_db(), connections={"editor": editor, "production": production})
    company.control.integrations.register(company.people["admin"], integration)


def tried(reached: str, source: str = "plane") -> NetworkTry:
    return NetworkTry.model_validate(
        {"source": source, "what": "the data plane production", "address": "10.2.0.5:8410", "reached": reached}
    )


def say(company: Company, number: int, *tries: NetworkTry) -> None:
    report = NetworksReport(separate=True, tries=tries, time=utc_now())
    batch = ReportBatch(spool="s", reports=(Sequenced(sequence=number, report=report),))
    company.control.planes.take_reports("editor", batch)


def test_each_plane_is_told_what_it_must_not_reach(company: Company) -> None:
    connect_orders(company, at("10.1.0.9"), at("10.2.0.9"))
    told = service(company, editor=("10.1.0.5:8410",), production=("10.2.0.5:8410", "[fd00::5]:8430"))
    with company.control.store.transaction() as session:
        editor, production = told.rules(session, "editor"), told.rules(session, "production")
    assert [(item.what, item.address) for item in editor.forbidden] == [
        ("the data plane production", "10.2.0.5:8410"),
        ("the data plane production", "[fd00::5]:8430"),
        ("the production database of orders-db", "10.2.0.9:5432"),
    ]
    assert [(item.what, item.address) for item in production.forbidden] == [("the data plane editor", "10.1.0.5:8410")]
    assert (editor.separate, editor.untold, production.untold) == (True, (), ())


def test_a_plane_without_addresses_and_a_server_for_both_are_said(company: Company) -> None:
    with company.control.store.transaction() as session:
        rules = service(company).rules(session, "editor")
    assert rules.untold == ("the data plane production",)
    (database,) = rules.forbidden
    assert database.used_here  # the company has one server for both


def test_a_round_that_comes_to_the_same_is_audited_once(company: Company) -> None:
    for number, reached in enumerate(("open", "open", "silent", "silent"), start=1):
        say(company, number, tried(reached))
    with company.control.store.transaction() as session:
        found = search(session, AuditQuery(action="networks.probed"))
        (seen,) = [item for item in company.control.networks.known(session) if item.plane == "editor"]
    assert [(item.event.outcome.value, item.event.after) for item in found.events] == [
        ("success", {"networks": "separate", "ready": True}),
        ("failed", {"networks": "open", "ready": False}),
    ]
    assert "reaches the data plane production at 10.2.0.5:8410" in found.events[1].event.reason
    assert seen.since is not None and seen.time is not None and seen.since < seen.time


def test_the_control_plane_tries_the_databases_of_production(company: Company) -> None:
    networks, store = service(company), company.control.store
    with socket.create_server(("127.0.0.1", 0)) as database:
        connect_orders(company, at("10.1.0.9"), at("127.0.0.1", database.getsockname()[1]))
        networks.probe()
        with store.transaction() as session:
            (fault,) = networks.in_the_way(session)
            assert "the control plane reaches the production database of orders-db at 127.0.0.1" in fault
            assert not replace(networks, separate=False).in_the_way(session)
    networks.probe()
    with store.transaction() as session:
        assert networks.in_the_way(session) == ()
        found = {item.plane: item.parted.parting for item in networks.known(session)}
    assert found[CONTROL_PLANE] is Parting.SEPARATE


def test_a_plane_speaks_of_itself_only_and_not_everybody_reads_it(company: Company) -> None:
    say(company, 1, tried("refused", "control plane"))
    with company.control.store.transaction() as session:
        assert all(item.time is None for item in company.control.networks.known(session))
    with pytest.raises(ForbiddenError):
        company.control.networks.seen_by(company.people["user"])


@pytest.mark.parametrize("address", ["10.0.0.1", ":80", "host:", "host:0", "host:70000", "host:http"])
def test_an_address_that_cannot_be_tried_is_refused(company: Company, address: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        Plane(kind="editor", credentials=company.folder, addresses=(address,))
