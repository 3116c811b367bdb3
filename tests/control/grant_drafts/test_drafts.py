"""Catalogues, drafts and previews at the control plane: who may, what planes are told, and what is believed of them."""

from datetime import datetime, timedelta

import pytest

from bailiwick.control.grant_drafts import Draft, NoCatalogueError, NothingToSaveError, UnknownDraftError
from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.errors import BailiwickError, ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.messages import TableUniqueness, UniquenessReport
from tests.control.grant_drafts.conftest import ORDERS, REFUNDS, catalogue, seen, tell
from tests.fixtures.company import Company

pytestmark = pytest.mark.req("IN8")
QUESTION = "orders of my region, no card numbers"


class _Moving:
    now = utc_now()

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return _Moving()


def later(company: Company, minutes: int) -> None:
    clock = company.control.clock
    assert isinstance(clock, _Moving)
    clock.now += timedelta(minutes=minutes)


def ask(company: Company, question: str = QUESTION) -> Draft:
    return company.control.grant_drafts.ask(company.people["admin"], "orders-db", question)


def told(company: Company, plane: str = "editor") -> list[str]:
    return [item.name for item in company.control.planes.desired_state(plane).systems]


def may_fetch(company: Company, plane: str = "editor") -> bool:
    try:
        return company.control.planes.secret(plane, "orders-db").value == "the-real-credential"
    except ForbiddenError:
        return False


def test_a_plane_looks_and_has_the_credential_only_while_somebody_asked(company: Company) -> None:
    control = company.control
    with control.store.transaction() as session:
        control.vault.put(session, "orders-db", "the-real-credential", by="user:admin@example.com")
    assert (told(company), may_fetch(company)) == ([], False)
    tell(company, seen(ORDERS))  # nobody asked: whatever the plane says of it is nothing
    assert catalogue(company) is None
    with pytest.raises(ForbiddenError):
        control.catalogues.look(company.people["builder"], "orders-db")
    control.catalogues.look(company.people["admin"], "orders-db")
    assert (told(company), may_fetch(company)) == (["orders-db"], True)
    assert (told(company, "production"), may_fetch(company, "production")) == ([], False)
    tell(company, seen(ORDERS), plane="production")  # another plane was asked
    assert catalogue(company) is None
    tell(company, seen(ORDERS, REFUNDS))
    found = catalogue(company)
    assert found is not None
    assert [table.name for table in found.tables] == ["orders", "refunds"]
    # It has answered: it needs the credential no more.
    assert (told(company), may_fetch(company)) == ([], False)
    control.catalogues.look(company.people["admin"], "orders-db")
    later(company, 11)
    assert (told(company), may_fetch(company)) == ([], False)
    tell(company, seen())
    assert catalogue(company) is None or catalogue(company).tables  # type: ignore[union-attr]  # too late to be believed
    assert ("integration.looked-at", "user:admin@example.com") in company.actions()


def test_a_database_that_is_off_or_away_is_not_looked_at(looked_at: Company) -> None:
    control, admin = looked_at.control, looked_at.people["admin"]
    with pytest.raises(InvalidInputError, match="no plane 'nowhere' reaches"):
        control.catalogues.look(admin, "orders-db", "nowhere")
    assert control.catalogues.look(admin, "orders-db", "production") == "production"
    tell(looked_at, seen(fault="the database orders does not answer"), plane="production")
    found = catalogue(looked_at)
    assert found is not None
    assert (found.plane, found.fault) == ("production", "the database orders does not answer")
    control.integrations.set_enabled(admin, "orders-db", enabled=False, reason="a leak")
    with pytest.raises(InvalidInputError, match="switched off"):
        control.catalogues.look(admin, "orders-db")
    assert told(looked_at, "production") == []


