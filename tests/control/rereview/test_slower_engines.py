"""Engines that no push waits for: they read what was taken, no deploy goes before, and they may still say no."""

from pathlib import Path

import pytest

from bailiwick.control.release import NotReviewedError
from bailiwick.control.review import ReviewPool, reviewer
from bailiwick.control.wiring import build_control
from tests.control.rereview import second_opinion
from tests.fixtures.company import APP, Company

REPOSITORY = str(Path(__file__).parents[3])


@pytest.fixture
def one_engine_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewer, "ENGINES", second_opinion.ENGINES)


@pytest.fixture
def with_a_second_opinion(one_engine_more: None, company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    company.control.review_pool.close()
    pool = ReviewPool(registry=f"{second_opinion.__name__}:ENGINES", more_paths=(REPOSITORY,))
    monkeypatch.setattr(company.control.source, "_pool", pool)
    monkeypatch.setattr(company.control.review_pool, "close", pool.close)
    return company


@pytest.mark.req("RV1", "RV2")
def test_a_deploy_waits_until_the_slower_engines_have_read_the_tree(with_a_second_opinion: Company) -> None:
    company, control = with_a_second_opinion, with_a_second_opinion.control
    assert company.push("builder").accepted
    with pytest.raises(NotReviewedError, match="slower engines have yet to read it") as refused:
        control.deploys.request(company.people["builder"], APP)
    assert "try again in a minute" in refused.value.hint
    control.rereview_keeper.keep()
    assert control.deploys.request(company.people["builder"], APP).commit
    assert "verdict.withdrawn" not in dict(company.actions())


@pytest.mark.req("RV1", "RV2")
def test_what_they_find_withdraws_the_verdict_and_is_in_the_log(with_a_second_opinion: Company) -> None:
    company, control = with_a_second_opinion, with_a_second_opinion.control
    assert company.push("builder", {"words.txt": "objectionable\n"}).accepted
    control.rereview_keeper.keep()
    with pytest.raises(NotReviewedError, match="the last review of it refuses it"):
        control.deploys.request(company.people["builder"], APP)
    assert "verdict.withdrawn" in dict(company.actions())
    with control.store.transaction() as session:
        review = control.reviews.latest(session, APP)
    assert review is not None
    assert [(item.rule, item.path) for item in review.findings if item.blocking] == [("unsafe-code", "words.txt")]


@pytest.mark.req("RV1")
def test_that_they_must_read_it_outlives_the_process(with_a_second_opinion: Company) -> None:
    company = with_a_second_opinion
    assert company.push("builder").accepted
    other = build_control(company.control.settings)
    try:
        with other.store.transaction() as session:
            assert other.rereviews.progress(session).waiting == 1
        with pytest.raises(NotReviewedError, match="slower engines have yet to read it"):
            other.deploys.request(company.people["builder"], APP)
    finally:
        other.store.dispose()


@pytest.mark.req("RV1")
def test_without_such_engines_nothing_is_waited_for(company: Company) -> None:
    assert company.push("builder").accepted
    assert company.control.deploys.request(company.people["builder"], APP).commit
