"""A freeze keeps what it covers from production by every door, says who and why, and lets the fix through."""

import base64
import json
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.freeze import Freeze, FreezeKind, FreezeNotStandingError, FreezeView, Scope, scope_of
from bailiwick.control.release import FrozenError
from bailiwick.control.wiring import build_control
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.events import AuditEvent
from bailiwick.core.messages import AppReport
from bailiwick.core.statements import Envelope
from tests.fixtures.company import APP, Company
from tests.fixtures.releasing import SPAWNS, deployed, released, released_by_waiver
from tests.fixtures.wheels import Shelf

pytestmark = pytest.mark.req("DG3")
EVERYTHING = Scope(FreezeKind.EVERYTHING)


@pytest.fixture
def more_settings(shelf: Shelf) -> dict[str, Any]:
    return shelf.settings


def npm_lock(version: str) -> dict[str, str]:
    """A lock file of npm in which lodash comes with another package."""
    integrity = f"sha512-{base64.b64encode(bytes(64)).decode()}"

    def pinned(name: str, version: str, **more: Any) -> dict[str, Any]:
        return {"version": version, "resolved": f"https://registry.npmjs.org/{name}/-/{name}-{version}.tgz",
                "integrity": integrity, **more}  # fmt: skip

    root = {"name": "desk", "version": "1.0.0", "dependencies": {"async": "2.6.4"}}
    packages = {
        "": root,
        "node_modules/async": pinned("async", "2.6.4", dependencies={"lodash": "^4.17.14"}),
        "node_modules/lodash": pinned("lodash", version),
    }
    lock = {"name": "desk", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}
    return {"package.json": json.dumps(root, indent=1), "package-lock.json": json.dumps(lock, indent=1)}


def freeze(company: Company, scope: Scope = EVERYTHING, reason: str = "CVE-2026-1", who: str = "security") -> Freeze:
    return company.control.freezes.start(company.people[who], scope, reason)


def views(company: Company, who: str = "security") -> list[FreezeView]:
    with company.control.store.transaction() as session:
        return company.control.freezes.standing(session, company.people[who])


def covered(company: Company, scope: Scope) -> list[tuple[str, str]]:
    """Freeze, and return mode and release of what is affected, lifting it again."""
    made = freeze(company, scope)
    (view,) = views(company)
    company.control.freezes.lift(company.people["admin"], made.id, "a test")
    return [(item.mode, item.release) for item in view.affected]


def events(company: Company, action: str) -> list[AuditEvent]:
    with company.control.store.transaction() as session:
        return [item.event for item in search(session, AuditQuery(action=action), limit=50).events]


def ran(company: Company, release: str) -> None:
    """Say, as the plane does, that a release runs."""
    report = AppReport(app=APP, mode="production", release=release, status="running", time=utc_now())
    with company.control.store.transaction() as session:
        company.control.observe.take_status(session, "production", report)


def held(company: Company) -> str:
    """Return what the production plane is told of the app's freeze."""
    return company.control.planes.desired_state("production").apps[0].frozen


def test_nothing_is_asked_approved_or_rolled_back_while_everything_is_frozen(company: Company) -> None:
    first = released(company)
    second = released(company)
    assert company.push("builder").accepted
    waiting = company.control.deploys.request(company.people["builder"], APP)
    made = freeze(company, reason="a supplier was broken into")
    people, control = company.people, company.control
    doors: Mapping[str, Any] = {
        "request": lambda: control.deploys.request(people["builder"], APP),
        "approve": lambda: control.deploys.approve(people["admin"], waiting.id, "looked at it"),
        "roll back": lambda: control.rollbacks.roll_back(people["builder"], APP, first),
        "roll back in an emergency": lambda: control.rollbacks.force(people["admin"], APP, first, "it burns"),
    }
    for door in doors.values():
        with pytest.raises(FrozenError) as refused:
            door()
        words = refused.value.message
        assert "user:security@example.com froze everything" in words
        assert "a supplier was broken into" in words
        assert made.id in words
        assert refused.value.deciders == ("nothing-frozen-goes-to-production",)
        assert refused.value.freezes == (made.id,)
    assert control.planes.desired_state("production").apps[0].release == second
    noted = events(company, "deploy.frozen")
    assert len(noted) == len(doors)
    assert {item.outcome for item in noted} == {"refused"}
    assert noted[0].context["freezes"] == (made.id,)
    # What is pushed is still reviewed and previewed, and a rejection is no way to production.
    assert company.push("builder").accepted
    assert control.deploys.reject(people["admin"], waiting.id, "not now").state == "rejected"


