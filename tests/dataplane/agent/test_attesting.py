"""A plane attests what runs: at each start, again each day, and it says when files or keys are others."""

import os
import signal
from typing import Any

import pytest

from bailiwick.core.attestation import RUNNING, Running, read_running
from bailiwick.core.clock import utc_now
from bailiwick.core.messages import AttestationReport
from bailiwick.core.statements import Keyring, open_statement
from bailiwick.core.trust import KeyChanges, PublishedKey, endorse
from bailiwick.dataplane.agent.attesting import own_key
from tests.fixtures.plane import APP, HELLO, Keys, PlaneHouse


def attested(house: PlaneHouse) -> list[Running]:
    """Return every attestation so far, each verified with the plane's own key."""
    ring = Keyring.of([own_key(house.state / "attestation.key").public_text])
    return [
        read_running(open_statement(item.envelope, ring, RUNNING))
        for item in house.reports()
        if isinstance(item, AttestationReport)
    ]


async def told(house: PlaneHouse, changes: KeyChanges, *apps: Any) -> None:
    """Tell the plane its desired state with what became of the keys."""
    house.version += 1
    await house.plane._take(house.desired(*apps).model_copy(update={"key_changes": changes}))


def revoked(house: PlaneHouse, *, stops: bool) -> KeyChanges:
    key = house.keys.release
    ended = PublishedKey(
        id=key.key_id, purpose="release", public=key.public_text, since=utc_now(), ends=utc_now(), revoked=True,
        because="the backup was stolen", stops=stops,
    )  # fmt: skip
    return KeyChanges(ending=(ended,))


@pytest.mark.req("VA2")
async def test_each_start_is_attested_and_files_that_are_others_are_noticed(house: PlaneHouse) -> None:
    state = house.release({"app.py": HELLO})
    await house.until_running(state)
    (start,) = await house.until(lambda: attested(house))
    assert (start.app, start.release, start.differs) == (APP, state.release, ())
    assert (start.runs["dependencies"], start.runs["reach"]) == (state.layer, state.reach)
    assert start.runs["sandbox"].startswith("process: bubblewrap, ")
    tree = house.state / "releases" / state.release
    (tree / "app.py").write_text("print('mine')")
    await house.plane._host.attest_again()
    assert len(attested(house)) == 1
    await house.plane._host.attest_again(0)
    assert attested(house)[-1].differs == ("tree",)
    (tree / "bailiwick.toml").unlink()
    (tree / "link").symlink_to("/etc")
    await house.plane._host.attest_again(0)
    assert attested(house)[-1].differs == ("manifest", "tree")


@pytest.mark.req("DG7")
async def test_a_release_of_a_key_that_followed_the_pinned_one_starts(house: PlaneHouse) -> None:
    new = Keys(review=house.keys.review, approval=house.keys.approval)
    state = house.release({"app.py": HELLO}, keys=new)
    named = PublishedKey(id=new.release.key_id, purpose="release", public=new.release.public_text, since=utc_now())
    await told(house, KeyChanges(endorsements=(endorse(named, house.keys.release),)), state)
    assert (await house.until_status("running", "refused", state=state)).status == "running"


@pytest.mark.req("DG7")
async def test_a_release_of_a_revoked_key_is_not_started(house: PlaneHouse) -> None:
    state = house.release({"app.py": HELLO})
    await told(house, revoked(house, stops=False), state)
    report = await house.until_status("running", "refused", state=state)
    assert report.status == "refused"
    assert "was revoked on" in report.words
    assert "the backup was stolen" in report.words


@pytest.mark.req("DG7")
async def test_what_was_signed_again_while_it_ran_starts_again_when_it_ends_by_itself(house: PlaneHouse) -> None:
    state = house.release({"app.py": HELLO})
    await house.until_running(state)
    new = Keys(review=house.keys.review, approval=house.keys.approval)
    house.releases -= 1
    again = house.release({"app.py": HELLO}, keys=new)
    named = PublishedKey(id=new.release.key_id, purpose="release", public=new.release.public_text, since=utc_now())
    followed = {"endorsements": (endorse(named, house.keys.release),)}
    await told(house, revoked(house, stops=True).model_copy(update=followed), again)
    host, before = house.plane._host, house.inner_pid()
    os.kill(before, signal.SIGKILL)
    await house.until(lambda: host._served[(APP, "production")].instance and house.inner_pid() != before)
    assert house.events("release.refused") == []


@pytest.mark.req("DG7")
@pytest.mark.parametrize("stops", [False, True])
async def test_what_runs_with_a_revoked_key_is_told_and_stopped_when_that_was_asked_for(
    house: PlaneHouse, stops: bool
) -> None:
    state = house.release({"app.py": HELLO})
    await house.until_running(state)
    await told(house, revoked(house, stops=stops), state)
    event = await house.until_event("release.refused")
    assert "the backup was stolen" in event.reason
    assert event.context["running"] is not stops
    if stops:
        await house.until_status("refused", state=state)
        await house.until(lambda: house.plane._host._served[(APP, "production")].site.condition == "refused")
    assert (await house.get("/")).status_code == (503 if stops else 200)
