import pytest

from bailiwick.core.errors import ForbiddenError
from bailiwick.core.messages import PassRequest
from tests.control.release.test_deploys import released
from tests.fixtures.company import APP, Company


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


@pytest.mark.req("DG4", "ID2")
def test_a_plane_redeems_no_code_for_a_mode_that_it_does_not_serve(company: Company) -> None:
    request = PassRequest(code="bwc_stolen", app=APP, mode="production", verifier="v" * 43)
    with pytest.raises(ForbiddenError) as refused:
        company.control.planes.answer_pass("editor", request)
    assert refused.value.deciders == ("default-deny",)