def test_another_person_lifts_it_with_a_reason_and_then_deploys_go_on(company: Company) -> None:
    made = freeze(company)
    freezes, people = company.control.freezes, company.people
    with pytest.raises(ForbiddenError) as same:
        freezes.lift(people["security"], made.id, "all is well")
    assert same.value.deciders == ("freezes-are-lifted-by-another-person",)
    for who in ("builder", "approver", "user"):
        with pytest.raises(ForbiddenError):
            freezes.lift(people[who], made.id, "let me")
    with pytest.raises(InvalidInputError, match="needs a reason"):
        freezes.lift(people["admin"], made.id, " ")
    with pytest.raises(NotFoundError):
        freezes.lift(people["admin"], "frz_nothing", "gone")
    lifted = freezes.lift(people["admin"], made.id, "it was a false alarm")
    assert (lifted.lifted_by, lifted.lift_reason) == ("user:admin@example.com", "it was a false alarm")
    with pytest.raises(FreezeNotStandingError):
        freezes.lift(people["admin"], made.id, "again")
    assert released(company)
    assert [item.context["freeze"] for item in events(company, "freeze.lifted")] == [made.id]
    assert {item.actor for item in events(company, "freeze.lift-refused")} >= {"user:security@example.com"}


def test_only_administrators_freeze_and_a_folder_administrator_only_the_folder(company: Company) -> None:
    company.control.identity.roles.apply_rules([("approver", "folder-admin", "folder:finance")])
    for who in ("builder", "user", "approver"):
        with pytest.raises(ForbiddenError):
            freeze(company, who=who)
    made = freeze(company, scope_of(folder="finance"), who="approver")
    assert made.scope.words == "the folder finance"
    with pytest.raises(ForbiddenError):
        company.control.freezes.lift(company.people["approver"], made.id, "mine")
    with pytest.raises(InvalidInputError, match="needs a reason"):
        freeze(company, reason="")


@pytest.mark.parametrize(
    ("scope", "hint"),
    [
        (scope_of(folder="finanse"), "did you mean finance"),
        (scope_of(integration="orders-bd"), "did you mean orders-db"),
        (scope_of(rule="sql-injectoin"), "did you mean sql-injection"),
    ],
)
def test_a_name_that_there_is_not_is_refused_as_it_would_freeze_nothing(
    company: Company, scope: Scope, hint: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        freeze(company, scope)
    assert hint in refused.value.hint
    assert views(company) == []


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"everything": True, "folder": "finance"},
        {"everything": True, "versions": "<2"},
        {"versions": "<2"},
        {"package": "requests"},
        {"package": "gem:rails"},
        {"package": "pypi:re quests"},
        {"package": "npm:../x"},
        {"package": "pypi:requests", "versions": "<two"},
        {"package": "npm:lodash", "versions": ">=1,<2"},
    ],
)
def test_what_covers_no_one_thing_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        scope_of(**asked)


def test_names_of_packages_are_read_as_their_index_reads_them() -> None:
    assert scope_of(package="pypi:Ruamel_YAML").subject == "ruamel-yaml"
    assert scope_of(package="pkg:npm/%40babel/core").subject == "@babel/core"
    assert scope_of(package="npm:@babel/core", versions="^7.0").words == "npm package @babel/core ^7.0"


