"""Host names of apps over a real control plane: who gives them, which cannot be, and what planes get."""

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.domains import DomainTakenError, NoSuchDomainError
from bailiwick.core.errors import ForbiddenError, InvalidInputError
from tests.fixtures.company import APP, Company
from tests.fixtures.releasing import released

pytestmark = pytest.mark.req("DG4", "ID1")
HOST = "refunds.company.example"


def served(company: Company, plane: str = "production") -> tuple[str, ...]:
    (state,) = company.control.planes.desired_state(plane).apps
    return state.domains


def test_a_name_reaches_the_plane_of_production_and_goes_again(company: Company) -> None:
    released(company)
    service, admin = company.control.domains, company.people["admin"]
    bound = service.bind(admin, APP, f"{HOST.upper()}.", "for customers")
    assert (bound.host, bound.app, bound.bound_by, bound.reason) == (HOST, APP, str(admin.principal), "for customers")
    service.bind(admin, APP, "refunds.example.net", "the old one")
    assert served(company) == (HOST, "refunds.example.net")
    assert served(company, "editor") == ()
    with company.control.store.transaction() as session:
        assert [item.host for item in service.of_app(session, company.people["builder"], APP)] == list(served(company))
        assert service.has(session, APP, HOST)
        assert not service.has(session, "finance/other", HOST)

    service.unbind(admin, APP, HOST, "moved")
    assert served(company) == ("refunds.example.net",)
    with pytest.raises(NoSuchDomainError):
        service.unbind(admin, APP, HOST, "again")
    with company.control.store.transaction() as session:
        found = search(session, AuditQuery(app=APP, action="domain.bound"), limit=10).events
        gone = search(session, AuditQuery(app=APP, action="domain.unbound"), limit=10).events
    assert sorted(str(item.event.context["host"]) for item in found) == [HOST, "refunds.example.net"]
    assert [(item.event.reason, item.event.context["host"]) for item in gone] == [("moved", HOST)]


def test_only_an_administrator_gives_a_name_that_can_be_and_that_no_app_has(company: Company) -> None:
    service, admin = company.control.domains, company.people["admin"]
    for who in ("builder", "approver", "user"):
        with pytest.raises(ForbiddenError):
            service.bind(company.people[who], APP, HOST, "mine")
    for host in (
        "localhost", "desk.localhost", "other.preview.localhost", "10.1.2.3", "[::1]", "company", "a..example",
        "-a.example", "*.company.example", "a b.example", "a.example:8443", "a.example/x", "ä.example",
        "x" * 250 + ".example",
    ):  # fmt: skip
        with pytest.raises(InvalidInputError):
            service.bind(admin, APP, host, "no name")
    with pytest.raises(InvalidInputError, match="reason"):
        service.bind(admin, APP, HOST, " ")
    company.control.catalog.create_app(company.people["builder"], "finance/other")
    service.bind(admin, APP, HOST, "first")
    with pytest.raises(DomainTakenError, match="an app's already") as taken:
        service.bind(admin, "finance/other", HOST, "second")
    assert APP not in str(taken.value)
    with pytest.raises(NoSuchDomainError):
        service.unbind(admin, "finance/other", HOST, "not its own")


def test_the_platforms_own_domain_is_nobodys(company: Company) -> None:
    own = company.control.settings.own_hosts
    assert "localhost" in own
    for name in own:
        with pytest.raises(InvalidInputError):
            company.control.domains.bind(company.people["admin"], APP, f"login.{name}", "to deceive")
