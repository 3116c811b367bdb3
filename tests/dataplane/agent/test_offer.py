"""What a plane does with a release that asks for something that is not here, and with one that has jobs only."""

import pytest

from bailiwick.core.messages import RunJobOrder
from tests.fixtures.plane import APP, HELLO, MANIFEST, PlaneHouse

JOBS = """[app]
name = "desk"
purpose = "Counts something at night"
kind = "job"

[jobs.nightly]
schedule = "0 2 * * *"
run = "work:nightly"
"""


@pytest.mark.req("RT7")
@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (MANIFEST.replace('"python3"', '"python3.99"'), "the runtime python3.99 is not here; there is: "),
        (MANIFEST + "[database]\n", "no [database] of their own"),
    ],
)
async def test_a_release_that_asks_for_what_is_not_here_is_not_started(
    house: PlaneHouse, manifest: str, said: str
) -> None:
    state = house.release({"app.py": HELLO}, manifest=manifest)
    await house.serve(state)
    report = await house.until_status("failed", "running", state=state)
    assert report.status == "failed"
    assert said in report.words
    assert (await house.get("/")).status_code == 503


@pytest.mark.req("RT7")
async def test_an_app_with_jobs_only_starts_no_server_runs_its_jobs_and_says_so(house: PlaneHouse) -> None:
    state = house.release({"work.py": "def nightly():\n    print('counted')\n"}, manifest=JOBS)
    await house.until_running(state)
    assert house.plane._host._served[(APP, "production")].instance is None
    answer = await house.get("/")
    assert answer.status_code == 404
    assert f"{APP} has jobs only" in answer.text
    assert list(house.plane._host.in_production()) == [APP]
    await house.plane._take(RunJobOrder(app=APP, job="nightly", run="run_1", asked_by="user:b@example.com"))
    report = await house.until_job("run_1")
    assert (report.status, report.log_lines) == ("succeeded", ("counted",))
    await house.kill("production")
    assert (await house.get("/")).status_code == 503
    assert house.plane._host.in_production() == {}


@pytest.mark.req("RT7")
async def test_a_release_with_jobs_only_takes_the_place_of_one_with_a_server(house: PlaneHouse) -> None:
    await house.until_running(house.release({"app.py": HELLO}))
    await house.until_running(house.release({"work.py": "def nightly(): ...\n"}, manifest=JOBS))
    assert (await house.get("/")).status_code == 404


@pytest.mark.req("RT7", "DG7")
async def test_a_new_release_that_does_not_start_leaves_the_old_one_and_its_name_in_the_log(house: PlaneHouse) -> None:
    old, new = house.release({"app.py": HELLO}), house.release({"app.py": "raise SystemExit('no')"})
    await house.until_running(old)
    await house.serve(new)
    await house.until_status("failed", state=new)
    assert (await house.get("/")).text == "hello"
    assert house.events("request.served")[-1].release == old.release
