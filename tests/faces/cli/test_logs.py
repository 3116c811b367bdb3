"""`bailiwick logs` before a real server: lines for people and as JSON, followed, and what is asked wrongly."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bailiwick.control.asking import PlaneAsking
from bailiwick.core.clock import utc_now
from bailiwick.core.messages import AnyAnswer, AskOrder, LogAnswer, LogLine, LogWanted
from bailiwick.core.statements import SigningKey
from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP

pytestmark = pytest.mark.req("OB4")
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Plane:
    """A plane that answers with one line after the other, then is interrupted."""

    def __init__(self, command_line: CommandLine) -> None:
        self.wanted: list[LogWanted] = []
        control = command_line.company.control
        asking = PlaneAsking(self.ask, SigningKey.generate(), utc_now)
        object.__setattr__(control, "app_logs", replace(control.app_logs, plane=asking))

    def ask(self, order: AskOrder, _: float) -> AnyAnswer:
        assert isinstance(order.wanted, LogWanted)
        self.wanted.append(order.wanted)
        number = len(self.wanted)
        time = datetime(2026, 7, 28, 10, 0, number, tzinfo=UTC)
        text = f"line {number} \x1b[31m"
        return LogAnswer(
            lines=(LogLine(number=number, time=time, release="rel_1", part="worker mail", text=text, trace=TRACE),),
            more=number > 1,
        )


def test_lines_are_read_by_text_trace_and_time(command_line: CommandLine) -> None:
    plane, run = Plane(command_line), command_line.run
    shown = run("builder", "logs", APP, "--last", "5", "--text", "Line", "--trace", TRACE, "--since", "10m")
    # What an app writes steers no terminal.
    assert shown.output == "2026-07-28 10:00:01.000 0af76519 [worker mail] line 1 �[31m\n"
    (wanted,) = plane.wanted
    assert (wanted.last, wanted.text, wanted.trace, wanted.mode, wanted.branch) == (5, "Line", TRACE, "preview", "")
    assert wanted.since is not None
    assert 590 < (utc_now() - wanted.since).total_seconds() < 660
    found = json.loads(run("builder", "logs", APP, "--mode", "production", "--json").output)
    assert (found["after"], found["mode"], found["lines"][0]["number"]) == (2, "production", 2)
    for words in (("--since", "soon"), ("--trace", "x"), ("--last", "100000"), ("--branch", "a b")):
        assert run("builder", "logs", APP, *words).exit_code != 0
    assert run("approver", "logs", APP).exit_code == 1
    assert len(plane.wanted) == 2


def test_following_asks_for_what_comes_after(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    plane = Plane(command_line)
    from bailiwick.faces.cli import logs

    real = logs.call

    def call(method: str, path: str, **given: Any) -> Any:
        if len(plane.wanted) == 3:
            raise KeyboardInterrupt
        return real(method, path, **given)

    monkeypatch.setattr(logs, "call", call)
    shown = command_line.run("builder", "logs", APP, "--follow", "--json")
    numbers = [json.loads(line)["number"] for line in shown.stdout.splitlines() if line.startswith("{")]
    assert numbers == [1, 2, 3]
    assert [(wanted.after, wanted.wait_seconds > 0) for wanted in plane.wanted] == [(0, False), (1, True), (2, True)]
    assert "lines were left out" in shown.stderr
