from datetime import timedelta
from pathlib import Path

import pytest

from bailiwick.control.previews import NoPreviewError, NoRoomError, Preview, PreviewState
from bailiwick.control.release import NotReviewedError
from bailiwick.control.source import Push, PushRefusedError, RefUpdate, Upload
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.messages import AppReport, AppState, KillReport, ReportBatch, Sequenced
from tests.fixtures.company import APP, MANIFEST, Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.releasing import SPAWNS, released

NOTHING = "0" * 40


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def more_settings() -> dict[str, object]:
    return {"previews": {"most": 2}}


def previews(company: Company, who: str = "builder") -> dict[str, Preview]:
    with company.control.store.transaction() as session:
        return {item.branch: item for item in company.control.previews.list(session, company.people[who], APP)}


def served(company: Company, plane: str = "editor") -> dict[str, AppState]:
    return {state.host: state for state in company.control.planes.desired_state(plane).apps}


def delete(company: Company, who: str, branch: str) -> str:
    """Delete a branch as git would be let to; return what is said."""
    with company.control.store.transaction() as session:
        app = company.control.catalog.app(session, APP)
    repositories = company.control.source.repositories
    update = RefUpdate(repositories.head(app.id, branch), NOTHING, f"refs/heads/{branch}")
    answer = company.control.source.receive(Push(APP, company.people[who], (update,), {}))
    assert answer.accepted
    return "\n".join(answer.lines)


@pytest.mark.req("RV1", "RV4")
def test_a_branch_passes_the_same_gate_and_gets_a_preview_beside_mains(company: Company) -> None:
    assert company.push("builder").accepted
    refused = company.push("builder", {"app.py": SPAWNS}, branch="fix-login")
    assert not refused.accepted
    assert any("app.py:3" in line for line in refused.lines)
    assert previews(company) == {}
    taken = company.push("builder", branch="fix-login")
    assert taken.accepted
    assert any("http://fix-login.desk.preview.localhost:8410 until" in line for line in taken.lines), taken.lines
    apps = served(company)
    assert sorted(apps) == ["desk", "fix-login.desk"]
    assert (apps["desk"].branch, apps["fix-login.desk"].branch) == ("", "fix-login")
    assert apps["desk"].release != apps["fix-login.desk"].release
    assert apps["desk"].integrations == apps["fix-login.desk"].integrations
    assert served(company, "production") == {}
    with company.control.store.transaction() as session:
        app = company.control.catalog.app(session, APP)
        head = company.control.source.head(session, app)
        assert head is not None and head.commit == apps["desk"].commit
        page = company.control.history.revisions(session, company.people["builder"], APP)
    assert [item.push.branch for item in page.revisions] == ["fix-login", "fix-login", ""]


@pytest.mark.req("DG1", "RV1")
def test_a_commit_of_a_branch_is_not_deployed_until_main_takes_it(company: Company) -> None:
    released(company)
    assert company.push("builder", branch="fix").accepted
    commit = company.head()
    for wanted in (commit, commit[:12]):
        with pytest.raises(NotReviewedError):
            company.control.deploys.request(company.people["builder"], APP, wanted)
    assert company.push_head("builder").accepted
    assert company.control.deploys.request(company.people["builder"], APP, commit).commit == commit


@pytest.mark.req("DG1")
def test_who_wrote_a_branch_does_not_approve_it_when_somebody_else_merged_it(company: Company) -> None:
    released(company)
    company.control.identity.roles.assign(company.people["admin"], "approver", "user:second@example.com", f"app:{APP}")
    assert company.push("second", branch="fix").accepted
    assert company.push_head("builder").accepted
    asked = company.control.deploys.request(company.people["builder"], APP)
    assert asked.authors == ("user:builder@example.com", "user:second@example.com")
    with pytest.raises(ForbiddenError):
        company.control.deploys.approve(company.people["second"], asked.id, "somebody else pushed it")


@pytest.mark.req("RV10")
def test_a_line_of_a_branch_stays_its_authors_after_the_merge(company: Company) -> None:
    released(company)
    assert company.push("second", {"app.py": "app = 'from a branch'\n"}, branch="fix").accepted
    assert company.push("builder", {"app.py": "app = 'from main'\n", "notes.txt": "x\n"}).accepted
    company._git("reset", "--quiet", "--hard", "HEAD~1")
    with company.control.store.transaction() as session:
        blame = company.control.history.blame(session, company.people["builder"], APP, "notes.txt", 1)
        assert blame.revision is not None and blame.revision.push.branch == ""
        app = company.control.catalog.app(session, APP)
        landed = company.control.source.landed(session, app, company.head())
    assert landed is not None and landed.author == "user:builder@example.com"
    with company.control.store.transaction() as session:
        at = company.head()
        blame = company.control.history.blame(session, company.people["builder"], APP, "app.py", 1, at=at)
    assert blame.revision is not None
    assert (blame.revision.push.author, blame.revision.push.branch) == ("user:second@example.com", "fix")


