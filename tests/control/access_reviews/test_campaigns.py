"""Access reviews from the plan to what was taken away, on a real database with a real policy."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bailiwick.control.access_reviews import (
    AccessReviewKeeper,
    AccessReviewService,
    Campaign,
    Flag,
    GrantSource,
    Item,
    ItemFilter,
    OnDue,
    Outcome,
    Plan,
    RoleSource,
    ServiceSource,
    State,
    Verdict,
)
from bailiwick.control.access_reviews.closing import reminders
from bailiwick.control.audit import AuditLog, AuditQuery, search
from bailiwick.control.identity import ORGANIZATION, Claims
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.events import AuditEvent
from bailiwick.core.pkce import pkce_challenge
from bailiwick.core.principals import Identity, Principal
from tests.fixtures.company import APP, Company


class Review:
    """The company's access reviews, under a clock that can be moved."""

    def __init__(self, company: Company) -> None:
        self.company, self.ahead, self.told = company, timedelta(), 0
        control = company.control
        self._store = control.store
        audit = AuditLog(self.clock)
        sources = (
            RoleSource(control.identity),
            GrantSource(control.catalog, control.withdrawals),
            ServiceSource(control.services),
        )
        common = {"store": control.store, "authorizer": control.authorizer, "sources": sources, "clock": self.clock}
        self.service = AccessReviewService(audit=audit, **common)  # type: ignore[arg-type]
        self.keeper = AccessReviewKeeper(audit=audit, on_change=self._tell, **common)  # type: ignore[arg-type]

    def clock(self) -> datetime:
        return utc_now() + self.ahead

    def _tell(self) -> None:
        self.told += 1

    def plan(self, **wanted: object) -> Plan:
        given = {"name": "Quarter", "scope": ORGANIZATION, "due": self.clock() + timedelta(days=14), **wanted}
        return Plan(**given)  # type: ignore[arg-type]

    def opened(self, who: str = "admin", **wanted: object) -> Campaign:
        by = self.company.people[who]
        return self.service.open(by, self.service.draft(by, self.plan(**wanted)).id)

    def items(self, campaign: Campaign, who: str = "admin", wanted: ItemFilter | None = None) -> list[Item]:
        with self._store.transaction() as session:
            return list(self.service.items(session, self.company.people[who], campaign.id, wanted).items)

    def item(self, campaign: Campaign, holder: str, access: str) -> Item:
        return next(i for i in self.items(campaign) if (i.held.holder, i.held.access) == (holder, access))

    def waiting(self, who: str) -> list[int]:
        with self._store.transaction() as session:
            return [item.items for item in self.service.waiting(session, self.company.people[who])]

    def state(self, campaign: Campaign) -> Campaign:
        with self._store.transaction() as session:
            return self.service.campaign(session, self.company.people["admin"], campaign.id)

    def over(self, campaign: Campaign) -> None:
        self.ahead += timedelta(days=15)
        self.keeper.keep_going()

    def held(self) -> set[tuple[str, str, str]]:
        with self._store.transaction() as session:
            return {(item.role, item.holder, item.scope) for item in self.company.control.identity.roles.held(session)}

    def events(self, action: str) -> list[AuditEvent]:
        with self._store.transaction() as session:
            return [item.event for item in search(session, AuditQuery(action=action), limit=200).events]


@pytest.fixture
def review(company: Company) -> Review:
    return Review(company)


def somebody(company: Company, email: str, *groups: str) -> Identity:
    return company.control.identity.remember_person(Claims("https://idp", email, email, email, groups, {}))


@pytest.mark.req("ID5")
def test_a_campaign_freezes_who_holds_what_with_evidence_of_use(company: Company, review: Review) -> None:
    control, admin = company.control, company.people["admin"]
    ada = somebody(company, "ada@example.com", "builder")
    control.identity.roles.assign(admin, "builder", "user:ada@example.com", f"app:{APP}")
    control.identity.roles.assign(admin, "builder", "user:gone@example.com", "folder:finance")
    control.identity.roles.assign(admin, "auditor", "group:nobody", ORGANIZATION)
    campaign = review.opened()
    used = review.item(campaign, "group:builder", "builder").held.evidence
    assert (used.uses, used.members, used.given_by) == (1, 2, "service:configuration")  # builder made the app
    assert used.last_used is not None
    assert used.last_sign_in is not None  # ada's: the others never came
    hers = review.item(campaign, "user:ada@example.com", "builder").held.evidence
    assert hers.also == ("group:builder on folder:finance",)
    assert set(hers.flags) == {Flag.NEVER_USED, Flag.ALSO_OTHERWISE}
    assert hers.given_by == "user:admin@example.com"
    assert Flag.UNKNOWN_HOLDER in review.item(campaign, "user:gone@example.com", "builder").held.evidence.flags
    empty = review.item(campaign, "group:nobody", "auditor").held
    assert empty.privileged
    assert {Flag.EMPTY_GROUP, Flag.PRIVILEGED} <= set(empty.evidence.flags)
    # What happens later is no evidence of this campaign.
    control.catalog.create_app(ada, "finance/later")
    assert review.item(campaign, "user:ada@example.com", "builder").held.evidence == hers
    assert [item.held.privileged for item in review.items(campaign)] == sorted(
        (item.held.privileged for item in review.items(campaign)), reverse=True
    )


