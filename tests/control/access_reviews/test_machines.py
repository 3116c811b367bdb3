"""Service identities and agents in access reviews: what is known of them, who decides, and what switching off does."""

import pytest

from bailiwick.control.access_reviews import Flag, Kind, Outcome, Verdict
from bailiwick.control.identity import Claims, ServiceDraft, State
from bailiwick.core.errors import ConflictError, NotFoundError
from tests.control.access_reviews.test_campaigns import Review, review
from tests.fixtures.company import Company

__all__ = ["review"]

NIGHTLY = ServiceDraft("service:nightly", "user:ada@example.com", "Sends the report", days=30)


@pytest.fixture
def machines(company: Company) -> Company:
    admin, identity = company.people["admin"], company.control.identity
    identity.remember_person(Claims("https://idp", "ada", "ada@example.com", "Ada", (), {}))
    company.control.services.create(admin, NIGHTLY)
    return company


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
