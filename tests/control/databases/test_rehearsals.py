"""Rehearsals at the control plane: a deploy with migrations waits for one, a failing one blocks it with the diff."""

from datetime import timedelta
from typing import Any

import pytest

from bailiwick.control.databases import MomentGoneError
from bailiwick.control.release import NotRehearsedError
from bailiwick.core.chain import TrustedKeys, verify_rehearsal
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.messages import DatabaseReport, RehearsalReport, ReportBatch, RestoreOrder, Sequenced, SnapshotSeen
from bailiwick.core.migrations import migrations_of
from bailiwick.core.statements import Keyring
from tests.fixtures.app_databases import FIRST, encoded
from tests.fixtures.company import APP, MANIFEST, Company

WANTS = {"bailiwick.toml": MANIFEST + "\n[database]\n", **FIRST}
pytestmark = pytest.mark.req("RV11")


def tell(company: Company, report: Any, *, sequence: int = 1, plane: str = "production") -> None:
    """Report something as a plane would."""
    batch = ReportBatch(spool="s", reports=(Sequenced(sequence=sequence, report=report),))
    company.control.planes.take_reports(plane, batch)


def rehearsed(deploy: str, **fields: Any) -> RehearsalReport:
    return RehearsalReport.model_validate({"deploy": deploy, "app": APP, "passed": True, "time": utc_now(), **fields})


def asked(company: Company) -> str:
    """Push an app with a database of its own, and ask for production."""
    answer = company.push("builder", WANTS)
    assert answer.accepted, answer
    return company.control.deploys.request(company.people["builder"], APP).id


def test_a_deploy_with_migrations_waits_until_they_were_rehearsed(company: Company) -> None:
    deploy = asked(company)
    (wanted,) = company.control.planes.desired_state("production").rehearsals
    assert (wanted.deploy, wanted.app, wanted.migrations[0].name) == (deploy, APP, "orders")
    assert company.control.planes.desired_state("editor").rehearsals == ()
    with pytest.raises(NotRehearsedError, match="are being rehearsed") as refused:
        company.control.deploys.approve(company.people["admin"], deploy, "looked at it")
    assert "migrations-are-rehearsed" in refused.value.deciders
    tell(company, rehearsed(deploy))
    assert company.control.planes.desired_state("production").rehearsals == ()
    company.control.deploys.approve(company.people["admin"], deploy, "looked at it")
    (served,) = company.control.planes.desired_state("production").apps
    ring = Keyring.of([company.control.planes.welcome("production").release_keys[0]])
    digests = {item.title: item.digest for item in migrations_of(encoded(FIRST))}
    with company.control.store.transaction() as session:
        tree = company.control.deploys.deploy(session, deploy).tree
    verify_rehearsal(served.rehearsal, TrustedKeys(ring, ring, ring), app=APP, tree=tree, migrations=digests)


def test_a_failed_rehearsal_blocks_the_deploy_with_its_difference(company: Company) -> None:
    deploy = asked(company)
    tell(company, rehearsed(deploy, passed=False, why="the schema does not come back as it was", diff=("+table a",)))
    with pytest.raises(NotRehearsedError, match="the schema does not come back as it was") as refused:
        company.control.deploys.approve(company.people["admin"], deploy, "looked at it")
    assert refused.value.details == {"diff": ["+table a"]}
    # What was decided stays: a plane that says later that it went well is not believed.
    tell(company, rehearsed(deploy), sequence=2)
    with pytest.raises(NotRehearsedError):
        company.control.deploys.approve(company.people["admin"], deploy, "looked at it")
    assert ("migration.rehearsed", "plane:production") in company.actions()


def test_a_plane_of_previews_cannot_say_how_a_rehearsal_went(company: Company) -> None:
    deploy = asked(company)
    tell(company, rehearsed(deploy), plane="editor")
    with company.control.store.transaction() as session:
        found = company.control.rehearsals.of_deploy(session, deploy)
    assert found is not None
    assert found.state == "waiting"
    assert ("report.refused", "plane:editor") in company.actions()


def test_a_later_deploy_takes_the_place_of_one_that_waits(company: Company) -> None:
    first = asked(company)
    second = asked(company)
    wanted = company.control.planes.desired_state("production").rehearsals
    assert [item.deploy for item in wanted] == [second]
    with company.control.store.transaction() as session:
        found = company.control.rehearsals.of_deploy(session, first)
    assert found is not None
    assert found.why == "a later deploy took its place"


