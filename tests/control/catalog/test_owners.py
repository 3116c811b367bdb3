"""Apps get a new owner when whoever made them has left."""

import pytest

from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.principals import Identity, Principal
from tests.fixtures.company import APP, Company


def ownerless(company: Company) -> list[str]:
    control = company.control
    with control.store.transaction() as session:
        gone = control.identity.departed(session)
        page = control.catalog.list_apps(session, company.people["admin"], owned_by=gone)
    return [app.path for app in page.apps]


@pytest.mark.req("ID3", "ID5")
def test_an_administrator_gives_a_leavers_app_to_somebody_who_is_there(company: Company) -> None:
    control = company.control
    control.identity.revoke_principal(company.people["admin"], "user:builder@example.com", "left")
    with control.store.transaction() as session:
        session.connection().exec_driver_sql("UPDATE people SET active = false WHERE email = 'builder@example.com'")
    assert ownerless(company) == [APP]
    given = control.catalog.give_owner(company.people["admin"], APP, company.people["second"])
    assert (given.owner, given.created_by) == ("user:second@example.com", "user:builder@example.com")
    assert ownerless(company) == []
    assert company.actions()[-1] == ("app.owner-given", "user:admin@example.com")


@pytest.mark.req("ID5", "OB2")
def test_giving_an_app_to_its_owner_again_is_no_event(company: Company) -> None:
    before = company.actions()
    company.control.catalog.give_owner(company.people["admin"], APP, company.people["builder"])
    assert company.actions() == before


@pytest.mark.req("ID1", "ID5")
def test_owners_are_people_who_are_there_and_only_administrators_choose_them(company: Company) -> None:
    give = company.control.catalog.give_owner
    nobody = Identity(Principal("user", "nobody@example.com"), frozenset())
    with pytest.raises(InvalidInputError) as refused:
        give(company.people["admin"], APP, nobody)
    assert "user:nobody@example.com is switched off, unknown, or may not see" in str(refused.value)
    for who in ("builder", "user", "approver"):
        with pytest.raises(ForbiddenError):
            give(company.people[who], APP, company.people["second"])
    with pytest.raises(NotFoundError):
        give(company.people["admin"], "finance/none", company.people["second"])
