from pathlib import Path

import pytest

from bailiwick.control.release import AppIsStoppedError, NotReviewedError
from bailiwick.control.rereview import UnsafeRelease
from bailiwick.control.review import Report, StoredReview, import_advisories
from bailiwick.core.errors import UnavailableError
from bailiwick.core.policy import ORGANIZATION
from tests.fixtures.company import APP, Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.policies import NO_KILLS, case_of
from tests.fixtures.releasing import SPAWNS, change_rules, released, released_by_waiver

RECORDS = Path(__file__).parents[2] / "assets" / "osv"


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


def latest(company: Company) -> StoredReview:
    with company.control.store.transaction() as session:
        review = company.control.reviews.latest(session, APP)
    assert review is not None
    return review


def unsafe(company: Company, who: str = "security") -> list[UnsafeRelease]:
    with company.control.store.transaction() as session:
        return company.control.rereviews.unsafe(session, company.people[who])


@pytest.mark.req("RV9")
def test_a_verdict_by_older_rules_is_good_for_nothing_new(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    assert company.push("builder").accepted
    asked = company.control.deploys.request(company.people["builder"], APP)
    change_rules(company, monkeypatch)
    with pytest.raises(AppIsStoppedError, match="reviewed again, as the rules of the review changed"):
        company.control.deploys.approve(company.people["admin"], asked.id, "fine")
    with pytest.raises(NotReviewedError, match="reviewed again, as the rules of the review changed") as fault:
        company.control.deploys.request(company.people["builder"], APP)
    assert "try again in a minute" in fault.value.hint
    company.control.rereview_keeper.keep()
    assert latest(company).cause == "the rules of the review changed"
    assert company.control.deploys.approve(company.people["admin"], asked.id, "fine").release


@pytest.mark.req("RV9")
def test_other_policies_ask_for_every_verdict_again(company: Company) -> None:
    assert company.push("builder").accepted
    before = latest(company)
    company.control.rereview_keeper.keep()
    assert latest(company).id == before.id, "nothing changed, so nothing is done"
    policies, people = company.control.policies, company.people
    made = policies.propose(
        people["admin"], "house", scope=ORGANIZATION, text=NO_KILLS, tests=case_of("app.kill"), reason="try"
    )
    policies.approve(people["security"], "house", made.version)
    policies.activate(people["admin"], "house", made.version)
    with pytest.raises(NotReviewedError, match="other policies came into force"):
        company.control.deploys.request(company.people["builder"], APP)
    company.control.rereview_keeper.keep()
    assert company.control.deploys.request(company.people["builder"], APP).commit


@pytest.mark.req("RV9", "RV8")
def test_news_about_packages_asks_for_verdicts_again(company: Company, clock: MovingClock) -> None:
    assert company.push("builder").accepted
    assert company.control.deploys.request(company.people["builder"], APP).commit
    import_advisories([RECORDS], company.control.settings.state / "advisories" / "advisories.sqlite", clock())
    with pytest.raises(NotReviewedError, match="there is news about packages"):
        company.control.deploys.request(company.people["builder"], APP)
    company.control.rereview_keeper.keep()
    assert company.control.deploys.request(company.people["builder"], APP).commit


@pytest.mark.req("RV9", "RV12")
def test_what_runs_and_became_unsafe_is_listed_and_goes_on(
    company: Company, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = released(company)
    original = company.control.source.examine
    flawed = _report_with_a_finding(company, latest(company).tree)
    monkeypatch.setattr(company.control.source, "examine", lambda *_: flawed)
    change_rules(company, monkeypatch)
    company.control.rereview_keeper.keep()
    found = {item.mode: item for item in unsafe(company)}
    assert found["production"].release == release
    assert found["production"].because.startswith("process-spawning at app.py:")
    assert found["production"].owner == "user:builder@example.com"
    assert (found["production"].due - found["production"].since).days == 14
    assert unsafe(company, "user") == []
    assert company.control.planes.desired_state("production").apps[0].release == release
    assert company.actions().count(("release.unsafe", "service:review")) == 2
    clock.move(days=1)
    company.control.rereview_keeper.keep()
    change_rules(company, monkeypatch, "newer still")
    company.control.rereview_keeper.keep()
    assert {item.mode: item.due for item in unsafe(company)} == {mode: item.due for mode, item in found.items()}
    monkeypatch.setattr(company.control.source, "examine", original)
    change_rules(company, monkeypatch, "newest")
    company.control.rereview_keeper.keep()
    assert unsafe(company) == []
    assert company.actions().count(("release.safe-again", "service:review")) == 2


@pytest.mark.req("RV9")
def test_a_tree_that_cannot_be_read_again_does_not_pass(
    company: Company, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(company)

    def fails(*_: object) -> Report:
        raise UnavailableError("the disk is gone")

    monkeypatch.setattr(company.control.source, "examine", fails)
    change_rules(company, monkeypatch)
    for _ in range(3):
        with company.control.store.transaction() as session:
            assert company.control.rereviews.progress(session).waiting <= 1
        company.control.rereview_keeper.keep()
        clock.move(minutes=11)
    assert latest(company).could_not_review == ("source: UnavailableError",)
    assert {item.because for item in unsafe(company)} == {"it could not be reviewed"}
    with pytest.raises(NotReviewedError, match="refuses it"):
        company.control.deploys.request(company.people["builder"], APP)


@pytest.mark.req("RV9", "RV1")
def test_when_a_waiver_ends_what_passed_by_it_is_unsafe_and_a_new_one_mends_it(company: Company) -> None:
    waivers, builder, approver = company.control.waivers, company.people["builder"], company.people["approver"]
    _, first = released_by_waiver(company)
    finding = next(item for item in latest(company).findings if item.waiver)
    waivers.end(company.people["security"], first, "no more of this")
    company.control.rereview_keeper.keep()
    assert {item.mode for item in unsafe(company)} == {"production", "preview"}
    again = waivers.request(builder, latest(company).id, finding.fingerprint, "a week to mend it", 7)
    waivers.approve(approver, again.id, "a week")
    company.control.rereview_keeper.keep()
    assert unsafe(company) == []


def _report_with_a_finding(company: Company, tree: str) -> Report:
    from bailiwick.control.review import Change, review
    from bailiwick.core.artifacts import TreeFile

    file = TreeFile("app.py", SPAWNS.encode(), False)
    return Report(tree, review(Change(tree, (), (file,))).blocking)
