"""Apps of which nothing runs, and files of web apps, on a whole plane: served, replaced, rolled back, stopped."""

import time

import pytest

from bailiwick.core.messages import AppState
from tests.dataplane.agent.test_attesting import attested
from tests.dataplane.agent.test_rollouts import beside, serve, until_told
from tests.fixtures.plane import APP, HELLO, MANIFEST, PlaneHouse

STATIC = """[app]
name = "desk"
purpose = "The handbook of the team"
kind = "static"

[static]
folder = "dist"
"""
SECOND = {"dist/index.html": "second"}


def first(house: PlaneHouse, mode: str = "production") -> AppState:
    return house.release({"dist/index.html": "first", "notes.md": "not served"}, manifest=STATIC, mode=mode)


@pytest.mark.req("RT7", "DG7")
async def test_a_static_app_is_up_at_once_without_a_process_and_is_attested(house: PlaneHouse) -> None:
    state, preview = first(house), first(house, "preview")
    await house.until_running(state, preview)
    assert (await house.get("/")).text == "first"
    assert (await house.get("/", "preview")).text == "first"
    assert (await house.get("/notes.md")).status_code == 404
    assert (await house.get("/..%2fnotes.md")).status_code == 404
    said = await house.until(lambda: attested(house))
    assert said[0].release in {state.release, preview.release}
    assert (said[0].differs, said[0].runs["runtime"]) == ((), "none")
    assert said[0].runs["sandbox"] == "no process: the router serves its files"
    event = house.events("request.served")[0]
    assert (event.actor, event.release, event.context["path"]) == ("user:user@example.com", state.release, "/")


@pytest.mark.req("RT7")
async def test_it_never_sleeps_and_is_never_shown_as_starting(house: PlaneHouse) -> None:
    await house.until_running(first(house, "preview"))
    house.plane._host.put_to_sleep(time.monotonic() + 24 * 3600)
    assert [item.status for item in house.statuses("preview")][-1] == "running"
    assert (await house.get("/", "preview")).text == "first"


@pytest.mark.req("RT7", "RV11")
async def test_releases_follow_each_other_and_the_way_back_needs_no_start(house: PlaneHouse) -> None:
    old, new = first(house), house.release(SECOND, manifest=STATIC)
    await house.until_running(old)
    await house.until_running(new)
    assert (await house.get("/")).text == "second"
    before = len(house.statuses())
    await house.serve(old)
    await house.until(lambda: len(house.statuses()) > before and house.statuses()[-1].status == "running")
    assert (await house.get("/")).text == "first"
    assert "it was up already" in house.statuses()[-1].words
    code = house.release({"app.py": HELLO})
    await house.until_running(code)
    assert (await house.get("/")).text == "hello", "a web app may take the place of a static one"


@pytest.mark.req("RT5", "RT7")
async def test_a_kill_stops_it_and_it_comes_back(house: PlaneHouse) -> None:
    state = first(house)
    await house.until_running(state)
    await house.kill("production")
    stopped = await house.get("/")
    assert stopped.status_code == 503
    assert "a test" in stopped.text
    await house.serve(state.model_copy(update={"status": "killed", "killed_because": "a test"}))
    assert (await house.get("/")).status_code == 503
    await house.serve(state)
    await house.until(lambda: house.statuses()[-1].status == "running")
    assert (await house.get("/")).text == "first"


@pytest.mark.req("RT7", "DG7")
async def test_files_on_the_plane_s_disk_are_not_what_is_served(house: PlaneHouse) -> None:
    state = first(house)
    await house.until_running(state)
    (house.state / "releases" / state.release / "dist" / "index.html").write_text("changed")
    (house.state / "releases" / state.release / "dist" / "passwd").symlink_to("/etc/passwd")
    assert (await house.get("/")).text == "first"
    assert (await house.get("/passwd")).status_code == 404


@pytest.mark.req("RT7")
async def test_files_of_a_web_app_come_while_it_sleeps_or_was_ended_and_leave_it_so(house: PlaneHouse) -> None:
    manifest = f'{MANIFEST}\n[static]\nfolder = "public"\nprefix = "/static"\n\n[limits]\nidle_minutes = 5\n'
    state = house.release({"app.py": HELLO, "public/a.css": "body{}"}, manifest=manifest)
    await house.until_running(state)
    for minutes in (5.1, 30):
        house.plane._host.put_to_sleep(time.monotonic() + minutes * 60)
        assert (await house.get("/static/a.css")).text == "body{}"
        assert house.statuses()[-1].status == "asleep"
    assert house.plane._host._served[APP, "production"].instance is None
    assert (await house.get("/")).text == "hello"
    assert house.statuses()[-1].status == "running"


@pytest.mark.req("DG5", "RT7")
async def test_some_people_get_a_candidate_of_a_static_app_before_it_takes_over(house: PlaneHouse) -> None:
    old, new = first(house), house.release(SECOND, manifest=STATIC)
    await house.until_running(old)
    await serve(house, old, beside(new, 0.0))
    await until_told(house, "running")
    assert (await house.get("/")).text == "first"
    await serve(house, old, beside(new, 1.0, 1))
    assert (await house.get("/")).text == "second"
    assert (await until_told(house, "running")).candidate.requests == 1
    await serve(house, new)
    assert "it was up already" in (await house.until_status("running", state=new)).words
    assert (await house.get("/")).text == "second"
