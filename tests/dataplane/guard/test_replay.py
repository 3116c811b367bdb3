"""A trace is replayed through the rules: what would have tripped, under which settings, and what cannot be read."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bailiwick.core.guardrails import AmountRails, Guardrails
from bailiwick.dataplane.guard.replay import Replay
from bailiwick.faces.cli.main import root
from tests.dataplane.guard.traffic import App, quiet

pytestmark = pytest.mark.req("RT4")


def line(time: float | str, app: str = "finance/desk", **more: object) -> str:
    return json.dumps({"time": time, "app": app, **more})


def calm(start: float, seconds: float) -> Iterator[str]:
    for answer in quiet(App(10), random.Random(5), start, seconds):
        yield line(answer.time, status=500 if answer.failed else 200, duration_ms=answer.milliseconds)


def run(file: Path, *more: object) -> Result:
    return CliRunner().invoke(root, ["guard", "replay", str(file), *map(str, more)])


def write(folder: Path, *lines: str) -> Path:
    file = folder / "trace.jsonl"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_a_spike_in_a_trace_is_told_with_its_line_and_a_calm_one_says_nothing(tmp_path: Path) -> None:
    before = list(calm(0, 200))
    quiet_run = run(write(tmp_path, *before))
    assert (quiet_run.exit_code, quiet_run.output) == (0, "nothing would have been stopped\n")
    spike = [line(1000 + number / 10, status=503, duration_ms=90) for number in range(30)]
    file = write(tmp_path, *before, *spike, *calm(2000, 60))
    (header, told) = run(file).output.splitlines()
    assert header.split()[:3] == ["line", "time", "(UTC)"]
    assert "1970-01-01 00:16:40" in told
    assert "app:finance/desk" in told
    assert "error-rate" in told
    (trip,) = json.loads(run(file, "--json").output)["trips"]
    assert (trip["rule"], trip["stops"], trip["security"]) == ("error-rate", "app:finance/desk", False)
    assert 2000 < trip["line"] <= 2010


def test_settings_decide_what_trips(tmp_path: Path) -> None:
    lines = [
        line(f"2026-01-05T12:00:{second:02}Z", integration="orders-db", rows=100, app=f"finance/{'ab'[second % 2]}")
        for second in range(20)
    ]
    file = write(tmp_path, *lines)
    assert "nothing would have been stopped" in run(file).output
    settings = tmp_path / "strict.toml"
    settings.write_text("[amounts]\nrows = 750\nintegration_factor = 1\n")
    trips = json.loads(run(file, "--settings", settings, "--json").output)["trips"]
    assert [(trip["line"], trip["stops"], trip["rule"], trip["security"]) for trip in trips] == [
        (8, "integration:orders-db", "rows", True)
    ]
    for wrong, words in (
        ("[amounts]\nrow = 1", "amounts has no 'row'"),
        ("[errors]\nerror_ratio = 7", "errors.error_ratio"),
        ("rows = 1", "is no table"),
        ("[amounts", "is no TOML"),
        ("[doors]\nopen = 1", "there are no guardrails 'doors'"),
    ):
        settings.write_text(wrong)
        refused = run(file, "--settings", settings)
        assert (refused.exit_code, words in refused.output) == (1, True), refused.output


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("{", "line 2: Invalid JSON"),
        ('{"time": 1}', "line 2: app: Field required"),
        (line(1, status=999), "line 2: status"),
        (line(1, colour="red"), "line 2: colour: Extra inputs"),
        (line("yesterday"), "line 2: time"),
        (line(0.5), "line 2: the time goes back"),
        ("[1]", "line 2: Input should be an object"),
        (" " * 70_000 + "x", "line 2: it is longer than 64 KiB"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(tmp_path: Path, bad: str, words: str) -> None:
    done = run(write(tmp_path, line(1, status=200, duration_ms=3), bad))
    assert (done.exit_code, words in done.output) == (1, True), done.output
    assert run(tmp_path / "none.jsonl").exit_code == 1


def test_what_was_stopped_is_watched_afresh_later() -> None:
    def trips(again: float) -> list[int]:
        lines = (line(float(second), rows=10, integration="x").encode() for second in range(100))
        replay = Replay(Guardrails(amounts=AmountRails(rows=95, integration_factor=100)), again)
        return [found.line for found in replay.run(lines)]

    assert trips(1000) == [10]
    assert trips(20) == [10, 39, 68, 97]
