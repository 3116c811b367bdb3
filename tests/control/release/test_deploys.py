import pytest

from bailiwick.control.release import AppIsStoppedError, DeployState, NotDecidableError, NotReviewedError
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.fixtures.company import APP, MANIFEST, Company
from tests.fixtures.releasing import released


@pytest.mark.req("DG1", "DG7")
def test_an_approved_deploy_is_what_production_should_run(company: Company) -> None:
    release = released(company)
    with company.control.store.transaction() as session:
        (state,) = company.control.planes.desired_state("production").apps
        assert state.release == release
        assert company.control.deploys.production_reach(session, APP) is not None
    assert ("deploy.approved", "user:admin@example.com") in company.actions()
    assert ("release.published", "service:release") in company.actions()


@pytest.mark.req("DG1")
def test_whoever_pushed_any_commit_since_the_last_release_cannot_approve(company: Company) -> None:
    released(company)
    assert company.push("second").accepted
    company.control.identity.roles.assign(company.people["admin"], "approver", "user:second@example.com", f"app:{APP}")
    assert company.push("builder").accepted
    asked = company.control.deploys.request(company.people["builder"], APP)
    assert asked.authors == ("user:builder@example.com", "user:second@example.com")
    with pytest.raises(ForbiddenError) as refused:
        company.control.deploys.approve(company.people["second"], asked.id, "my own earlier commit is under it")
    assert refused.value.deciders == ("never-approve-your-own",)
    assert ("deploy.approval-refused", "user:second@example.com") in company.actions()
    assert company.control.deploys.approve(company.people["approver"], asked.id, "fine").state is DeployState.RELEASED


@pytest.mark.req("DG1")
def test_earlier_authors_may_approve_once_their_commits_are_released(company: Company) -> None:
    assert company.push("second").accepted
    released(company)
    company.control.identity.roles.assign(company.people["admin"], "approver", "user:second@example.com", f"app:{APP}")
    assert company.push("builder").accepted
    asked = company.control.deploys.request(company.people["builder"], APP)
    assert asked.authors == ("user:builder@example.com",)
    assert company.control.deploys.approve(company.people["second"], asked.id, "fine").release


@pytest.mark.req("DG1")
def test_nobody_decides_twice_without_a_reason_or_about_what_was_replaced(company: Company) -> None:
    assert company.push("builder").accepted
    first = company.control.deploys.request(company.people["builder"], APP)
    with pytest.raises(InvalidInputError, match="needs a reason"):
        company.control.deploys.approve(company.people["admin"], first.id, "  ")
    second = company.control.deploys.request(company.people["builder"], APP)
    with pytest.raises(NotDecidableError, match="superseded"):
        company.control.deploys.approve(company.people["admin"], first.id, "too late")
    rejected = company.control.deploys.reject(company.people["admin"], second.id, "not yet")
    assert rejected.state is DeployState.REJECTED
    with pytest.raises(NotDecidableError, match="rejected"):
        company.control.deploys.approve(company.people["admin"], second.id, "after all")


@pytest.mark.req("DG1")
def test_a_refused_rejection_names_the_policy_and_is_audited(company: Company) -> None:
    assert company.push("builder").accepted
    asked = company.control.deploys.request(company.people["builder"], APP)
    with pytest.raises(ForbiddenError) as refused:
        company.control.deploys.reject(company.people["approver"], asked.id, "I do not like it")
    assert "first-deploy-needs-an-administrator" in refused.value.deciders
    assert ("deploy.approval-refused", "user:approver@example.com") in company.actions()


@pytest.mark.req("RV1", "DG1")
def test_only_what_was_reviewed_can_be_asked_for(company: Company) -> None:
    with pytest.raises(NotReviewedError, match="no reviewed commit"):
        company.control.deploys.request(company.people["builder"], APP)
    assert company.push("builder").accepted
    with pytest.raises(NotReviewedError, match="was not reviewed here"):
        company.control.deploys.request(company.people["builder"], APP, "f" * 40)
    with pytest.raises(NotFoundError):
        company.control.deploys.request(company.people["user"], APP)


@pytest.mark.req("RV9", "DG1")
def test_a_tree_that_fails_a_later_review_is_not_released(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    assert company.push("builder").accepted
    asked = company.control.deploys.request(company.people["builder"], APP)
    # The same files again, in a push whose history holds a key: the last word on this tree is no.
    key = "AKIA" + "Q3EGRIFKLT7ZVWXN"
    app = (company.folder / "app.py").read_text()
    refused = company.push("builder", {"app.py": app, "settings.py": f'KEY = "{key}"\n'})
    assert not refused.accepted
    (company.folder / "settings.py").unlink()
    company.pushes -= 1
    assert not company.push("builder", {"app.py": app}).accepted
    with pytest.raises(AppIsStoppedError):
        company.control.deploys.approve(company.people["admin"], asked.id, "the first review passed")


@pytest.mark.req("RT5", "DG1")
def test_nothing_is_released_while_the_app_is_stopped(company: Company) -> None:
    assert company.push("builder").accepted
    asked = company.control.deploys.request(company.people["builder"], APP)
    company.control.stops.kill(company.people["security"], APP, "looks wrong")
    with pytest.raises(AppIsStoppedError) as refused:
        company.control.deploys.approve(company.people["admin"], asked.id, "go on")
    assert refused.value.deciders == ("nothing-killed-is-deployed",)
    company.control.stops.revive(company.people["admin"], APP, "it is well")
    assert company.control.deploys.approve(company.people["admin"], asked.id, "go on").release


@pytest.mark.req("RT7", "OB2")
def test_a_job_is_asked_for_by_name_and_audited(company: Company) -> None:
    with pytest.raises(NotFoundError, match="not in production"):
        company.control.releases.run_job(company.people["builder"], APP, "nightly")
    released(company)
    with pytest.raises(NotFoundError) as unknown:
        company.control.releases.run_job(company.people["builder"], APP, "hourly")
    assert unknown.value.hint == "there are: nightly"
    assert company.control.releases.run_job(company.people["builder"], APP, "nightly").startswith("run_")
    assert ("job.requested", "user:builder@example.com") in company.actions()
    with pytest.raises(ForbiddenError):
        company.control.releases.run_job(company.people["approver"], APP, "nightly")


@pytest.mark.req("RV4")
def test_a_push_that_asks_for_data_that_nobody_offers_is_refused(company: Company) -> None:
    answer = company.push("builder", {"bailiwick.toml": MANIFEST.replace("orders:read", "salaries:read")})
    assert not answer.accepted
    assert any("does not offer 'salaries:read'; it offers: orders:read" in line for line in answer.lines)
