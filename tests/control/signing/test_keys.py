"""Keys that sign: another follows, one is revoked, and what was signed before stays good or does not."""

from datetime import datetime, timedelta

import pytest

from bailiwick.control.release import NotReviewedError, NotStartableError
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.messages import AppState
from bailiwick.core.statements import SignatureError
from bailiwick.core.trust import PublishedKey
from bailiwick.dataplane.agent.releases import Fetched, trusted_keys, verify
from tests.fixtures.company import APP, Company
from tests.fixtures.releasing import deployed, released


def newest(company: Company, purpose: str) -> PublishedKey:
    return [key for key in company.control.signing.keys(company.people["user"]) if key.purpose == purpose][-1]


def state_at_plane(company: Company) -> AppState:
    (state,) = company.control.planes.desired_state("production").apps
    return state


def start_at_plane(company: Company, now: datetime | None = None) -> str:
    """Verify what production should run as its plane would at a time; return the release."""
    state = state_at_plane(company)
    welcome = company.control.planes.welcome("production")
    changes = company.control.planes.desired_state("production").key_changes
    names = (state.artifact_sha256, *state.attachments)
    data, *attached = (company.control.planes.artifact("production", name) for name in names)
    return verify(state, Fetched(data, tuple(attached)), trusted_keys(welcome, changes, now or utc_now()))[0].release


@pytest.mark.req("DG7")
@pytest.mark.parametrize("purpose", ["review", "approval", "release"])
def test_what_the_old_key_signed_starts_after_another_took_its_place(company: Company, purpose: str) -> None:
    before, welcome = released(company), company.control.planes.welcome("production")
    old = newest(company, purpose)
    key = company.control.signing.rotate(company.people["security"], purpose, "once a year")
    assert key.id != old.id
    assert start_at_plane(company) == before
    after = released(company)
    assert start_at_plane(company) == after
    assert company.control.planes.welcome("production") == welcome
    assert ("key.rotated", "user:security@example.com") in company.actions()


@pytest.mark.req("DG7")
def test_an_old_key_ends_on_its_day(company: Company) -> None:
    released(company)
    until = utc_now() + timedelta(days=90)
    company.control.signing.rotate(company.people["admin"], "release", "once a year", until)
    assert start_at_plane(company)
    with pytest.raises(SignatureError, match="another key took its place"):
        start_at_plane(company, until)
    assert deployed(company) == start_at_plane(company, until)


@pytest.mark.req("DG7")
@pytest.mark.parametrize("purpose", ["approval", "release"])
def test_a_release_signed_by_a_revoked_key_is_not_startable_and_deploying_again_heals_it(
    company: Company, purpose: str
) -> None:
    released(company)
    key, running = company.control.signing.revoke(
        company.people["admin"], newest(company, purpose).id, "the backup was stolen"
    )
    assert f"{APP} (production)" in running
    with pytest.raises(SignatureError, match=f"{key.id}, which was revoked on .*: the backup was stolen"):
        start_at_plane(company)
    assert deployed(company) == start_at_plane(company)
    assert ("key.revoked", "user:admin@example.com") in company.actions()


@pytest.mark.req("DG7", "RV11")
def test_nobody_goes_back_to_a_release_of_a_revoked_key(company: Company) -> None:
    first = released(company)
    company.control.signing.revoke(company.people["admin"], newest(company, "release").id, "stolen")
    second = released(company)
    for attempt in (
        lambda: company.control.rollbacks.roll_back(company.people["builder"], APP, first),
        lambda: company.control.rollbacks.force(company.people["approver"], APP, first, "it burns"),
    ):
        with pytest.raises(NotStartableError, match=r"was revoked on .*: stolen"):
            attempt()
    with company.control.store.transaction() as session:
        (fallback,) = company.control.rollbacks.fallbacks(session, company.people["builder"], APP)
    assert "was revoked on" in fallback.why_not
    assert start_at_plane(company) == second


@pytest.mark.req("DG7", "RV1")
def test_a_verdict_of_a_revoked_key_is_no_ground_for_a_deploy(company: Company) -> None:
    assert company.push("builder").accepted
    company.control.signing.revoke(company.people["admin"], newest(company, "review").id, "stolen")
    with pytest.raises(NotReviewedError, match="the key that signed its verdict counts no more"):
        company.control.deploys.request(company.people["builder"], APP)
    assert released(company) == start_at_plane(company)


@pytest.mark.req("DG7")
def test_only_administrators_change_keys_and_say_why(company: Company) -> None:
    keys, people = company.control.signing, company.people
    first = newest(company, "release")
    for name in ("builder", "approver", "user"):
        with pytest.raises(ForbiddenError):
            keys.rotate(people[name], "release", "mine")
        with pytest.raises(ForbiddenError):
            keys.revoke(people[name], first.id, "mine")
    with pytest.raises(InvalidInputError, match="needs a reason"):
        keys.rotate(people["admin"], "release", " ")
    with pytest.raises(InvalidInputError, match="no keys sign for"):
        keys.rotate(people["admin"], "audit", "why not")
    with pytest.raises(InvalidInputError, match="a time to come"):
        keys.rotate(people["admin"], "release", "late", utc_now() - timedelta(days=1))
    with pytest.raises(NotFoundError, match="no signing key"):
        keys.revoke(people["admin"], "ed25519:0000", "lost")
    keys.revoke(people["admin"], first.id, "stolen")
    with pytest.raises(ConflictError, match="revoked already"):
        keys.revoke(people["admin"], first.id, "again")
    assert newest(company, "release").id != first.id