@pytest.mark.req("ID5")
def test_opening_an_app_is_use_of_the_role_that_lets_one_in(company: Company, review: Review) -> None:
    identity, verifier, door = company.control.identity, "v" * 43, f"app:production/{APP}"
    new = identity.sign_in(Claims("https://idp", "user", "user@example.com", "User", ("user",), {}))
    owner = identity.authenticate_session(new.secret)
    code = identity.issue_code(owner, audience=door, challenge=pkce_challenge(verifier))
    identity.redeem_code(code, audience=door, verifier=verifier)
    campaign = review.opened()
    used = review.item(campaign, "group:user", "app-user").held.evidence
    assert (used.uses, used.flags) == (1, ())
    assert review.item(campaign, "group:second", "builder").held.evidence.uses == 0


@pytest.mark.req("ID5")
def test_whoever_is_switched_off_is_flagged(company: Company, review: Review) -> None:
    company.control.identity.roles.assign(
        company.people["admin"], "builder", "user:second@example.com", "folder:finance"
    )
    with company.control.store.transaction() as session:
        session.execute(text("UPDATE people SET active = false WHERE email = 'second@example.com'"))
    campaign = review.opened()
    assert [i.held.holder for i in review.items(campaign, wanted=ItemFilter(flag="switched-off"))] == [
        "user:second@example.com"
    ]


@pytest.mark.req("ID5")
def test_what_is_decided_happens_when_the_review_is_due_and_can_be_changed_until_then(
    company: Company, review: Review
) -> None:
    admin, security = company.people["admin"], company.people["security"]
    campaign = review.opened()
    builder, user = (
        review.item(campaign, f"group:{name}", role) for name, role in (("builder", "builder"), ("user", "app-user"))
    )
    review.service.decide(security, campaign.id, [builder.number, user.number], Verdict.REMOVE, "nobody knows why")
    review.service.decide(admin, campaign.id, [user.number], Verdict.KEEP, "support needs it")
    assert ("builder", "group:builder", "folder:finance") in review.held()
    review.over(campaign)
    assert ("builder", "group:builder", "folder:finance") not in review.held()
    assert ("app-user", "group:user", "folder:finance") in review.held()
    assert review.told == 1
    done = review.item(campaign, "group:builder", "builder")
    assert done.outcome is Outcome.REMOVED
    assert "comes back at the next start" in done.outcome_words  # the configuration names it
    assert review.item(campaign, "group:user", "app-user").outcome is Outcome.KEPT
    assert review.item(campaign, "group:second", "builder").outcome is Outcome.UNDECIDED
    assert review.state(campaign).state is State.CLOSED
    (removed,) = review.events("role.removed")
    assert removed.actor == "service:access-reviews"
    assert "nobody knows why (user:security@example.com)" in removed.reason
    with pytest.raises(ConflictError, match="is over"):
        review.service.decide(admin, campaign.id, [user.number], Verdict.REMOVE, "too late")


@pytest.mark.req("ID5")
def test_each_decision_is_audited_at_the_place_that_the_item_names(company: Company, review: Review) -> None:
    campaign = review.opened()
    numbers = [i.number for i in review.items(campaign) if i.held.scope == "folder:finance"]
    review.service.decide(company.people["admin"], campaign.id, numbers, Verdict.KEEP, "")
    with company.control.store.transaction() as session:
        logged = {i.sequence: i.event for i in search(session, AuditQuery(action="access-review.decided")).events}
    decided = [i for i in review.items(campaign) if i.number in numbers]
    assert len(decided) == len(logged) == len(numbers) > 2
    assert all(logged[i.sequence].context["holder"] == i.held.holder for i in decided)


