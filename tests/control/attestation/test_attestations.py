"""What planes attest is held against what was signed; what differs, is forged or gets old is said."""

from datetime import timedelta

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.statements import SigningKey
from tests.fixtures.attesting import PLANE_KEY, AttestingPlane
from tests.fixtures.company import Company
from tests.fixtures.releasing import released


@pytest.fixture
def plane(company: Company) -> AttestingPlane:
    return AttestingPlane(company, released(company))


@pytest.mark.req("VA2")
def test_an_instance_that_is_what_was_approved_is_shown_so(plane: AttestingPlane) -> None:
    plane.attest()
    (shown,) = plane.shown()
    assert shown.good
    assert (shown.release, shown.plane, shown.key) == (plane.release, "production", PLANE_KEY.key_id)
    assert shown.runs["sandbox"] == "bubblewrap, cgroup v2"
    assert len(plane.events("instance.attested")) == 1


@pytest.mark.req("VA2")
@pytest.mark.parametrize("name", ["tree", "reach"])
def test_what_differs_is_an_alert_even_when_the_plane_says_that_it_does_not(plane: AttestingPlane, name: str) -> None:
    plane.attest(**{name: "0" * 40})
    (shown,) = plane.shown()
    assert (shown.good, shown.differs) == (False, (name,))
    (event,) = plane.events("instance.drifted")
    assert (event.outcome, event.reason) == ("failed", f"what runs is not what was approved: {name}")
    plane.attest()
    assert plane.shown()[0].good


@pytest.mark.req("VA2")
def test_another_version_of_the_platform_is_said_with_what_was_checked_again(plane: AttestingPlane) -> None:
    plane.attest()
    plane.attest(version="0.2", policies=7)
    (shown,) = plane.shown()
    assert shown.good
    assert shown.changed == {"version": ["0.1", "0.2"], "policies": ["0", "7"]}
    assert "signatures of the chain" in shown.checks
    newest = plane.events("instance.attested")[0]
    assert set(newest.context["changed"]) == {"version: 0.1 to 0.2", "policies: 0 to 7"}


@pytest.mark.req("VA2")
def test_a_key_that_the_plane_did_not_have_before_attests_nothing(plane: AttestingPlane) -> None:
    plane.attest()
    plane.attest(SigningKey.generate(), tree="0" * 40)
    assert plane.shown()[0].good
    (event,) = plane.events("attestation.refused")
    assert "a key that is not trusted here" in event.reason


@pytest.mark.req("VA2", "DM5")
def test_a_plane_attests_only_what_it_serves_and_what_it_says(plane: AttestingPlane) -> None:
    plane.attest(plane="editor")
    assert plane.events("report.refused")
    plane.attest(of="finance/other")
    assert plane.shown() == []


@pytest.mark.req("VA2")
def test_an_attestation_that_is_not_renewed_is_no_good_one(
    plane: AttestingPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane.says("running")
    plane.attest()
    monkeypatch.setattr(plane.company.control.attestations, "_clock", lambda: utc_now() + timedelta(hours=27))
    (shown,) = plane.shown()
    assert (shown.good, shown.stale) == (False, True)
    plane.says("stopped")
    assert plane.shown()[0].good