def test_classes_are_confirmed_changed_and_denied_also_of_what_nobody_offers(looked_at: Company) -> None:
    control, admin = looked_at.control, looked_at.people["admin"]
    control.catalogues.confirm(admin, "orders-db", {"orders.customer_email": "customer", "orders.card_number": ""})
    found = catalogue(looked_at)
    assert found is not None
    columns = {column.name: column for column in found.tables[0].columns}
    email, card = columns["customer_email"], columns["card_number"]
    assert (email.data_class, email.confirmed, email.seems) == ("customer", True, "personal-email")
    assert (card.data_class, card.confirmed, card.seems) == ("", True, "")
    with control.store.transaction() as session:
        # That it holds nothing is known here, and is no class for reviews to hold apps to.
        assert control.data_classes.of(session) == {"orders-db": {"orders.customer_email": "customer"}}
        assert {column for item in control.data_classes.accesses(session) for column, _ in item.columns} == set()
    with pytest.raises(InvalidInputError, match="offers no column"):
        control.catalogues.confirm(admin, "orders-db", {"orders.salary": "payroll"})
    with pytest.raises(ForbiddenError):
        control.catalogues.confirm(looked_at.people["builder"], "orders-db", {"orders.id": "customer"})
    assert "card_number" in [column.name for column in ask(looked_at, "orders").reading.tables[0].columns]


def test_a_draft_is_saved_as_a_rule_that_apps_may_then_ask_for(looked_at: Company) -> None:
    control, admin = looked_at.control, looked_at.people["admin"]
    draft = ask(looked_at)
    save = control.grant_drafts.save
    with pytest.raises(ForbiddenError):
        save(looked_at.people["builder"], "orders-db", draft.id, rule="regional_orders:read", reason="needed")
    with pytest.raises(InvalidInputError, match="needs a reason"):
        save(admin, "orders-db", draft.id, rule="regional_orders:read", reason=" ")
    with pytest.raises(InvalidInputError, match="cannot name an access"):
        save(admin, "orders-db", draft.id, rule="Orders Region", reason="needed")
    with pytest.raises(ConflictError, match="offers 'orders:read' already"):
        save(admin, "orders-db", draft.id, rule="orders:read", reason="needed")
    saved = save(admin, "orders-db", draft.id, rule="regional_orders:read", reason="the desk needs it")
    assert saved.rule == "regional_orders:read"
    with control.store.transaction() as session:
        offers = control.integrations.integration(session, "orders-db").offers
    assert offers["regional_orders:read"] == draft.reading.tables
    assert "orders:read" in offers
    assert [column.name for column in offers["regional_orders:read"][0].columns] == [
        "id",
        "region",
        "amount",
        "ordered_at",
    ]  # type: ignore[union-attr]
    with pytest.raises(ConflictError, match="saved as 'regional_orders:read' already"):
        save(admin, "orders-db", draft.id, rule="again:read", reason="needed")
    newer = ask(looked_at, "amounts of orders of my region")
    save(admin, "orders-db", newer.id, rule="regional_orders:read", reason="less does", replaces=True)
    actions = [action for action, _ in looked_at.actions()]
    assert actions.count("grant.saved") == actions.count("integration.registered") - 1 == 2


def test_nothing_and_more_than_was_asked_are_not_saved_by_chance(looked_at: Company) -> None:
    control, admin = looked_at.control, looked_at.people["admin"]
    nothing = ask(looked_at, "VIP orders")
    with pytest.raises(NothingToSaveError, match="opens nothing"):
        control.grant_drafts.save(admin, "orders-db", nothing.id, rule="vip:read", reason="needed")
    wider = ask(looked_at, "top 10 orders")
    with pytest.raises(NothingToSaveError, match="all rows of orders, not only 'top 10'"):
        control.grant_drafts.save(admin, "orders-db", wider.id, rule="top:read", reason="needed")
    assert control.grant_drafts.save(
        admin, "orders-db", wider.id, rule="top:read", reason="the app sorts", wider=True
    ).rule
    with pytest.raises(UnknownDraftError):
        control.grant_drafts.save(admin, "orders-db", "draft_of_nobody", rule="a:read", reason="needed")