@pytest.mark.req("ID5")
def test_nobody_decides_about_themselves_or_a_group_of_theirs(company: Company, review: Review) -> None:
    admin = company.people["admin"]
    campaign = review.opened()
    own = review.item(campaign, "group:admin", "org-admin")
    other = review.item(campaign, "group:user", "app-user")
    with pytest.raises(ForbiddenError) as refused:
        review.service.decide(admin, campaign.id, [other.number, own.number], Verdict.KEEP, "")
    assert refused.value.deciders == ("nobody-decides-about-their-own-access",)
    assert "nothing was decided" in refused.value.hint
    assert review.state(campaign).decided == 0
    review.service.decide(company.people["security"], campaign.id, [own.number], Verdict.KEEP, "")
    assert review.state(campaign).decided == 1


@pytest.mark.req("ID5")
def test_the_last_administrator_stays_and_the_item_says_so(company: Company, review: Review) -> None:
    campaign = review.opened()
    number = review.item(campaign, "group:admin", "org-admin").number
    review.service.decide(company.people["security"], campaign.id, [number], Verdict.REMOVE, "a coup")
    review.over(campaign)
    item = review.item(campaign, "group:admin", "org-admin")
    assert item.outcome is Outcome.PROBLEM
    assert "last organisation administrator" in item.outcome_words
    assert ("org-admin", "group:admin", ORGANIZATION) in review.held()
    (event,) = review.events("access-review.not-applied")
    assert event.outcome == "failed"
    assert review.state(campaign).state is State.CLOSED


@pytest.mark.req("ID5")
def test_what_changed_since_is_left_alone_and_said(company: Company, review: Review) -> None:
    identity, admin = company.control.identity, company.people["admin"]
    for name in ("a", "b"):
        identity.roles.assign(admin, "builder", f"user:{name}@example.com", "folder:finance")
    campaign = review.opened()
    numbers = [review.item(campaign, f"user:{name}@example.com", "builder").number for name in ("a", "b")]
    review.service.decide(admin, campaign.id, numbers, Verdict.REMOVE, "left the team")
    for name in ("a", "b"):
        identity.roles.remove(admin, "builder", f"user:{name}@example.com", "folder:finance", "meanwhile")
    identity.roles.assign(admin, "builder", "user:b@example.com", "folder:finance")
    review.over(campaign)
    assert review.item(campaign, "user:a@example.com", "builder").outcome is Outcome.GONE
    again = review.item(campaign, "user:b@example.com", "builder")
    assert (again.outcome, "left alone" in again.outcome_words) == (Outcome.CHANGED, True)
    assert ("builder", "user:b@example.com", "folder:finance") in review.held()


@pytest.mark.req("ID5")
@pytest.mark.parametrize(
    ("on_due", "left"),
    [
        (OnDue.KEEP, {"org-admin", "security-admin", "auditor", "builder", "approver", "app-user"}),
        (OnDue.REMOVE_PRIVILEGED, {"org-admin", "builder", "approver", "app-user"}),
        (OnDue.REMOVE, {"org-admin"}),
    ],
)
def test_what_nobody_decided_stays_or_goes_as_was_planned(
    company: Company, review: Review, on_due: OnDue, left: set[str]
) -> None:
    company.control.identity.roles.assign(company.people["admin"], "auditor", "user:aud@example.com", ORGANIZATION)
    campaign = review.opened(on_due=on_due)
    review.over(campaign)
    assert {role for role, _, _ in review.held()} == left  # the last administrator stays whatever was planned


@pytest.mark.req("ID5")
def test_a_stop_in_the_middle_goes_on_where_it_stopped(company: Company, review: Review) -> None:
    campaign = review.opened(on_due=OnDue.REMOVE)
    review.ahead += timedelta(days=15)
    role_source = review.keeper._sources["role"]  # type: ignore[index]
    taken: list[str] = []

    class Dying:
        def remove(self, session, held, *, by, reason):  # type: ignore[no-untyped-def]
            if len(taken) == 3:
                raise SystemError("the power went out")
            taken.append(held.holder)
            return role_source.remove(session, held, by=by, reason=reason)

    review.keeper._sources["role"] = Dying()  # type: ignore[index]
    with pytest.raises(SystemError):
        review.keeper.keep_going()
    half = review.state(campaign)
    assert half.state is State.CLOSING
    assert len([i for i in review.items(campaign) if i.outcome]) == 3
    assert review.told == 1  # planes hear of what was done, also when the rest was not
    review.keeper._sources["role"] = role_source  # type: ignore[index]
    review.keeper.keep_going()
    review.keeper.keep_going()
    assert review.state(campaign).state is State.CLOSED
    assert len(review.events("role.removed")) == len(
        [i for i in review.items(campaign) if i.outcome is Outcome.REMOVED]
    )
    assert len(review.events("access-review.closed")) == 1