def test_a_package_freezes_what_pins_a_version_of_its_range_and_nothing_else(company: Company, shelf: Shelf) -> None:
    assert company.push("builder", shelf.lock("requests==2.31.0", "urllib3==2.2.0")).accepted
    release = deployed(company)
    found = lambda package, versions: [  # noqa: E731 - a question asked often
        name for mode, name in covered(company, scope_of(package=package, versions=versions)) if mode == "production"
    ]
    assert found("pypi:requests", "<2.32.4") == [release]
    assert found("pypi:Requests", "") == [release]
    assert found("pypi:requests", ">=2.32") == []
    assert found("pypi:urllib3", "==2.2.*") == [release]
    assert found("npm:requests", "") == []
    assert found("pypi:request", "") == []


def test_a_package_that_came_with_another_one_is_found_in_a_lock_of_npm(company: Company) -> None:
    assert company.push("builder", npm_lock("4.17.20")).accepted
    release = deployed(company)
    vulnerable = scope_of(package="npm:lodash", versions=">=4.0.0 <4.17.21 || ^3.0.0")
    made = freeze(company, vulnerable)
    (view,) = views(company)
    assert {item.release for item in view.affected if item.mode == "production"} == {release}
    assert {item.mode for item in view.affected} == {"preview", "production"}
    assert view.affected[0].because == "it contains lodash 4.17.20 (package-lock.json)"
    assert view.affected[0].owner == "user:builder@example.com"
    # A change elsewhere keeps the hole; the version that mends it passes by itself.
    assert company.push("builder").accepted
    with pytest.raises(FrozenError, match="lodash"):
        company.control.deploys.request(company.people["builder"], APP)
    assert company.push("builder", npm_lock("4.17.21")).accepted
    fixed = deployed(company)
    (view,) = views(company)
    assert view.affected == ()
    assert fixed != release
    with pytest.raises(FrozenError, match=made.id):
        company.control.rollbacks.roll_back(company.people["builder"], APP, release)


def test_a_release_from_before_packages_were_kept_is_read_when_it_is_asked_for(company: Company, shelf: Shelf) -> None:
    from sqlalchemy import text

    assert company.push("builder", shelf.lock("requests==2.31.0")).accepted
    release = deployed(company)
    with company.control.store.transaction() as session:
        session.execute(text("DELETE FROM release_packages"))
        session.execute(text("UPDATE releases SET contents = ''"))
    assert ("production", release) in covered(company, scope_of(package="pypi:requests", versions="<2.32"))


