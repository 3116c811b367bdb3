"""Attacks a plane's own sandboxes now and then, beside everything else, and reports what came of it.

A process of its own does it, with the least priority, some minutes after the plane has started: nothing waits for it.
The last result is kept, so that a plane that starts again tells it and need not make it anew.
"""

import asyncio
import contextlib
import json
import logging
import os
import platform
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bailiwick.core.clock import Clock
from bailiwick.core.messages import AnyReport, AttacksReport

_LOG = logging.getLogger("bailiwick.plane.attacks")
# By then what an app needs to come back was started.
_FIRST_SECONDS = 300.0
_AGAIN_SECONDS = 3600.0
_MOST_SECONDS = 1800.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOST_NAMES, _NAME, _WORDS = 1000, 200, 500


class AttackWatch:
    """Keeps a plane's sandboxes tried: every so many hours (0: only when asked), and when the kernel is another."""

    def __init__(
        self,
        state: Path,
        hours: float,
        report: Callable[[AnyReport], None],
        clock: Clock,
        first_seconds: float = _FIRST_SECONDS,
        command: tuple[str, ...] = (sys.executable, "-m", "bailiwick.dataplane.attacks"),
    ) -> None:
        self._command = (*command, str(state / "runtimes"))
        self._kept = state / "attacks.json"
        self._every = timedelta(hours=hours)
        self._report = report
        self._clock = clock
        self._first_seconds = first_seconds
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Have it done now."""
        self._asked.set()

    async def run(self) -> None:
        """Try for as long as the plane runs."""
        last = self._read()
        if last is not None:
            self._report(last)
        least = self._first_seconds
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), self._seconds(last, least))
            self._asked.clear()
            last, least = await self._attack(), _AGAIN_SECONDS
            self._write(last)
            self._report(last)

    def _seconds(self, last: AttacksReport | None, least: float) -> float | None:
        """Return how long to wait, None for until somebody asks."""
        if not self._every:
            return None
        # What could not be tried may be a matter of the moment.
        if last is None or last.untried or last.kernel != _kernel():
            return least
        return max((last.time + self._every - self._clock()).total_seconds(), least)

    async def _attack(self) -> AttacksReport:
        try:
            report = self._report_of(await self._made())
        except (OSError, ValueError, TimeoutError) as fault:
            _LOG.warning("the sandboxes could not be attacked: %s", fault)
            words = "the attempts came to no end" if isinstance(fault, TimeoutError) else str(fault)
            return AttacksReport(kernel=_kernel(), untried=words[:_WORDS], time=self._clock())
        if report.escaped:
            _LOG.error("something got out of a sandbox: %s", "; ".join(report.escaped))
        return report

    def _report_of(self, found: dict[str, Any]) -> AttacksReport:
        """Return what was found as a report; raise `ValueError` when it is no result, or says why there is none."""
        if "error" in found:
            raise ValueError(f"{found['error']} {found.get('hint', '')}".strip())
        try:
            levels = found["levels"]
            return AttacksReport(
                level="; ".join(f"{item['level']}: {item['walls']}" for item in levels)[:_NAME],
                kernel=_kernel(),
                attempts=sum(item["attempts"] for item in levels),
                proved=sum(item["proved"] for item in levels),
                unproved=_names(levels, "unproved"),
                escaped=_names(levels, "escaped"),
                left_out=_names(levels, "left_out"),
                time=self._clock(),
            )
        except (KeyError, TypeError) as fault:
            raise ValueError("the attempts ended without a result") from fault

    async def _made(self) -> dict[str, Any]:
        """Have it done by a process of its own, which takes what it started with it."""
        made = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", _PATH)}, start_new_session=True,
        )  # fmt: skip
        try:
            said, _ = await asyncio.wait_for(made.communicate(), _MOST_SECONDS)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(made.pid, signal.SIGKILL)
        found = json.loads(said or b"{}")
        if not isinstance(found, dict) or not found:
            raise ValueError("the attempts ended without a result")
        return found

    def _read(self) -> AttacksReport | None:
        try:
            return AttacksReport.model_validate_json(self._kept.read_bytes())
        except (OSError, ValidationError):
            return None

    def _write(self, report: AttacksReport) -> None:
        unfinished = self._kept.with_suffix(".new")
        unfinished.write_text(report.model_dump_json())
        unfinished.rename(self._kept)


def _names(levels: list[dict[str, Any]], which: str) -> tuple[str, ...]:
    """Return names of attempts, each with its level where there are several."""
    several = len(levels) > 1
    names = [f"{item['level']}: {name}" if several else name for item in levels for name in item[which]]
    return tuple(name[:_NAME] for name in names[:_MOST_NAMES])


def _kernel() -> str:
    return f"{platform.system()} {platform.release()}"[:_NAME]
