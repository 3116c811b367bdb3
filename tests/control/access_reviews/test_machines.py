"""Service identities and agents in access reviews: what is known of them, who decides, and what switching off does."""

import pytest

from bailiwick.control.access_reviews import Flag, Kind, Outcome, Verdict
from bailiwick.control.identity import Claims, ServiceDraft, State
from bailiwick.core.errors import ConflictError, NotFoundError
from bailiwick.core.principals import Identity
from tests.control.access_reviews.test_campaigns import Review, review
from tests.fixtures.company import Company

__all__ = ["review"]

NIGHTLY = ServiceDraft("service:nightly", "user:ada@example.com", "Sends the report", days=30)


@pytest.fixture
def machines(company: Company) -> Company:
    _ada(company)
    company.control.services.create(company.people["admin"], NIGHTLY)
    return company


def _ada(company: Company) -> Identity:
    claims = Claims("https://idp", "ada", "ada@example.com", "Ada", (), {})
    return company.control.identity.remember_person(claims)


@pytest.mark.req("ID5", "IN5")
def test_each_service_identity_is_an_item_with_owner_and_purpose(machines: Company, review: Review) -> None:
    campaign = review.opened(kinds=frozenset({Kind.SERVICE}))
    item = review.item(campaign, "service:nightly", "identity")
    assert item.held.evidence.details[:2] == ("for: Sends the report", "owner: user:ada@example.com")
    assert set(item.held.evidence.flags) == {Flag.PRIVILEGED, Flag.NEVER_USED}
    assert item.held.evidence.given_by == "user:admin@example.com"
    # They belong to the organisation: no folder has any.
    with pytest.raises(ConflictError, match="nothing to review"):
        review.opened(scope="folder:finance", kinds=frozenset({Kind.SERVICE}))


@pytest.mark.req("ID5", "IN5")
def test_what_is_to_go_is_switched_off_when_the_review_is_over(machines: Company, review: Review) -> None:
    campaign = review.opened(kinds=frozenset({Kind.SERVICE}))
    item = review.item(campaign, "service:nightly", "identity")
    with pytest.raises(NotFoundError):
        review.service.decide(machines.people["builder"], campaign.id, [item.number], Verdict.REMOVE, "no")
    review.service.decide(machines.people["security"], campaign.id, [item.number], Verdict.REMOVE, "nobody needs it")
    assert machines.control.services.view(machines.people["admin"], "service:nightly").state is State.ACTIVE
    review.over(campaign)
    assert review.item(campaign, "service:nightly", "identity").outcome is Outcome.REMOVED
    assert machines.control.services.view(machines.people["admin"], "service:nightly").state is State.DISABLED
    [event] = review.events("service.disabled")
    assert (event.resource, "nobody needs it" in event.reason) == ("service:nightly", True)


@pytest.mark.req("ID5", "IN5")
def test_one_that_was_made_anew_or_is_gone_is_left_alone(machines: Company, review: Review) -> None:
    campaign = review.opened(kinds=frozenset({Kind.SERVICE}))
    item = review.item(campaign, "service:nightly", "identity")
    review.service.decide(machines.people["security"], campaign.id, [item.number], Verdict.REMOVE, "unused")
    admin, services = machines.people["admin"], machines.control.services
    services.remove(admin, "service:nightly", "again")
    services.create(admin, NIGHTLY)
    review.over(campaign)
    assert review.item(campaign, "service:nightly", "identity").outcome is Outcome.CHANGED
    assert services.view(admin, "service:nightly").state is State.ACTIVE


@pytest.mark.req("ID5", "IN5")
def test_whoever_answers_for_a_service_sees_and_decides_about_it_and_nothing_else(
    machines: Company, review: Review
) -> None:
    admin = machines.people["admin"]
    machines.control.services.create(admin, ServiceDraft("service:other", "user:admin@example.com", "Other", days=30))
    campaign = review.opened(kinds=frozenset({Kind.SERVICE, Kind.ROLE}))
    ada = _ada(machines)
    with machines.control.store.transaction() as session:
        [waiting] = review.service.waiting(session, ada)
        [seen] = review.service.campaigns(session, ada)
        page = review.service.items(session, ada, campaign.id)
    assert (waiting.items, seen.items, seen.undecided) == (1, 1, 1)
    assert [item.held.holder for item in page.items] == ["service:nightly"]
    assert page.mine == {page.items[0].number}
    other = review.item(campaign, "service:other", "identity")
    with pytest.raises(NotFoundError):
        review.service.decide(ada, campaign.id, [other.number], Verdict.KEEP, "")
    review.service.decide(ada, campaign.id, [page.items[0].number], Verdict.REMOVE, "it sends nothing any more")
    with machines.control.store.transaction() as session:
        assert review.service.waits_for(session, ada) == []
    review.over(campaign)
    assert machines.control.services.view(admin, "service:nightly").state is State.DISABLED
    assert machines.control.services.view(admin, "service:other").state is State.ACTIVE


@pytest.mark.req("ID5", "IN5")
def test_named_reviewers_decide_in_the_place_of_who_answers(machines: Company, review: Review) -> None:
    campaign = review.opened(kinds=frozenset({Kind.SERVICE}), reviewers=("user:builder@example.com",))
    ada = _ada(machines)
    with machines.control.store.transaction() as session:
        assert review.service.campaigns(session, ada) == []
        with pytest.raises(NotFoundError):
            review.service.items(session, ada, campaign.id)
