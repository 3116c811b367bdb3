"""Independent reviewers between a push and production."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bailiwick.control.model_settings import ModelSettings
from bailiwick.control.release import NotReviewedError
from bailiwick.control.review import StoredReview
from bailiwick.control.waivers import WaiverState
from tests.fixtures.company import APP, Company
from tests.fixtures.model_gateway import ModelHouse, model_house
from tests.fixtures.model_provider import Provider, finds, provider

CODE = {"desk/app.py": "NIGHTLY = 'objectionable'\napp = 1\n"}


@pytest.fixture
def model() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[ModelHouse]:
    with model_house(tmp_path / "plane") as made:
        yield made


@pytest.fixture(autouse=True)
def joined(company: Company, gateway: ModelHouse) -> None:
    gateway.join(company.control)


@pytest.fixture
def more_settings(model: Provider, gateway: ModelHouse) -> dict[str, Any]:
    models = [{"name": "reader", "wire": "anthropic", "url": model.url, "model": "nova-large"}]
    chosen = {"mode": "required", "models": [{"model": "reader"}]}
    return {"inference": ModelSettings.model_validate({"gateway": gateway.url, "models": models, "reviewers": chosen})}


def latest(company: Company) -> StoredReview:
    with company.control.store.transaction() as session:
        review = company.control.reviews.latest(session, APP)
    assert review is not None
    return review


@pytest.mark.req("RV7", "RV1")
def test_a_deploy_waits_for_the_reviewers_and_goes_on_when_they_have_read(company: Company, model: Provider) -> None:
    assert company.push("builder", CODE).accepted
    # No push waits for a model.
    assert model.asked == []
    with pytest.raises(NotReviewedError, match="slower engines have yet to read it"):
        company.control.deploys.request(company.people["builder"], APP)
    company.control.rereview_keeper.keep()
    assert company.control.deploys.request(company.people["builder"], APP).id
    with company.control.store.transaction() as session:
        reading = company.control.reviewers.reading(session, APP, latest(company).tree)
    assert reading is not None
    assert {item.inconclusive for item in reading.lenses} == {""}


@pytest.mark.req("RV7", "RV9")
def test_what_reviewers_object_to_withdraws_the_verdict(company: Company, model: Provider) -> None:
    model.thinks = finds("objectionable")
    assert company.push("builder", CODE).accepted
    company.control.rereview_keeper.keep()
    review = latest(company)
    assert not review.passed
    assert {"reviewer-security", "reviewer-policy"} <= {item.rule for item in review.findings}
    assert ("verdict.withdrawn", "service:review") in company.actions()
    with pytest.raises(NotReviewedError):
        company.control.deploys.request(company.people["builder"], APP)
    # The app's history has the last word on what was taken, not the first.
    with company.control.store.transaction() as session:
        page = company.control.history.revisions(session, company.people["builder"], APP)
    (revision,) = page.revisions
    assert revision.push.accepted
    assert revision.review is not None
    assert (revision.review.id, revision.review.passed) == (review.id, False)


@pytest.mark.req("RV7")
def test_the_model_that_a_commit_names_may_not_review_it(company: Company, model: Provider) -> None:
    company.push("builder", CODE, message="change\n\nModel: nova-large-20260901\nPrompt: make it nightly\n")
    company.control.rereview_keeper.keep()
    assert model.asked == []
    review = latest(company)
    assert not review.passed
    assert any("may not review what it wrote itself" in item.message for item in review.findings)


@pytest.mark.req("RV7", "RV9")
def test_where_reviewers_fail_a_person_decides_about_that_tree(company: Company, model: Provider) -> None:
    model.thinks = lambda *_: {"findings": []}
    assert company.push("builder", CODE).accepted
    company.control.rereview_keeper.keep()
    review = latest(company)
    silent = [item for item in review.findings if item.rule == "reviewers-inconclusive"]
    assert not review.passed
    assert len(silent) == 1 == sum(item.blocking for item in review.findings)
    asked = company.control.waivers.request(
        company.people["builder"], review.id, silent[0].fingerprint, reason="the model is down", days=3
    )
    decided = company.control.waivers.approve(company.people["security"], asked.id, "I have read it myself")
    assert decided.state is WaiverState.APPROVED
    company.control.rereview_keeper.keep()
    assert latest(company).passed
    assert company.control.deploys.request(company.people["builder"], APP).id
    # That was about this tree, and about no other.
    company.push("builder", {"desk/app.py": "NIGHTLY = 'another'\napp = 1\n"})
    company.control.rereview_keeper.keep()
    assert not latest(company).passed