@pytest.mark.req("ID5")
def test_folder_administrators_see_and_decide_what_is_in_their_folder(company: Company, review: Review) -> None:
    control, admin = company.control, company.people["admin"]
    control.catalog.create_folder(admin, "sales")
    control.identity.roles.assign(admin, "folder-admin", "user:owner@example.com", "folder:finance")
    control.identity.roles.assign(admin, "builder", "user:x@example.com", "folder:sales")
    company.people["owner"] = somebody(company, "owner@example.com")
    campaign = review.opened()
    seen = review.items(campaign, "owner")
    assert seen
    assert {item.held.scope for item in seen} == {"folder:finance"}
    with control.store.transaction() as session:
        assert review.service.campaign(session, company.people["owner"], campaign.id).items == len(seen)
        mine = review.service.items(session, company.people["owner"], campaign.id).mine
    own = review.item(campaign, "user:owner@example.com", "folder-admin").number
    assert mine == {item.number for item in seen} - {own}
    assert review.waiting("owner") == [len(seen) - 1]
    review.service.decide(company.people["owner"], campaign.id, mine, Verdict.KEEP, "")
    assert review.waiting("owner") == []
    elsewhere = review.item(campaign, "user:x@example.com", "builder").number
    with pytest.raises(NotFoundError):
        review.service.decide(company.people["owner"], campaign.id, [elsewhere], Verdict.REMOVE, "mine now")
    for who in ("builder", "user"):
        with control.store.transaction() as session, pytest.raises(NotFoundError):
            review.service.campaign(session, company.people[who], campaign.id)
        assert review.waiting(who) == []


@pytest.mark.req("ID5")
def test_named_reviewers_decide_in_the_owners_place_but_not_about_privileged_roles(
    company: Company, review: Review
) -> None:
    control, admin = company.control, company.people["admin"]
    company.people["owner"] = somebody(company, "owner@example.com")
    control.identity.roles.assign(admin, "folder-admin", "user:owner@example.com", "folder:finance")
    campaign = review.opened(reviewers=("group:second",))
    plain = review.item(campaign, "group:user", "app-user").number
    review.service.decide(company.people["second"], campaign.id, [plain], Verdict.REMOVE, "unused")
    with pytest.raises(ForbiddenError) as refused:
        review.service.decide(company.people["owner"], campaign.id, [plain], Verdict.KEEP, "")
    assert refused.value.deciders == ("default-deny",)
    privileged = review.item(campaign, "group:security", "security-admin").number
    with pytest.raises(ForbiddenError) as refused:
        review.service.decide(company.people["second"], campaign.id, [privileged], Verdict.REMOVE, "a try")
    assert refused.value.deciders == ("privileged-access-is-decided-by-administrators",)


@pytest.mark.req("ID5")
def test_who_may_not_give_roles_holds_no_review_that_takes_them_by_itself(company: Company, review: Review) -> None:
    assert review.opened("security").state is State.OPEN
    for who, wanted in (("security", {"on_due": OnDue.REMOVE}), ("builder", {}), ("user", {})):
        with pytest.raises(ForbiddenError):
            review.opened(who, **wanted)
    service = Identity(Principal("service", "nightly"), frozenset({"service:nightly", "group:admin"}))
    with pytest.raises(ForbiddenError) as refused:
        review.service.draft(service, review.plan())
    assert refused.value.deciders == ("access-reviews-are-held-by-people",)


@pytest.mark.req("ID5")
def test_an_apps_grant_is_reviewed_with_its_use_and_taken_back(company: Company, review: Review) -> None:
    control, people = company.control, company.people
    assert company.push("builder").accepted
    asked = control.deploys.request(people["builder"], APP)
    control.deploys.approve(people["admin"], asked.id, "looked at it")
    event = AuditEvent(
        time=utc_now(),
        actor="user:user@example.com",
        action="query.executed",
        resource="integration:orders-db",
        app=APP,
    )
    with control.store.transaction() as session:
        control.audit.append_all(session, [event, event])
    campaign = review.opened(scope="folder:finance")
    item = review.item(campaign, f"app:{APP}", "orders-db")
    assert (item.held.evidence.uses, item.held.evidence.given_by) == (2, "user:admin@example.com")
    assert item.held.evidence.details == ("orders: select",)
    assert review.item(campaign, "group:user", "app-user").held.evidence.uses == 2
    review.service.decide(people["security"], campaign.id, [item.number], Verdict.REMOVE, "no longer needed")
    (before,) = control.planes.desired_state("production").apps
    assert before.integrations[0].enabled
    review.over(campaign)
    (after,) = control.planes.desired_state("production").apps
    assert not after.integrations[0].enabled
    # Another deploy does not give it back; somebody does.
    assert company.push("builder").accepted
    asked = control.deploys.request(people["builder"], APP)
    control.deploys.approve(people["admin"], asked.id, "fine")
    assert not control.planes.desired_state("production").apps[0].integrations[0].enabled
    with pytest.raises(ForbiddenError):
        control.withdrawals.restore(people["builder"], APP, "orders-db", "please")
    control.withdrawals.restore(people["admin"], APP, "orders-db", "it is needed")
    assert control.planes.desired_state("production").apps[0].integrations[0].enabled


