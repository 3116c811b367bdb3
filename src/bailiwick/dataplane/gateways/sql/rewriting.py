"""A process that rewrites long statements: the event loop, which all apps wait for, has an interpreter to itself.

It knows nothing but what it is asked with, and ends when whoever asks it is gone. Questions and answers are JSON, each
after its length in four bytes.
"""

import asyncio
import json
import os
import resource
import struct
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import IO, Any

from bailiwick.core.grants import DataGrant
from bailiwick.core.sql_functions import AllowedFunction
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.keyed import MaskedBy
from bailiwick.dataplane.gateways.sql.rewrite import Rewritten
from bailiwick.dataplane.gateways.sql.shown_keys import ShownKeys
from bailiwick.dataplane.gateways.sql.statements import Plan, Step, plan

Answer = Plan | StatementRefusedError
_SECONDS = 20.0
_BYTES = 2**30
_NICENESS = 5


class LostStatementError(StatementRefusedError):
    """Nobody could look at a statement; the next time somebody may."""


def answer_to(
    plain: str,
    grant: DataGrant,
    attributes: Mapping[str, str],
    functions: Iterable[AllowedFunction] = (),
    masked_by: MaskedBy = MaskedBy.DATABASE,
) -> Answer:
    """Return what a statement becomes, or why it becomes nothing."""
    try:
        return plan(plain, grant, attributes, functions, masked_by)
    except StatementRefusedError as fault:
        return fault


class RewritingProcess:
    """Asks the process, one question at a time; it is started with the first, and again after it was lost."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    async def ask(
        self,
        plain: str,
        grant: DataGrant,
        attributes: Mapping[str, str],
        functions: Iterable[AllowedFunction] = (),
        masked_by: MaskedBy = MaskedBy.DATABASE,
    ) -> Answer:
        """Return the answer; a refusal when there is none in time."""
        question = {
            "plain": plain,
            "grant": grant.model_dump(mode="json"),
            "attributes": dict(attributes),
            "functions": [item.model_dump(mode="json") for item in functions],
            "masked_by": masked_by.value,
        }
        async with self._turn:
            return await asyncio.to_thread(self._ask, question)

    def _ask(self, question: Mapping[str, object]) -> Answer:
        process = self._running()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101 - both were asked for
        too_late = threading.Timer(_SECONDS, process.kill)
        too_late.start()
        try:
            _write(process.stdin, question)
            return _read_answer(_read(process.stdout))
        except (OSError, EOFError, ValueError):
            process.kill()
            process.wait()  # or the next statement would be given to what is about to end
            hint = "send it again, or in smaller parts"
            return LostStatementError("the statement could not be looked at", hint=hint, sqlstate="54000")
        finally:
            too_late.cancel()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/",
                env={name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ},
            )  # fmt: skip
            weakref.finalize(self, _end, self._process)
        return self._process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _write(pipe: IO[bytes], content: Mapping[str, object]) -> None:
    data = json.dumps(content).encode()
    pipe.write(struct.pack("!I", len(data)) + data)
    pipe.flush()


def _read(pipe: IO[bytes]) -> dict[str, Any]:
    head = pipe.read(4)
    data = pipe.read(struct.unpack("!I", head)[0]) if len(head) == 4 else b""  # noqa: PLR2004 - the length
    if not data:
        raise EOFError
    return dict(json.loads(data))


def _read_answer(said: Mapping[str, Any]) -> Answer:
    if "refused" in said:
        return StatementRefusedError(
            said["refused"],
            hint=said["hint"],
            sqlstate=said["sqlstate"],
            deciders=tuple(said["deciders"]),
            of_person=said["of_person"],
        )
    return Plan(tuple(_read_step(step) for step in said["steps"]))


def _read_step(said: Mapping[str, Any]) -> Step:
    shown = tuple(ShownKeys(**{**item, "places": tuple(item["places"])}) for item in said["rewritten"]["shown"])
    rewritten = Rewritten(**{**said["rewritten"], "tables": tuple(said["rewritten"]["tables"]), "shown": shown})
    return Step(**{**said, "rewritten": rewritten})


def _said(answer: Answer) -> Mapping[str, object]:
    if isinstance(answer, StatementRefusedError):
        return {
            "refused": answer.message,
            "hint": answer.hint,
            "sqlstate": answer.sqlstate,
            "deciders": answer.deciders,
            "of_person": answer.of_person,
        }
    return asdict(answer)


def main() -> None:
    """Answer until nobody asks any more, behind whatever else the host does."""
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    while True:
        try:
            asked = _read(sys.stdin.buffer)
        except EOFError:
            return
        functions = [AllowedFunction.model_validate(item) for item in asked["functions"]]
        grant, masked_by = DataGrant.model_validate(asked["grant"]), MaskedBy(asked["masked_by"])
        answer = answer_to(asked["plain"], grant, asked["attributes"], functions, masked_by)
        _write(sys.stdout.buffer, _said(answer))


if __name__ == "__main__":
    main()