@pytest.mark.req("RV1")
def test_refs_that_are_no_branches_are_refused_before_anything_is_read(company: Company) -> None:
    for ref in ("refs/heads/../main", "refs/heads/main/x", "refs/heads/Main", "refs/tags/v1", "refs/bailiwick/kept/x"):
        update = RefUpdate(NOTHING, "1" * 40, ref)
        with pytest.raises(InvalidInputError) as refused:
            company.control.source.receive(Push(APP, company.people["builder"], (update,), {}))
        assert refused.value.hint


@pytest.mark.req("RV1")
def test_branches_with_alike_names_answer_at_addresses_of_their_own(company: Company) -> None:
    assert company.push("builder", branch="fix/login").accepted
    assert company.push("builder", branch="Fix-Login").accepted
    hosts = [item.host for item in previews(company).values()]
    assert len(set(hosts)) == 2
    assert all(host.startswith("fix-login-x") and host.endswith(".desk") for host in hosts)
    company.control.previews.end(company.people["builder"], APP, "Fix-Login")
    with pytest.raises(PushRefusedError, match="one name leads through the other"):
        company.push("builder", branch="fix/login/again")


@pytest.mark.req("OB1")
def test_there_is_an_end_to_previews_and_the_words_say_which_is_the_oldest(
    company: Company, clock: MovingClock
) -> None:
    assert company.push("builder", branch="one").accepted
    clock.move(days=1)
    assert company.push("second", branch="two").accepted
    with pytest.raises(NoRoomError, match=r"has 2 previews of branches.*the oldest is of 'one'") as refused:
        company.push("builder", branch="three")
    assert refused.value.hint == f"end one that is not needed: bailiwick preview end {APP} one"
    assert company.push("builder", branch="one").accepted, "one that is there may go on"
    company.control.previews.end(company.people["builder"], APP, "two")
    assert company.push("builder", branch="three").accepted
    with pytest.raises(NoRoomError):
        company.control.previews.renew(company.people["builder"], APP, "two")


@pytest.mark.req("OB1")
def test_a_preview_expires_says_so_and_is_brought_back(company: Company, clock: MovingClock) -> None:
    assert company.push("builder").accepted
    assert company.push("builder", branch="fix").accepted
    clock.move(days=6)
    company.control.preview_keeper.keep()
    assert "fix.desk" in served(company)
    company.control.previews.renew(company.people["second"], APP, "fix")
    clock.move(days=6)
    company.control.preview_keeper.keep()
    assert "fix.desk" in served(company)
    clock.move(days=1, minutes=1)
    company.control.preview_keeper.keep()
    assert sorted(served(company)) == ["desk"], "main's does not expire"
    (ended,) = company.control.planes.desired_state("editor").ended
    assert (ended.host, ended.hint) == (
        "fix.desk",
        f"Push to the branch again, or: bailiwick preview renew {APP} fix",
    )
    assert "'fix' of finance/desk expired" in ended.words
    assert company.control.planes.desired_state("production").ended == ()
    again = company.control.previews.renew(company.people["builder"], APP, "fix")
    assert again.state is PreviewState.LIVE
    assert again.ends_at - clock() > timedelta(days=6, hours=23)
    assert "fix.desk" in served(company)
    assert company.control.planes.desired_state("editor").ended == ()
    actions = company.actions()
    assert ("preview.expired", "service:previews") in actions
    assert ("preview.renewed", "user:builder@example.com") in actions


@pytest.mark.req("OB1")
def test_a_preview_is_ended_by_who_pushes_or_stops_and_by_nobody_else(company: Company) -> None:
    assert company.push("builder", branch="fix").accepted
    previews_of = company.control.previews
    with pytest.raises((ForbiddenError, NotFoundError)):
        previews_of.end(company.people["user"], APP, "fix")
    with pytest.raises(ForbiddenError):
        previews_of.renew(company.people["security"], APP, "fix")
    ended = previews_of.end(company.people["security"], APP, "fix", "shows what nobody should see")
    assert (ended.state, ended.ended_by, ended.reason) == (
        PreviewState.ENDED, "user:security@example.com", "shows what nobody should see"
    )  # fmt: skip
    assert served(company) == {}
    with pytest.raises(NoPreviewError, match="has ended already"):
        previews_of.end(company.people["builder"], APP, "fix")
    with pytest.raises(NoPreviewError, match="has no preview of a branch 'other'"):
        previews_of.renew(company.people["builder"], APP, "other")