@pytest.mark.req("ID5")
def test_reminders_come_at_their_time_once_each(company: Company, review: Review) -> None:
    campaign = review.opened()
    # The last day begins at midnight, which is nearer or further from the end with the hour of the opening.
    last_day = campaign.plan.due.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    half_time, two_days = campaign.plan.due - timedelta(days=6), campaign.plan.due - timedelta(days=2)
    for moment in (review.clock(), half_time, two_days, last_day):
        review.ahead += max(moment - review.clock(), timedelta())
        review.keeper.keep_going()
        review.keeper.keep_going()
    sent = [event.context["which"] for event in reversed(review.events("access-review.reminded"))]
    assert sent == ["start", "half-time", "two-days", "due-day"]
    assert review.state(campaign).state is State.OPEN
    assert review.waiting("admin") == [campaign.items - 1]


@pytest.mark.req("ID5")
def test_a_long_list_of_removals_goes_on_without_whoever_ended_the_review(company: Company, review: Review) -> None:
    campaign = review.opened(on_due=OnDue.REMOVE)
    review.service.close(company.people["admin"], campaign.id, "enough")
    review.keeper.move(campaign.id, most=2)
    assert review.state(campaign).state is State.CLOSING
    with pytest.raises(ConflictError, match="is over"):
        review.service.decide(company.people["admin"], campaign.id, [campaign.items], Verdict.KEEP, "")
    review.keeper.keep_going()
    assert review.state(campaign).state is State.CLOSED


def test_a_short_review_reminds_only_of_what_lies_in_it() -> None:
    now = utc_now()
    names = [name for name, _ in reminders(now, now + timedelta(days=1.5))]
    assert "two-days" not in names
    assert names[0] == "start"


@pytest.mark.req("ID5")
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "  "}, "needs a name"),
        ({"scope": "app:finance/desk"}, "cannot be reviewed"),
        ({"kinds": frozenset()}, "say what to review"),
        ({"due": utc_now()}, "between one day and one year"),
        ({"reviewers": ("everybody",)}, "cannot review"),
        ({"reviewers": ("user:who@example.com",)}, "nobody here is called"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_in_words(review: Review, wrong: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        review.opened(**wrong)


@pytest.mark.req("ID5")
def test_decisions_need_an_open_review_items_that_are_there_and_a_reason_to_remove(
    company: Company, review: Review
) -> None:
    admin = company.people["admin"]
    draft = review.service.draft(admin, review.plan())
    with pytest.raises(ConflictError, match="not opened yet"):
        review.service.decide(admin, draft.id, [1], Verdict.KEEP, "")
    campaign = review.opened()
    attempts: list[tuple[Callable[[], object], type[Exception]]] = [
        (lambda: review.service.decide(admin, campaign.id, [], Verdict.KEEP, ""), InvalidInputError),
        (lambda: review.service.decide(admin, campaign.id, [9999], Verdict.KEEP, ""), NotFoundError),
        (lambda: review.service.decide(admin, campaign.id, [2], Verdict.REMOVE, "  "), InvalidInputError),
        (lambda: review.service.open(admin, campaign.id), ConflictError),
        (lambda: review.service.close(admin, campaign.id, ""), InvalidInputError),
        (lambda: review.service.close(company.people["builder"], campaign.id, "x"), NotFoundError),
        (lambda: review.opened(scope="folder:nothing"), ConflictError),
    ]
    for attempt, fault in attempts:
        with pytest.raises(fault):
            attempt()
    review.service.close(admin, campaign.id, "enough")
    review.keeper.keep_going()
    assert review.state(campaign).state is State.CLOSED
    assert review.service.close(admin, draft.id, "not needed").state is State.CLOSED