def test_releases_from_before_are_read_little_by_little_and_what_cannot_be_read_is_covered(
    company: Company, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert company.push("builder", shelf.lock("requests==2.31.0")).accepted
    release = deployed(company)
    with company.control.store.transaction() as session:
        session.execute(text("DELETE FROM release_packages"))
        session.execute(text("UPDATE releases SET contents = ''"))
    company.control.freezes.read_older()
    with company.control.store.transaction() as session:
        found = session.execute(text("SELECT release, name, version FROM release_packages")).all()
        assert (release, "requests", "2.31.0") in [tuple(row) for row in found]
        session.execute(text("UPDATE releases SET contents = ''"))
    monkeypatch.setattr(type(company.control.source), "files", lambda *_: 1 / 0)
    assert ("production", release) in covered(company, scope_of(package="npm:lodash"))


def test_a_rule_freezes_what_it_was_found_in_waived_or_not(company: Company) -> None:
    bad, _ = released_by_waiver(company)
    with company.control.store.transaction() as session:
        review = company.control.reviews.latest(session, APP)
    assert review is not None
    rule = next(item.rule for item in review.findings if item.waiver)
    assert ("production", bad) in covered(company, scope_of(rule=rule))
    assert covered(company, scope_of(rule="sql-injection")) == []
    made = freeze(company, scope_of(rule=rule))
    assert company.push("builder", {"app.py": SPAWNS, "notes.txt": "3\n"}).accepted
    with pytest.raises(FrozenError):
        company.control.deploys.request(company.people["builder"], APP)
    assert company.push("builder", {"app.py": "app = 'without'\n"}).accepted
    assert deployed(company)
    assert made.id in {item.freeze.id for item in views(company)}


def test_an_integration_and_a_folder_freeze_what_uses_them_and_what_is_in_them(company: Company) -> None:
    release = released(company)
    company.control.catalog.create_folder(company.people["admin"], "finance-two")
    assert ("production", release) in covered(company, scope_of(integration="orders-db"))
    assert ("production", release) in covered(company, scope_of(folder="finance"))
    assert covered(company, scope_of(folder="finance-two")) == []


def test_the_fix_passes_a_freeze_of_everything_when_a_security_administrator_vouches_for_it(company: Company) -> None:
    released(company)
    made = freeze(company, who="admin")
    assert company.push("builder").accepted
    people, deploys = company.people, company.control.deploys
    with pytest.raises(InvalidInputError, match="no freeze 'frz_nothing' stands"):
        deploys.request(people["builder"], APP, fixes="frz_nothing")
    asked = deploys.request(people["builder"], APP, fixes=made.id)
    with pytest.raises(ForbiddenError) as refused:
        deploys.approve(people["approver"], asked.id, "it mends it")
    assert not isinstance(refused.value, FrozenError)
    with pytest.raises(ForbiddenError):
        deploys.approve(people["admin"], asked.id, "it mends it")
    release = deploys.approve(people["security"], asked.id, "it mends it").release
    (event,) = events(company, "freeze.fix-let-through")
    assert (event.actor, event.release, event.context["freeze"]) == ("user:security@example.com", release, made.id)
    state = company.control.planes.desired_state("production").apps[0]
    assert (state.release, state.frozen) == (release, "")
    assert _predicate(state.approvals[0])["fixes"] == [made.id]
    (view,) = views(company)
    assert [item.fix for item in view.affected if item.mode == "production"] == [True]
    # The mark is of this release: the next deploy is frozen as any other.
    assert company.push("builder").accepted
    with pytest.raises(FrozenError):
        deploys.request(people["builder"], APP)


def test_nobody_lets_through_what_they_wrote_or_asked_for(company: Company) -> None:
    company.control.identity.roles.apply_rules([("second", "security-admin", "organization:default")])
    released(company)
    made = freeze(company, who="admin")
    assert company.push("second").accepted
    asked = company.control.deploys.request(company.people["builder"], APP, fixes=made.id)
    with pytest.raises(ForbiddenError):
        company.control.deploys.approve(company.people["second"], asked.id, "mine")
    assert company.control.deploys.approve(company.people["security"], asked.id, "it mends it").release


def test_a_fix_of_a_package_cannot_be_marked_it_must_be_one(company: Company, shelf: Shelf) -> None:
    assert company.push("builder", shelf.lock("requests==2.31.0")).accepted
    made = freeze(company, scope_of(package="pypi:requests", versions="<2.32"))
    with pytest.raises(InvalidInputError, match="does not cover any more"):
        company.control.deploys.request(company.people["builder"], APP, fixes=made.id)
    assert company.push("builder", shelf.lock("requests==2.32.4")).accepted
    # Said to be the fix although it needs no mark: it passes as any other.
    asked = company.control.deploys.request(company.people["builder"], APP, fixes=made.id)
    assert company.control.deploys.approve(company.people["admin"], asked.id, "fine").release
    assert events(company, "freeze.fix-let-through") == []


def test_an_emergency_rollback_passes_a_freeze_as_its_fix(company: Company) -> None:
    first = released(company)
    released(company)
    made = freeze(company, who="admin")
    with pytest.raises(ForbiddenError):
        company.control.rollbacks.force(company.people["admin"], APP, first, "it burns", fixes=made.id)
    company.control.rollbacks.force(company.people["security"], APP, first, "it burns", fixes=made.id)
    state = company.control.planes.desired_state("production").apps[0]
    assert (state.release, state.frozen) == (first, "")


def test_what_ran_when_the_freeze_began_may_start_again_and_what_never_ran_may_not(company: Company) -> None:
    release = released(company)
    ran(company, release)
    made = freeze(company)
    assert held(company) == ""
    company.control.freezes.lift(company.people["admin"], made.id, "a test")
    released(company)  # approved, but no plane has said yet that it runs
    freeze(company, reason="a supplier was broken into")
    assert "user:security@example.com froze everything" in held(company)
    assert "a supplier was broken into" in held(company)
    assert {item.state for item in views(company)[0].affected} == {"held", "running"}
    assert company.control.planes.desired_state("editor").apps[0].frozen == ""


def test_what_is_stopped_under_a_freeze_does_not_come_back_before_it_is_mended(company: Company) -> None:
    release = released(company)
    ran(company, release)
    made = freeze(company)
    with pytest.raises(NotFoundError):
        company.control.freezes.stop_affected(company.people["user"], made.id)
    assert company.control.freezes.stop_affected(company.people["security"], made.id) == ([APP], [])
    assert company.control.freezes.stop_affected(company.people["security"], made.id) == ([APP], [])
    assert company.control.planes.desired_state("production").apps[0].status == "killed"
    assert made.id in company.control.planes.desired_state("production").apps[0].killed_because
    company.control.stops.revive(company.people["admin"], APP, "for its fix")
    state = company.control.planes.desired_state("production").apps[0]
    assert state.status == "running"
    assert made.id in state.frozen


def test_a_freeze_begins_when_nobody_is_on_the_way_to_production_any_more(company: Company) -> None:
    released(company)
    assert company.push("builder").accepted
    asked = company.control.deploys.request(company.people["builder"], APP)
    entered, go_on = threading.Event(), threading.Event()
    pack = company.control.deploys._packer.pack

    def slowly(*arguments: Any) -> str:
        entered.set()
        assert go_on.wait(30)
        return pack(*arguments)

    company.control.deploys._packer.pack = slowly  # type: ignore[method-assign]
    with ThreadPoolExecutor(2) as pool:
        approving = pool.submit(company.control.deploys.approve, company.people["admin"], asked.id, "looked at it")
        assert entered.wait(30)
        freezing = pool.submit(freeze, company)
        with pytest.raises(TimeoutError):
            freezing.result(0.3)
        go_on.set()
        release = approving.result(30).release
        freezing.result(30)
    (view,) = views(company)
    assert release in {item.release for item in view.affected}
    assert held(company)  # it was approved in time, and no plane had begun to run it


def test_what_waits_and_what_one_could_go_back_to_says_that_it_is_frozen(company: Company) -> None:
    first = released(company)
    released(company)
    assert company.push("builder").accepted
    asked = company.control.deploys.request(company.people["builder"], APP)
    made = freeze(company)
    with company.control.store.transaction() as session:
        assert made.id in company.control.deploys.why_frozen(session, asked.id)
        found = company.control.rollbacks.fallbacks(session, company.people["builder"], APP)
    assert [(item.release.id, made.id in item.why_not) for item in found] == [(first, True)]


def test_a_freeze_stands_after_a_restart(company: Company) -> None:
    released(company)
    made = freeze(company)
    control = build_control(company.control.settings, company.control.clock)
    try:
        assert company.push("builder").accepted
        with pytest.raises(FrozenError, match=made.id):
            control.deploys.request(company.people["builder"], APP)
        assert made.id in control.planes.desired_state("production").apps[0].frozen
    finally:
        control.review_pool.close()
        control.store.dispose()


def test_others_see_the_freezes_that_cover_what_they_may_read(company: Company) -> None:
    released(company)
    company.control.catalog.create_folder(company.people["admin"], "people")
    ours, theirs = freeze(company, scope_of(folder="finance")), freeze(company, scope_of(folder="people"))
    assert {item.freeze.id for item in views(company)} == {ours.id, theirs.id}
    assert {item.freeze.id for item in views(company, "builder")} == {ours.id}
    assert views(company, "user") == []
    everything = freeze(company)
    with company.control.store.transaction() as session:
        seen = {
            who: company.control.freezes.seen(session, company.people[who]) for who in ("security", "builder", "user")
        }
    assert {item.id for item in seen["security"]} == {ours.id, theirs.id, everything.id}
    assert {item.id for item in seen["builder"]} == {ours.id, everything.id}
    assert seen["user"] == []
    with company.control.store.transaction() as session, pytest.raises(NotFoundError):
        company.control.freezes.freeze(session, company.people["builder"], theirs.id)


def _predicate(envelope: Envelope) -> dict[str, Any]:
    import base64

    found: dict[str, Any] = json.loads(base64.b64decode(envelope.payload))["predicate"]
    return found
