"""Jobs on the app's page and the command line: when each is next in its zone, how its runs went, and a run by hand."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bailiwick.core.messages import JobReport, ReportBatch, Sequenced, WorkerReport
from tests.faces.console.conftest import Console, csrf_token
from tests.faces.console.test_command_line import CommandLine
from tests.fixtures.company import APP, MANIFEST
from tests.fixtures.releasing import deployed

DUE = datetime(2026, 11, 29, 1, 0, tzinfo=UTC)
IN_BERLIN = MANIFEST.replace('schedule = "0 2 * * *"', 'schedule = "0 2 * * *"\ntimezone = "Europe/Berlin"')


def report(console: Console, number: int, run: str, status: str, **said: object) -> None:
    written = {"app": APP, "job": "nightly", "run": run, "release": "rel_1", "status": status, "time": DUE, "due": DUE}
    take(console, number, JobReport.model_validate({**written, **said}))


def take(console: Console, number: int, told: JobReport | WorkerReport) -> None:
    batch = ReportBatch(spool="s", reports=(Sequenced(sequence=number, report=told),))
    console.company.control.planes.take_reports("production", batch)


@pytest.mark.req("RT7", "OB1")
def test_jobs_are_shown_with_their_next_run_and_each_run_with_its_log(console: Console, tmp_path: Path) -> None:
    assert console.company.push("builder", {"bailiwick.toml": IN_BERLIN}).accepted
    deployed(console.company)
    report(console, 1, "run_old", "succeeded", time=DUE - timedelta(days=91))
    report(console, 2, "run_a", "running")
    report(console, 3, "run_a", "waiting", log_lines=("first try",), words="attempt 1 of 2 failed")
    report(console, 4, "run_a", "succeeded", log_lines=("counted 7",), attempt=2)
    report(console, 5, "run_a", "running")  # of no use any more: it is over
    report(console, 6, "run_b", "skipped", words="run run_a of it still goes on", time=DUE.replace(hour=2))
    client, _ = console.signed_in("builder")
    with client:
        page = client.get(f"/apps/{APP}").text
        jobs = page.partition('id="jobs"')[2].partition("<h2>")[0]
        assert "02:00</time> Europe/Berlin" in jobs
        assert "succeeded, attempt 2" in jobs and "counted 7" in jobs
        assert "skipped" in jobs and "run run_a of it still goes on" in jobs
        token = csrf_token(jobs)
        asked = client.post(f"/apps/{APP}/run-job", data={"csrf_token": token, "job": "nightly"})
        assert asked.status_code == 303, asked.text
        assert client.post(f"/apps/{APP}/run-job", data={"csrf_token": token, "job": "x"}).status_code == 404
    reader, _ = console.signed_in("approver")
    with reader:
        assert "Run nightly now" not in reader.get(f"/apps/{APP}").text
    line = CommandLine(console, tmp_path / "config" / "credentials.json")
    line.login("builder")
    assert "02:00 Europe/Berlin  (0 2 * * *)  last skipped" in line.run("job", "list", APP).stdout
    first, words, second = line.run("job", "runs", APP, "nightly").stdout.splitlines()
    assert "run_b" in first and "skipped" in first and "still goes on" in words
    assert "run_a" in second and "attempt 2" in second
    assert line.run("job", "log", APP, "run_a").stdout.endswith("counted 7\n")
    assert line.run("job", "log", APP, "run_c").returncode == 1
    assert "asked for run run_" in line.run("job", "run", APP, "nightly").stdout


@pytest.mark.req("RT7", "OB1")
def test_workers_are_shown_with_their_queues_and_given_messages_by_who_may(console: Console, tmp_path: Path) -> None:
    with_worker = f'{MANIFEST}\n[workers.mail]\nrun = "app:app"\n[workers.loop]\nrun = "app:app"\nqueue = false\n'
    assert console.company.push("builder", {"bailiwick.toml": with_worker}).accepted
    deployed(console.company)
    letter = {"id": "msg_1", "queued_by": "user:u@e.c", "queued_at": DUE, "attempts": 5, "words": "ValueError: no"}
    told = WorkerReport.model_validate(
        {
            "app": APP, "mode": "production", "release": "rel_1", "worker": "mail", "status": "running", "words": "",
            "waiting": 3, "taken": 1, "dead": 1, "letters": [letter], "log_lines": ["sent 1"], "time": DUE,
        }
    )  # fmt: skip
    take(console, 1, told)
    client, _ = console.signed_in("builder")
    with client:
        page = client.get(f"/apps/{APP}").text
        assert "loop: app:app, all the time" in page
        workers = page.partition('id="workers"')[2].partition("<h2>")[0]
        assert '<td class="number">3</td>' in workers and "ValueError: no" in workers and "sent 1" in workers
        data = {"csrf_token": csrf_token(workers), "worker": "mail", "mode": "production"}
        assert client.post(f"/apps/{APP}/revive-messages", data=data).status_code == 303
    line = CommandLine(console, tmp_path / "config" / "credentials.json")
    line.login("builder")
    listed = line.run("worker", "list", APP).stdout
    assert "3 waiting, 1 in work, 1 given up" in listed and "msg_1 given up after 5: ValueError: no" in listed
    assert line.run("worker", "log", APP, "mail").stdout == "sent 1\n"
    assert line.run("worker", "send", APP, "mail", '{"to": 1}').returncode == 0
    assert "a message is JSON" in line.run("worker", "send", APP, "mail", "{").stderr
    assert "has no queue 'loop'" in line.run("worker", "send", APP, "loop", "1").stderr
    actions = console.company.actions()
    assert ("message.requested", "user:builder@example.com") in actions
    assert ("message.revival-requested", "user:builder@example.com") in actions
    line.login("approver")
    assert line.run("worker", "send", APP, "mail", "1").returncode == 1


@pytest.mark.req("RT7", "RT5")
def test_a_worker_is_held_and_let_go_on_the_page_and_on_the_command_line(console: Console, tmp_path: Path) -> None:
    with_worker = f'{MANIFEST}\n[workers.mail]\nrun = "app:app"\n'
    assert console.company.push("builder", {"bailiwick.toml": with_worker}).accepted
    deployed(console.company)
    told = {"app": APP, "mode": "production", "release": "rel_1", "worker": "mail", "status": "running", "words": "",
            "waiting": 0, "taken": 0, "dead": 0, "letters": [], "log_lines": [], "time": DUE}  # fmt: skip
    take(console, 1, WorkerReport.model_validate(told))
    client, _ = console.signed_in("builder")
    with client:
        page = client.get(f"/apps/{APP}").text
        data = {"csrf_token": csrf_token(page), "worker": "mail", "mode": "production", "reason": "closed"}
        assert client.post(f"/apps/{APP}/pause-worker", data={**data, "csrf_token": "x"}).status_code == 403
        assert client.post(f"/apps/{APP}/pause-worker", data=data).status_code == 303
        assert "Let go on" in client.get(f"/apps/{APP}").text
        assert client.post(f"/apps/{APP}/pause-worker", data=data).status_code == 409
    line = CommandLine(console, tmp_path / "config" / "credentials.json")
    line.login("builder")
    assert "mail is held in production since" in line.run("worker", "list", APP).stdout
    assert "goes on where it was" in line.run("worker", "resume", APP, "mail", "--reason", "open").stdout
    assert "is not paused in production" in line.run("worker", "resume", APP, "mail", "--reason", "open").stderr
    assert "is held" in line.run("worker", "pause", APP, "mail", "--reason", "closed").stdout
    line.login("approver")
    assert line.run("worker", "resume", APP, "mail", "--reason", "mine").returncode == 1
    reader, _ = console.signed_in("approver")
    with reader:
        assert "pause-worker" not in (seen := reader.get(f"/apps/{APP}").text) and "resume-worker" not in seen