@pytest.mark.parametrize("question", ["", " ", "orders " * 100])
def test_what_is_no_question_is_refused(looked_at: Company, question: str) -> None:
    with pytest.raises(InvalidInputError, match="a question has 1 to 500 characters"):
        ask(looked_at, question)


def test_asking_needs_a_catalogue_and_the_right_to_see_the_integration(company: Company) -> None:
    with pytest.raises(NoCatalogueError):
        ask(company)
    with pytest.raises(ForbiddenError):
        company.control.grant_drafts.ask(company.people["user"], "orders-db", QUESTION)


def test_a_preview_is_told_to_one_plane_as_somebody_sees_it_for_half_an_hour(looked_at: Company) -> None:
    control, admin = looked_at.control, looked_at.people["admin"]
    draft = ask(looked_at)
    order = control.grant_previews.order
    for who in ("builder", "security", "user"):
        with pytest.raises(ForbiddenError):
            order(looked_at.people[who], "orders-db", draft.id)
    with pytest.raises(NotFoundError, match="nobody here is called"):
        order(admin, "orders-db", draft.id, person="nobody@example.com")
    with pytest.raises(NothingToSaveError):
        order(admin, "orders-db", ask(looked_at, "VIP orders").id)
    ordered = order(admin, "orders-db", draft.id, person="user@example.com")
    assert (ordered.plane, ordered.seen_as) == ("editor", "user:user@example.com")
    assert control.grant_previews.page(ordered).endswith(f"//bailiwick-grants.preview.localhost:8410/{draft.id}")
    [system] = control.planes.desired_state("editor").systems
    [shown] = system.previews
    assert (shown.draft, shown.attributes, shown.grant.tables) == (draft.id, {"region": "EMEA"}, draft.reading.tables)
    assert shown.identifying == {"orders": ("region", "ordered_at")}
    assert shown.moments == {"orders": ("ordered_at",)}
    assert system.roles["org-admin"]
    assert may_fetch(looked_at)
    assert told(looked_at, "production") == []
    later(looked_at, 31)
    assert (told(looked_at), may_fetch(looked_at)) == ([], False)
    assert ("grant.preview-ordered", "user:admin@example.com") in looked_at.actions()


def test_counts_are_believed_of_the_plane_that_shows_the_draft(looked_at: Company) -> None:
    control = looked_at.control
    draft = ask(looked_at)
    control.grant_previews.order(looked_at.people["admin"], "orders-db", draft.id)
    counted = TableUniqueness(table="orders", columns=("region", "ordered_at"), unique=85, under_five=95)
    report = UniquenessReport(integration="orders-db", draft=draft.id, tables=(counted,), time=utc_now())

    def kept() -> object:
        with control.store.transaction() as session:
            found = control.grant_previews.preview(session, draft.id)
        return found.counted if found is not None else None

    tell(looked_at, report, plane="production")
    tell(looked_at, report.model_copy(update={"integration": "other"}))
    tell(looked_at, report.model_copy(update={"draft": "another"}))
    assert kept() is None
    tell(looked_at, report)
    assert kept() == (counted,)


def test_a_pass_for_drafts_is_given_while_the_plane_shows_one(looked_at: Company) -> None:
    from bailiwick.core.messages import PassRequest

    control = looked_at.control
    request = PassRequest(code="made-up", app="editor", mode="grants", verifier="v")
    with pytest.raises(ForbiddenError):
        control.planes.answer_pass("editor", request)
    control.grant_previews.order(looked_at.people["admin"], "orders-db", ask(looked_at).id)
    with pytest.raises(BailiwickError) as refused:
        control.planes.answer_pass("editor", request)
    assert not isinstance(refused.value, ForbiddenError)  # the plane may, the code is nobody's


def test_no_app_gets_the_host_of_the_page(company: Company) -> None:
    control = company.control
    control.catalog.create_app(company.people["builder"], "finance/bailiwick-grants")
    with control.store.transaction() as session:
        assert control.catalog.app(session, "finance/bailiwick-grants").host == "finance-bailiwick-grants"