@pytest.mark.req("RV1")
def test_a_branch_may_be_rewritten_and_what_was_reviewed_is_kept(company: Company) -> None:
    assert company.push("builder").accepted
    assert company.push("builder", branch="fix").accepted
    first = company.head()
    with company.control.store.transaction() as session:
        config = Path(company.control.source.repository(company.control.catalog.app(session, APP))) / "config"
    # As a repository was made before branches were taken.
    config.write_text(
        config.read_text().replace("settings = 2", "").replace("denyDeletes = false", "denyDeletes = true")
    )
    company._git("reset", "--quiet", "--hard", "HEAD~1")
    assert company.push("builder", branch="fix").accepted
    with company.control.store.transaction() as session:
        app = company.control.catalog.app(session, APP)
        pushes = company.control.source.pushes(session, app)
    assert [item.branch for item in pushes] == ["fix", "fix", ""]
    git = company.control.source.repositories
    assert git.files(app.id, first)
    kept = git.path(app.id) / "refs/bailiwick/kept" / first
    assert kept.read_text().strip() == first
    assert previews(company)["fix"].commit == company.head()
    assert "denyDeletes = false" in config.read_text()
    company._git("reset", "--quiet", "--hard", first)
    company._git("reset", "--quiet", "--hard", "HEAD~1")
    assert company.push("builder").accepted
    company._git("reset", "--quiet", "--hard", first)
    with pytest.raises(PushRefusedError, match="would rewrite main"):
        company.push_head("builder")


@pytest.mark.req("RV1", "OB2")
def test_a_branch_is_deleted_by_who_pushed_to_it_and_its_preview_goes_with_it(company: Company) -> None:
    assert company.push("builder").accepted
    assert company.push("builder", branch="fix").accepted
    with pytest.raises(PushRefusedError, match="deleted by somebody who pushed to it") as refused:
        delete(company, "second", "fix")
    assert "bailiwick preview end" in refused.value.hint
    with pytest.raises(PushRefusedError, match="main is not deleted"):
        delete(company, "builder", "main")
    assert "stays in the history" in delete(company, "builder", "fix")
    assert previews(company) == {}
    assert sorted(served(company)) == ["desk"]
    assert ("branch.deleted", "user:builder@example.com") in company.actions()


@pytest.mark.req("RV1")
def test_files_without_git_go_to_a_branch_that_begins_at_main(company: Company) -> None:
    assert company.push("builder").accepted
    uploads = company.control.uploads
    files = [TreeFile("bailiwick.toml", MANIFEST.encode()), TreeFile("app.py", b"app = 'by files'\n")]
    answer, commit = uploads.take(company.people["builder"], APP, Upload(files, "try it", branch="by-files"))
    assert answer.accepted
    with company.control.store.transaction() as session:
        app = company.control.catalog.app(session, APP)
    git = company.control.source.repositories
    assert (git.head(app.id, "by-files"), git.head(app.id)) == (commit, company.head())
    assert [item.id for item in git.commits(app.id, commit)] == [commit, company.head()]
    with pytest.raises(InvalidInputError):
        uploads.take(company.people["builder"], APP, Upload(files, "try it", branch="../main"))


@pytest.mark.req("DG3")
def test_the_kill_switch_stops_every_preview(company: Company) -> None:
    assert company.push("builder").accepted
    assert company.push("builder", branch="fix").accepted
    company.control.stops.kill(company.people["security"], APP, "leaks")
    assert {state.status for state in served(company).values()} == {"killed"}
    assert len(served(company)) == 2


@pytest.mark.req("DG3")
def test_a_preview_that_fails_too_often_is_stopped_alone(company: Company) -> None:
    assert company.push("builder").accepted
    assert company.push("builder", branch="fix").accepted
    release = previews(company)["fix"].release
    told = {"app": APP, "mode": "preview", "release": release, "time": utc_now(), "branch": "fix"}
    running = AppReport.model_validate({**told, "status": "running"})
    killed = KillReport.model_validate(
        {**told, "because": "8 failures in a row", "counters": {}, "requests": (), "log_lines": ()}
    )
    planes = company.control.planes
    planes.take_reports("editor", ReportBatch(spool="s", reports=(Sequenced(sequence=1, report=running),)))
    assert previews(company)["fix"].status == "running"
    with company.control.store.transaction() as session:
        assert company.control.observe.statuses(session, APP) == [], "main's preview is another"
    planes.take_reports("editor", ReportBatch(spool="s", reports=(Sequenced(sequence=2, report=killed),)))
    assert previews(company)["fix"].state is PreviewState.STOPPED
    assert {host: state.status for host, state in served(company).items()} == {"desk": "running"}
    with company.control.store.transaction() as session:
        assert company.control.stops.standing(session, APP) == []
        assert company.control.observe.evidence(session, APP)
