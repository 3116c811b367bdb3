"""Guardrails over a real control plane: who says what, where it counts, and what planes get."""

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.guardrails import GuardrailDraft, NoSuchGuardrailError
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.guardrails import Setting
from tests.fixtures.company import APP, Company
from tests.fixtures.releasing import released

pytestmark = pytest.mark.req("RT4")
FINANCE = "folder:finance"


def served(company: Company) -> tuple[float, int]:
    (state,) = company.control.planes.desired_state("production").apps
    return state.guardrails.errors.error_ratio, state.guardrails.errors.consecutive_errors


def draft(place: str = FINANCE, *, environment: str = "", binding: bool = False, **values: float) -> GuardrailDraft:
    return GuardrailDraft("errors", place, values, environment, binding)  # type: ignore[arg-type]


def test_what_is_said_reaches_the_plane_with_its_versions_and_goes_again(company: Company) -> None:
    released(company)
    service, admin = company.control.guardrails, company.people["admin"]
    service.set(admin, draft("organization:default", error_ratio=0.4), "calm")
    service.set(admin, draft(error_ratio=0.2), "books")
    again = service.set(admin, draft(consecutive_errors=3), "and sooner")
    service.set(admin, draft(environment="preview", error_ratio=0.9), "play")
    assert (again.version, again.rail.values) == (2, {"error_ratio": 0.2, "consecutive_errors": 3})
    assert served(company) == (0.2, 3)

    service.remove(admin, "errors", FINANCE, "as all", names=("error_ratio",))
    assert served(company) == (0.4, 3)
    service.remove(admin, "errors", FINANCE, "as all")
    assert served(company) == (0.4, 8)
    with pytest.raises(NoSuchGuardrailError, match="says nothing about errors"):
        service.remove(admin, "errors", FINANCE, "again")

    with company.control.store.transaction() as session:
        listed = [(item.rail.place, item.rail.environment) for item in service.listing(session, admin)]
        earlier = [item.version for item in service.earlier(session, admin) if item.rail.environment == ""]
        settings = service.settings(session, company.people["builder"], APP, "preview")
        found = search(session, AuditQuery(action="guardrail.set"), limit=10).events
    assert listed == [("organization:default", ""), (FINANCE, "preview")]
    assert earlier == [3, 2, 1]
    assert Setting("errors", "error_ratio", 0.9, FINANCE) in settings
    books = next(item.event for item in found if item.event.reason == "and sooner")
    assert books.before == {"says": "error_ratio = 0.2"}
    assert books.after == {"says": "error_ratio = 0.2, consecutive_errors = 3"}


def test_only_administrators_say_something_and_only_what_can_be_at_a_place_that_there_is(company: Company) -> None:
    service, admin = company.control.guardrails, company.people["admin"]
    for who in ("builder", "approver", "user"):
        with pytest.raises(ForbiddenError):
            service.set(company.people[who], draft(f"app:{APP}", error_ratio=0.9), "mine")
    with pytest.raises(NotFoundError):
        service.set(admin, draft("folder:nowhere", error_ratio=0.9), "x")
    with pytest.raises(NotFoundError):
        service.set(admin, draft("app:finance/nothing", error_ratio=0.9), "x")
    with pytest.raises(InvalidInputError, match="no environment"):
        service.set(admin, draft(environment="staging", error_ratio=0.9), "x")
    with pytest.raises(InvalidInputError, match="needs a reason"):
        service.set(admin, draft(error_ratio=0.9), " ")
    service.set(admin, draft(error_ratio=0.9), "x")
    with pytest.raises(ConflictError, match="says that already"):
        service.set(admin, draft(error_ratio=0.9), "x")
    with company.control.store.transaction() as session, pytest.raises(ForbiddenError):
        service.listing(session, company.people["user"])


@pytest.mark.req("ID1", "DG4")
def test_an_app_is_opened_to_everybody_only_by_itself_by_an_administrator_who_says_why(company: Company) -> None:
    released(company)
    service, admin, app = company.control.guardrails, company.people["admin"], f"app:{APP}"

    def opened(place: str, environment: str = "production", *, public: bool = True) -> GuardrailDraft:
        return GuardrailDraft("access", place, {"public": public}, environment)  # type: ignore[arg-type]

    def is_public() -> bool:
        (state,) = company.control.planes.desired_state("production").apps
        return state.guardrails.access.public

    for place in (FINANCE, "organization:default"):
        with pytest.raises(InvalidInputError, match="by itself"):
            service.set(admin, opened(place), "all of them")
    for environment in ("", "preview"):
        with pytest.raises(InvalidInputError, match="only production"):
            service.set(admin, opened(app, environment), "everywhere")
    for who in ("builder", "approver", "user"):
        with pytest.raises(ForbiddenError):
            service.set(company.people[who], opened(app), "mine")
    assert not is_public()

    service.set(admin, opened(app), "customers look up their refunds")
    assert is_public()
    with company.control.store.transaction() as session:
        (event,) = search(session, AuditQuery(action="guardrail.set"), limit=10).events
        opening = service.opening(session, APP)
    assert (event.event.resource, event.event.after) == (app, {"says": "public = True"})
    assert opening is not None
    assert (opening.set_by, opening.reason) == (str(admin.principal), "customers look up their refunds")
    # A place above may forbid it for good.
    service.set(admin, GuardrailDraft("access", FINANCE, {"public": False}, "", binding=True), "never here")
    assert not is_public()
    with company.control.store.transaction() as session:
        assert service.opening(session, APP) is None
