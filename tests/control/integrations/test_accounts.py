"""Accounts that planes find in connected systems: remembered, told of when they change, and in the inventory."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bailiwick.control.identity import Claims
from bailiwick.control.inventory import Entry, Filter, Flag, Kind
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ForbiddenError
from bailiwick.core.messages import Account, AccountsReport, ReportBatch, Sequenced
from tests.fixtures.company import Company, orders_db

NOW = utc_now()


def told(company: Company, *accounts: Account, at: datetime = NOW, integration: str = "orders-db") -> None:
    book = company.control.inventory.accounts
    with company.control.store.transaction() as session:
        book.record(session, "production", AccountsReport(integration=integration, accounts=accounts, time=at))


def listed(company: Company, **wanted: object) -> dict[str, Entry]:
    with company.control.store.transaction() as session:
        found = company.control.inventory.entries(
            session,
            company.people["admin"],
            Filter(kind=Kind.ACCOUNT, **wanted),  # type: ignore[arg-type]
        )
    return {entry.name: entry for entry in found}


def changes(company: Company) -> list[tuple[str, str]]:
    return [item for item in company.actions() if item[0].startswith("account.")]


@pytest.mark.req("IN5", "ID4")
def test_who_else_may_sign_in_is_in_the_inventory_and_what_changes_is_told(company: Company) -> None:
    ours = company.control.integrations
    with company.control.store.transaction() as session:
        [system] = [item for item in ours.integrations(session) if item.name == "orders-db"]
    mine = system.connections["production"].user
    job = Account(name="report_job", member_of=("readers",), expires=NOW + timedelta(days=5), connected=True)
    told(company, Account(name=mine, connected=True), job, Account(name="old_tool"))
    assert changes(company) == []  # at the first look everything is new
    found = listed(company)
    assert set(found) == {"account:orders-db/production/report_job", "account:orders-db/production/old_tool"}
    entry = found["account:orders-db/production/report_job"]
    assert (entry.scope, entry.owner, entry.last_used) == (("member of readers",), system.owner, NOW)
    assert {Flag.UNDOCUMENTED, Flag.EXPIRING} <= set(entry.flags)
    later = NOW + timedelta(minutes=5)
    told(company, job.model_copy(update={"superuser": True, "connected": False}), Account(name="new"), at=later)
    who = "plane:production"
    assert sorted(changes(company)) == [
        ("account.appeared", who),
        ("account.became-superuser", who),
        ("account.vanished", who),
        ("account.vanished", who),
    ]
    entry = listed(company)["account:orders-db/production/report_job"]
    assert (entry.scope, entry.last_used) == (("superuser", "member of readers"), NOW)
    # What comes late says nothing of now.
    told(company, at=NOW + timedelta(minutes=1))
    assert set(listed(company)) == {"account:orders-db/production/report_job", "account:orders-db/production/new"}


@pytest.mark.req("IN5")
def test_what_a_system_knows_of_our_identities_is_said(company: Company) -> None:
    control, admin = company.control, company.people["admin"]
    control.integrations.register(admin, replace(orders_db(), owner="user:admin@example.com"))
    for email in ("twin@example.com", "twin@other.example"):
        control.identity.remember_person(Claims("", "", email, "Twin", (), {}))
    names = ("u", "user@example.com", "Builder", "twin", "old_tool")
    told(company, *(Account(name=name, superuser=name == "Builder") for name in names))

    def known(who: str = "admin") -> dict[str, tuple[str, str]]:
        with control.store.transaction() as session:
            found = control.known_identities.known(session, company.people[who], "orders-db")
        return {item.account.name: (item.whose.name, item.principal) for item in found}

    assert known() == {
        "u": ("OURS", ""),
        "user@example.com": ("PERSON", "user:user@example.com"),
        "Builder": ("PERSON", "user:builder@example.com"),
        "twin": ("UNKNOWN", ""),  # two people could be meant
        "old_tool": ("UNKNOWN", ""),
    }
    with pytest.raises(ForbiddenError):
        known("builder")


@pytest.mark.req("IN5")
def test_an_account_that_nobody_uses_is_flagged(company: Company) -> None:
    told(company, Account(name="old_tool"), at=NOW - timedelta(days=100))
    assert Flag.UNUSED in listed(company)["account:orders-db/production/old_tool"].flags


@pytest.mark.req("IN5", "DM2")
def test_a_plane_is_not_believed_about_systems_that_none_of_its_apps_use(company: Company) -> None:
    report = AccountsReport(integration="orders-db", accounts=(Account(name="made_up"),), time=NOW)
    batch = ReportBatch(spool="s", reports=(Sequenced(sequence=1, report=report),))
    assert company.control.planes.take_reports("production", batch).sequence == 1
    assert listed(company) == {}