def test_an_approver_sees_what_each_migration_does(company: Company) -> None:
    deploy = asked(company)
    with company.control.store.transaction() as session:
        found = company.control.rehearsals.of_deploy(session, deploy)
        change = company.control.deploys.reach_change(session, deploy)
    assert found is not None
    (line,) = found.migrations
    assert (line.title, line.kind, line.loses) == ("0001_orders", "reversible with loss", ("drops the table orders",))
    assert "has a database of its own" in change.added


def test_only_administrators_give_data_up(company: Company) -> None:
    seen = SnapshotSeen(id="snap_1", time=utc_now(), why="before 0002_note", release="rel_1", bytes=10)
    report = DatabaseReport(
        app=APP, mode="production", release="rel_1", migrations=("0001_orders",), snapshots=(seen,), time=utc_now()
    )
    tell(company, report)
    with company.control.store.transaction() as session:
        (known,) = company.control.databases.databases(session, company.people["builder"], APP)
    assert (known.migrations, known.snapshots[0].id) == (("0001_orders",), "snap_1")
    databases = company.control.databases
    with pytest.raises(ForbiddenError):
        databases.restore(company.people["builder"], APP, "snap_1", "it is mine")
    with pytest.raises(NotFoundError, match="there is no snapshot 'snap_2'"):
        databases.restore(company.people["admin"], APP, "snap_2", "0002 went wrong")
    assert databases.restore(company.people["admin"], APP, "snap_1", "0002 went wrong").mode == "production"
    assert ("database.restore-asked", "user:admin@example.com") in company.actions()


def test_any_moment_that_the_plane_can_rebuild_is_asked_for_by_administrators(company: Company) -> None:
    databases, admin, now = company.control.databases, company.people["admin"], utc_now()
    report = DatabaseReport(
        app=APP, mode="production", release="rel_1", migrations=(), snapshots=(), time=now,
        any_moment_since=now - timedelta(days=2),
    )  # fmt: skip
    tell(company, report)
    sent: list[RestoreOrder] = []
    databases._send = sent.append  # type: ignore[method-assign]
    wanted = now - timedelta(hours=5)
    with pytest.raises(ForbiddenError):
        databases.restore_moment(company.people["builder"], APP, wanted, "it is mine")
    for moment, words in ((now - timedelta(days=3), "and this is none"), (now + timedelta(hours=1), "this is none")):
        with pytest.raises(MomentGoneError, match=words):
            databases.restore_moment(admin, APP, moment, "too far")
    with pytest.raises(InvalidInputError, match="time zone"):
        databases.restore_moment(admin, APP, wanted.replace(tzinfo=None), "which")
    with pytest.raises(NotFoundError, match="no database of its own in preview"):
        databases.restore_moment(admin, APP, wanted, "there is none", "preview")
    tell(company, report.model_copy(update={"mode": "preview", "any_moment_since": None}), plane="editor")
    with pytest.raises(MomentGoneError, match="snapshots only"):
        databases.restore_moment(admin, APP, wanted, "not there", "preview")
    assert sent == []
    assert databases.restore_moment(admin, APP, wanted, "0002 went wrong").any_moment_since == report.any_moment_since
    assert [(order.moment, order.snapshot, order.asked_by) for order in sent] == [(wanted, "", str(admin.principal))]


def test_a_rollback_that_may_lose_data_is_for_administrators_and_told_to_the_plane(company: Company) -> None:
    deploy = asked(company)
    tell(company, rehearsed(deploy))
    first = company.control.deploys.approve(company.people["admin"], deploy, "looked at it").release
    with pytest.raises(ForbiddenError):
        company.control.rollbacks.roll_back(company.people["builder"], APP, first, accept_loss=True)
    assert not company.control.planes.desired_state("production").apps[0].accept_loss
    company.control.rollbacks.roll_back(company.people["admin"], APP, first, accept_loss=True)
    assert company.control.planes.desired_state("production").apps[0].accept_loss
    company.control.rollbacks.roll_back(company.people["builder"], APP, first)
    assert not company.control.planes.desired_state("production").apps[0].accept_loss
