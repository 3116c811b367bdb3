"""A rollout in the control plane: what planes are told, what moves it, who may, and what a crash leaves."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.freeze import FreezeKind, Scope
from bailiwick.control.release import FrozenError
from bailiwick.control.rollouts import (
    NoRolloutError,
    PlanRefusedError,
    PromotionHeldError,
    Rollout,
    RolloutState,
    Transitions,
)
from bailiwick.control.rollouts.model import staged
from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.events import AuditEvent
from bailiwick.core.messages import AppState, ReportBatch, Sequenced
from bailiwick.core.rollouts import RolloutReport, SideCounts
from tests.fixtures.company import APP, MANIFEST, Company
from tests.fixtures.releasing import deployed, released

pytestmark = pytest.mark.req("DG5")
PLAN = staged(["5%=10", "25%=10"], min_requests=10)
OWN = f"app:{APP}"


class Hands:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Hands()


@pytest.fixture
def staging(company: Company) -> Iterator["Staging"]:
    """A company whose app is rolled out in two steps, with a release in production and the next one beside it."""
    company.control.rollout_plans.set(company.people["admin"], OWN, PLAN, "carefully")
    stable = released(company)
    yield Staging(company, stable, released(company, "builder", "approver"))


class Staging:
    """What a test does to a rollout."""

    def __init__(self, company: Company, stable: str, candidate: str) -> None:
        self.company, self.stable, self.candidate = company, stable, candidate
        self.control = company.control
        self.reported = 0

    def now(self) -> Rollout:
        with self.control.store.transaction() as session:
            return self.control.rollouts.rollouts(session, self.company.people["approver"], APP)[0]

    def told(self) -> tuple[str, AppState | None]:
        """Return what the plane is told to serve, and beside it."""
        desired = self.control.planes.desired_state("production")
        return desired.apps[0].release, desired.candidates[0] if desired.candidates else None

    def report(self, *, ok: int = 20, failed: int = 0, plane: str = "production", **said: Any) -> None:
        self.reported += 1
        running = self.now()
        written = {
            "app": APP, "rollout": running.id, "step": running.step, "condition": "running", "time": utc_now(),
            "stable": SideCounts.of([(200, 20.0)] * 200),
            "candidate": SideCounts.of([(200, 20.0)] * ok + [(500, 20.0)] * failed), **said,
        }  # fmt: skip
        sent = Sequenced(sequence=self.reported, report=RolloutReport.model_validate(written))
        self.control.planes.take_reports(plane, ReportBatch(spool=plane, reports=(sent,)))

    def earlier(self) -> list[str]:
        """Return the releases that a person is offered to go back to."""
        with self.control.store.transaction() as session:
            found = self.control.rollbacks.fallbacks(session, self.company.people["admin"], APP)
        return [item.release.id for item in found]

    def later(self, minutes: float) -> None:
        assert isinstance(self.control.clock, Hands)
        self.control.clock.ahead += timedelta(minutes=minutes)

    def healthy_step(self) -> None:
        self.report()
        self.later(11)
        self.report(ok=0)
        self.control.rollout_keeper.keep()

    def events(self, action: str) -> list[AuditEvent]:
        with self.control.store.transaction() as session:
            return [item.event for item in search(session, AuditQuery(action=action), limit=20).events]


def test_a_candidate_goes_from_step_to_step_and_is_promoted_with_evidence(staging: Staging) -> None:
    served, beside = staging.told()
    assert served == staging.stable
    assert beside is not None
    assert beside.step is not None
    assert (beside.release, beside.step.number, beside.step.share) == (staging.candidate, 0, 0.05)
    staging.control.rollout_keeper.keep()
    assert staging.now().waits_for == "the plane has not told how the candidate is"
    staging.report()
    staging.control.rollout_keeper.keep()
    assert staging.now().waits_for.startswith("this step runs until")
    staging.healthy_step()
    served, beside = staging.told()
    assert beside is not None
    assert beside.step is not None
    assert (served, beside.step.number, beside.step.share) == (staging.stable, 1, 0.25)
    assert staging.earlier() == []
    assert staging.now().counts == (SideCounts(), SideCounts())
    staging.healthy_step()
    assert staging.told() == (staging.candidate, None)
    assert staging.earlier() == [staging.stable]
    assert (staging.now().state, staging.now().ended_by) == (RolloutState.PROMOTED, "service:rollouts")
    (event,) = staging.events("rollout.promoted")
    assert (event.release, event.context["candidate_requests"], event.context["stable_requests"]) == (
        staging.candidate, 20, 400
    )  # fmt: skip
    assert [len(staging.events(f"rollout.{name}")) for name in ("started", "advanced", "planned")] == [1, 1, 1]
    staging.control.rollout_keeper.keep()
    assert len(staging.events("rollout.promoted")) == 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"failed": 12}, "12 of 32 requests failed"),
        ({"condition": "failed", "words": "it ended by itself"}, "it ended by itself"),
        ({"failed_checks": 3}, "health check failed 3 times"),
    ],
)
def test_what_does_worse_is_taken_back_by_itself(staging: Staging, said: dict[str, Any], why: str) -> None:
    staging.report(**said)
    staging.control.rollout_keeper.keep()
    assert staging.told() == (staging.stable, None)
    assert staging.now().state is RolloutState.ROLLED_BACK
    (event,) = staging.events("rollout.rolled-back")
    assert why in event.reason
    assert (event.actor, event.release, event.context["stable"]) == (
        "service:rollouts", staging.candidate, staging.stable
    )  # fmt: skip


def test_a_newer_deploy_a_rollback_and_the_kill_switch_end_it(staging: Staging) -> None:
    newer = released(staging.company, "builder", "approver")
    served, beside = staging.told()
    assert (served, beside and beside.release) == (staging.stable, newer)
    assert staging.events("rollout.superseded")[0].release == staging.candidate
    staging.control.rollbacks.roll_back(staging.company.people["builder"], APP, staging.stable)
    assert staging.told() == (staging.stable, None)
    assert [event.release for event in staging.events("rollout.superseded")] == [newer, staging.candidate]
    third = released(staging.company, "builder", "approver")
    staging.control.stops.kill(staging.company.people["admin"], APP, "it leaks")
    assert staging.told()[1].status == "killed"  # type: ignore[union-attr]
    staging.control.rollout_keeper.keep()
    assert staging.told() == (staging.stable, None)
    (event,) = staging.events("rollout.rolled-back")
    assert (event.release, event.reason) == (third, "the app was stopped: it leaks")


def test_a_frozen_candidate_goes_no_further_and_says_so(staging: Staging) -> None:
    security, approver = staging.company.people["security"], staging.company.people["approver"]
    freeze = staging.control.freezes.start(security, Scope(FreezeKind.EVERYTHING), "CVE-2026-1")
    beside = staging.told()[1]
    assert beside is not None
    assert "CVE-2026-1" in beside.frozen
    staging.healthy_step()
    staging.control.rollout_keeper.keep()
    assert "frozen: user:security@example.com" in staging.now().waits_for
    assert (staging.now().state, staging.now().step) == (RolloutState.RUNNING, 0)
    assert len(staging.events("rollout.held")) == 1
    with pytest.raises(FrozenError, match="CVE-2026-1"):
        staging.control.rollouts.promote(approver, APP, "hurry")
    staging.control.freezes.lift(staging.company.people["admin"], freeze.id, "over")
    staging.control.rollout_keeper.keep()
    assert staging.now().step == 1


def test_promoting_early_is_for_who_may_approve_and_did_not_write_it(staging: Staging) -> None:
    people, rollouts = staging.company.people, staging.control.rollouts
    with pytest.raises(PromotionHeldError, match="the candidate is starting"):
        rollouts.promote(people["approver"], APP, "it is fine")
    staging.report()
    with pytest.raises(InvalidInputError, match="needs a reason"):
        rollouts.promote(people["approver"], APP, " ")
    for name in ("builder", "second"):
        with pytest.raises(ForbiddenError):
            rollouts.promote(people[name], APP, "it is fine")
    with pytest.raises(NotFoundError):
        rollouts.promote(people["user"], APP, "it is fine")
    assert len(staging.events("rollout.promotion-refused")) == 2
    done = rollouts.promote(people["approver"], APP, "we looked at it")
    assert (done.state, done.ended_by, done.reason) == (
        RolloutState.PROMOTED, "user:approver@example.com", "we looked at it"
    )  # fmt: skip
    assert staging.told() == (staging.candidate, None)
    with pytest.raises(NoRolloutError):
        rollouts.promote(people["approver"], APP, "again")


def test_aborting_is_the_safe_side_so_builders_may_too(staging: Staging) -> None:
    people, rollouts = staging.company.people, staging.control.rollouts
    with pytest.raises(NotFoundError):
        rollouts.abort(people["user"], APP, "no")
    done = rollouts.abort(people["builder"], APP, "the colours are wrong")
    assert (done.state, staging.told()) == (RolloutState.ABORTED, (staging.stable, None))
    assert staging.events("rollout.aborted")[0].deciders == ("who-aborts-rollouts",)


def test_a_crash_at_any_move_leaves_it_as_it_was_and_it_is_made_once(
    staging: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crashing(move: Callable[..., None]) -> Callable[..., None]:
        def crash(*given: Any, **named: Any) -> None:
            move(*given, **named)
            raise KeyboardInterrupt

        return crash

    for moves, expected in (("next_step", 1), ("promote", None)):
        staging.report()
        staging.later(11)
        staging.report(ok=0)
        before = staging.told()
        with monkeypatch.context() as patch:
            patch.setattr(Transitions, moves, crashing(getattr(Transitions, moves)))
            with pytest.raises(KeyboardInterrupt):
                staging.control.rollout_keeper.keep()
        assert staging.told() == before
        staging.control.rollout_keeper.keep()
        staging.control.rollout_keeper.keep()
        beside = staging.told()[1]
        assert (beside.step.number if beside and beside.step else None) == expected
    assert staging.told() == (staging.candidate, None)
    assert [len(staging.events(f"rollout.{name}")) for name in ("advanced", "promoted")] == [1, 1]


def test_a_plane_that_does_not_serve_production_is_not_believed(staging: Staging) -> None:
    staging.report(plane="editor", condition="failed")
    staging.control.rollout_keeper.keep()
    assert staging.now().state is RolloutState.RUNNING
    assert staging.now().condition == "starting"


def test_plans_are_inherited_set_by_administrators_and_wishes_are_more_careful(company: Company) -> None:
    people, plans = company.people, company.control.rollout_plans
    with company.control.store.transaction() as session:
        assert plans.shown(session, people["builder"], OWN).plan.words == "at once"
    plans.set(people["security"], "folder:finance", PLAN, "carefully")
    with company.control.store.transaction() as session:
        found = plans.shown(session, people["builder"], OWN)
    assert (found.scope, found.set_by, found.plan.words) == (
        "folder:finance", "user:security@example.com", "5 % for 10 min → 25 % for 10 min → everybody"
    )  # fmt: skip
    with pytest.raises(ForbiddenError):
        plans.set(people["builder"], OWN, {"kind": "at-once"}, "hurry")
    with pytest.raises(NotFoundError):
        plans.set(people["admin"], "folder:nothing", PLAN, "x")
    with pytest.raises(PlanRefusedError, match="cannot be set on"):
        plans.set(people["admin"], "integration:orders-db", PLAN, "x")
    released(company)  # the first has nothing beside it
    assert company.push("builder").accepted
    with pytest.raises(PlanRefusedError, match="less careful than that of folder:finance"):
        company.control.deploys.request(people["builder"], APP, plan={"kind": "at-once"})
    slow = staged(["1%=60", "5%=60"], min_requests=10)
    asked = company.control.deploys.request(people["builder"], APP, plan=slow)
    company.control.deploys.approve(people["approver"], asked.id, "looked at it")
    (beside,) = company.control.planes.desired_state("production").candidates
    assert beside.step is not None
    assert beside.step.share == 0.01


def test_what_cannot_run_beside_the_release_before_goes_out_at_once_and_that_is_said(company: Company) -> None:
    company.control.rollout_plans.set(company.people["admin"], "organization:default", PLAN, "carefully")
    released(company)
    jobs_only = MANIFEST.replace('kind = "web"', 'kind = "job"').replace('entrypoint = "app:app"\n', "")
    assert company.push("builder", {"bailiwick.toml": jobs_only}).accepted
    release = deployed(company, "builder", "approver")
    desired = company.control.planes.desired_state("production")
    assert (desired.apps[0].release, desired.candidates) == (release, ())
    with company.control.store.transaction() as session:
        (found,) = search(session, AuditQuery(action="rollout.skipped"), limit=5).events
    assert (found.event.release, found.event.reason) == (
        release, "it has jobs only: there are no requests to share out"
    )  # fmt: skip
