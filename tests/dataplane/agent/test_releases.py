"""What a plane starts and what it refuses to start; when it stops serving by itself."""

import asyncio
from collections.abc import Callable

import pytest

from bailiwick.core.artifacts import TreeFile, pack
from bailiwick.core.clock import utc_now
from bailiwick.core.masking import MASK
from bailiwick.core.messages import AppState, Heartbeat
from tests.dataplane.agent.test_stops import sandboxes_of
from tests.fixtures.plane import APP, HELLO, MANIFEST, Keys, PlaneHouse

ONLY_HERE = MANIFEST.replace("app:app", "refusable:app")


def good(house: PlaneHouse, **options: object) -> AppState:
    return house.release({"refusable.py": HELLO}, manifest=ONLY_HERE, **options)  # type: ignore[arg-type]


def unsigned(house: PlaneHouse) -> AppState:
    state = good(house)
    return state.model_copy(update={"artifact": state.artifact.model_copy(update={"signatures": ()})})


def of_a_stranger(house: PlaneHouse) -> AppState:
    return good(house, keys=Keys())


def approved_as_another_tree(house: PlaneHouse) -> AppState:
    other = house.release({"refusable.py": HELLO + "# other\n"}, manifest=ONLY_HERE)
    return good(house).model_copy(update={"approvals": other.approvals})


def approved_by_nobody(house: PlaneHouse) -> AppState:
    return good(house).model_copy(update={"approvals": ()})


def a_preview_as_production(house: PlaneHouse) -> AppState:
    changes = {"mode": "production", "host": "desk-production", "approvals": good(house).approvals}
    return good(house, mode="preview").model_copy(update=changes)


def changed_on_disk(house: PlaneHouse) -> AppState:
    state = good(house)
    house.lay_artifact(state.artifact_sha256, pack([TreeFile("refusable.py", b"print('mine')")]))
    return state


def of_another_release(house: PlaneHouse) -> AppState:
    return good(house).model_copy(update={"release": "rel_other"})


@pytest.mark.req("DG7", "RV1")
@pytest.mark.parametrize(
    ("made", "said"),
    [
        (unsigned, "artefact: the envelope carries no signature"),
        (of_a_stranger, "artefact: signed by a key that is not trusted here"),
        (approved_as_another_tree, "the approved tree is not the one expected"),
        (approved_by_nobody, "nobody but its authors approved this release"),
        (a_preview_as_production, "the artefact's purpose is not the one expected"),
        (changed_on_disk, "the artefact's bytes is not the one expected"),
        (of_another_release, "the artefact is of another release: rel_1"),
    ],
)
async def test_a_release_that_is_not_what_was_approved_is_not_started_and_is_reported(
    house: PlaneHouse, made: Callable[[PlaneHouse], AppState], said: str
) -> None:
    state = made(house)
    await house.serve(state)
    report = await house.until_status("refused", "running", "failed", state=state)
    assert report.status == "refused"
    assert said in report.words
    event = await house.until_event("release.refused")
    assert (event.resource, event.release, event.outcome) == (f"app:{APP}", state.release, "refused")
    assert said in event.reason
    assert sandboxes_of(house, "refusable:app") == []
    answer = await house.get("/")
    assert answer.status_code == 503
    assert "not what was approved" in answer.text


@pytest.mark.req("DG7")
async def test_a_refused_release_leaves_the_running_one(house: PlaneHouse) -> None:
    await house.until_running(good(house))
    refused = unsigned(house)
    await house.serve(refused)
    await house.until_status("refused", state=refused)
    assert (await house.get("/")).text == "hello"


@pytest.mark.req("RT5", "DM5")
async def test_a_lease_that_runs_out_stops_serving_and_the_app_comes_back_when_the_control_plane_is_heard(
    house: PlaneHouse,
) -> None:
    state = good(house, lease_seconds=60)
    await house.until_running(state)
    await house.plane._host.expire_leases()
    assert (await house.get("/")).status_code == 200
    house.plane._host._last_heard -= 61
    await house.plane._host.expire_leases()
    assert (await house.get("/")).status_code == 503
    assert sandboxes_of(house, "refusable:app") == []
    assert "longer than the lease" in house.statuses()[-1].words
    await house.plane._take(Heartbeat(time=utc_now()))
    await house.until(lambda: house.statuses()[-1].status == "running")
    assert (await house.get("/")).text == "hello"


@pytest.mark.req("RT5")
@pytest.mark.parametrize("lapsed_first", [True, False])
async def test_what_was_killed_does_not_come_back_with_a_heartbeat(house: PlaneHouse, lapsed_first: bool) -> None:
    await house.until_running(good(house, lease_seconds=60))
    if not lapsed_first:
        await house.kill("production")
    house.plane._host._last_heard -= 61
    await house.plane._host.expire_leases()
    await house.kill("production")
    await house.plane._take(Heartbeat(time=utc_now()))
    work = house.plane._host._served[(APP, "production")].work
    assert work is not None
    assert work.done()
    assert house.plane._host._served[(APP, "production")].site.condition == "killed"
    assert sandboxes_of(house, "refusable:app") == []


@pytest.mark.req("DM5")
async def test_an_artefact_that_could_not_be_fetched_is_fetched_when_the_control_plane_is_heard(
    house: PlaneHouse,
) -> None:
    state = good(house)
    kept = house.state / "artifacts" / state.artifact_sha256
    data = kept.read_bytes()
    kept.unlink()
    await house.serve(state)
    report = await house.until_status("failed", "running", state=state)
    assert report.words.startswith("the control plane has not shown its keys yet")
    house.lay_artifact(state.artifact_sha256, data)
    await house.plane._take(Heartbeat(time=utc_now()))
    await house.until_status("running", state=state)
    assert (await house.get("/")).text == "hello"


@pytest.mark.req("RT5")
async def test_a_plane_whose_link_breaks_does_not_serve_on_deaf(
    new_house: Callable[..., PlaneHouse], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = new_house(ingress_port=0)

    async def broken(take: object) -> None:
        raise RuntimeError("a fault that nobody thought of")

    monkeypatch.setattr(house.plane._link, "run", broken)
    with pytest.raises(RuntimeError, match="nobody thought of"):
        await asyncio.wait_for(house.plane.run(), 20)


@pytest.mark.req("OB4", "SE1")
async def test_an_app_that_fails_at_import_is_reported_with_its_last_lines_and_no_secret(house: PlaneHouse) -> None:
    secret = "hunter2-of-the-orders-database"
    house.tell_secret("orders-db", secret)
    await house.plane._integrations._secrets.get("orders-db")
    code = f"name = 'settings'\nraise RuntimeError('cannot sign in with {secret}')\n"
    state = house.release({"app.py": code})
    await house.serve(state)
    report = await house.until_status("failed", "running", state=state)
    assert report.status == "failed"
    assert report.words.splitlines()[-1] == f"RuntimeError: cannot sign in with {MASK}"
    assert 'File "/app/app.py", line 2' in report.words
    assert all(secret not in item.model_dump_json() for item in house.reports())
    answer = await house.get("/")
    assert answer.status_code == 503
    assert "RuntimeError" not in answer.text
