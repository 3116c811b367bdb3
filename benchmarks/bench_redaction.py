"""Redaction: megabytes a second beside its peers, and what an agent's request of 88 kB takes with reading and writing.

The text is what a coding agent sends: code, prose, outputs of tools, with a secret and some personal data in each
88 kB. Peers are run in the environment that `make bench-peers` makes; those that are not there are left out. Times are
those of the processor, as others may be at work on the machine.
"""

import gc
import json
import statistics
import subprocess
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

from bailiwick.core.redaction import Own, Redaction
from bailiwick.dataplane.gateways.model.bodies import look_through, outgoing, read_body
from bailiwick.dataplane.gateways.model.search import PromptSearch
from benchmarks.peers import INSTALLED

_ROOT = Path(__file__).parents[1]
_REQUEST_BYTES = 88_000
_PIECE = 2400
_ROUNDS = 400
_LIMIT_MEGABYTES, _LIMIT_P50_MS, _LIMIT_P99_MS = 120.0, 1.0, 5.0
_SEEDED = (
    "Reported by Maria Lindqvist <maria.lindqvist@example.com>, +49 171 5550123.\n"
    "export DEPLOY_TOKEN=glpat-x9K2mQ7vT4wZ1pL8sB3n\n"
)


def measure() -> list[tuple[str, float, str]]:
    """Return speeds over the limits that the gateway is built for, and over those of the peers that are there."""
    text = _text()
    speeds = {profile: _megabytes_a_second(Redaction(profile, strict=True), text) for profile in ("secrets", "all")}  # type: ignore[arg-type]
    rows = [
        (f"redaction: MB/s / {_LIMIT_MEGABYTES:.0f} MB/s, {profile}", speed / _LIMIT_MEGABYTES, f"{speed:.0f} MB/s")
        for profile, speed in speeds.items()
    ]
    for profile in ("secrets", "all"):
        for turns, what in ((1, "first turns"), (10, "conversations of ten turns")):
            p50, p99 = _request(profile, text, turns)
            words = f"p50 {p50:.2f} ms, p99 {p99:.2f} ms; read, looked through, written; 88 kB"
            rows.append((f"redaction: {what}, p50 / {_LIMIT_P50_MS:.0f} ms, {profile}", p50 / _LIMIT_P50_MS, words))
            rows.append((f"redaction: {what}, p99 / {_LIMIT_P99_MS:.0f} ms, {profile}", p99 / _LIMIT_P99_MS, words))
    for name, profile in (("Presidio's patterns", "all"), ("detect-secrets", "secrets")):
        its = _peer(name, text)
        if its:
            rows.append(
                (f"redaction: MB/s / {name}", speeds[profile] / its, f"{speeds[profile]:.0f} against {its:.2f}")
            )
    return rows


def _text() -> str:
    """Return about a megabyte of what agents send: code of the standard library, and our documentation."""
    code = Path(sysconfig.get_path("stdlib"))
    files = [
        code / name for name in ("argparse.py", "dataclasses.py", "inspect.py", "pathlib.py", "tarfile.py", "typing.py")
    ]
    texts = [file.read_text() for file in [*files, *sorted((_ROOT / "docs").glob("*.md"))]]
    # By turns, so that each request has of everything.
    cut = [text[place : place + 4000] for place in range(0, 120_000, 4000) for text in texts if len(text) > place]
    together = "\n".join(cut)[: 12 * _REQUEST_BYTES]
    parts = [together[place : place + _REQUEST_BYTES] for place in range(0, len(together), _REQUEST_BYTES)]
    return _SEEDED.join(parts)


def _megabytes_a_second(redaction: Redaction, text: str) -> float:
    parts = [text[place : place + _REQUEST_BYTES] for place in range(0, len(text), _REQUEST_BYTES)]
    redaction.redact(parts[0])
    # The best of some rounds, of ours as of the peers'.
    best = min(_seconds(redaction, part) for part in parts for _ in range(5))
    return len(parts[0].encode()) / 1e6 / best


def _seconds(redaction: Redaction, text: str) -> float:
    began = time.process_time()
    redaction.redact(text)
    return time.process_time() - began


def _request(profile: Any, text: str, turns: int) -> tuple[float, float]:
    """Return the median and the 99th percentile in milliseconds of all that is done to a request's body: of
    conversations of so many turns, each of which sends all before it again.
    """
    own = Own()
    search = PromptSearch(lambda: frozenset({"a-password-of-a-database"}), lambda: own)
    # As a plane does once it is made.
    gc.collect()
    gc.freeze()
    times = []
    for number in range(_ROUNDS):
        raw = _body(text, *divmod(number, turns))
        began = time.process_time()
        asked = read_body(raw)
        outgoing(asked, "nova-large", look_through(asked, search.of(profile), own, search.signs.of), ())
        times.append((time.process_time() - began) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


def _body(text: str, conversation: int, turn: int) -> bytes:
    """Return a turn of an agent's conversation: instructions, tools, calls and their results, the last of them new."""
    begin = conversation * 30_000 % (len(text) - 2 * _REQUEST_BYTES)
    pieces = [text[begin + place : begin + place + _PIECE] for place in range(0, 70_000 + turn * _PIECE, _PIECE)]
    # No piece is in two conversations.
    pieces = [f"# {conversation}\n{piece}" for piece in pieces]
    messages: list[Any] = [{"role": "system", "content": pieces[0]}, {"role": "user", "content": pieces[1]}]
    for index, piece in enumerate(pieces[2:]):
        call = {"id": f"call_{index}", "type": "function",
                "function": {"name": "read", "arguments": json.dumps({"path": f"part_{index}.py"})}}  # fmt: skip
        messages += [{"role": "assistant", "tool_calls": [call]},
                     {"role": "tool", "tool_call_id": f"call_{index}", "content": piece}]  # fmt: skip
    properties = {"path": {"type": "string", "description": "where it is"}, "limit": {"type": "integer"}}
    tools = [{"type": "function", "function": {"name": f"tool_{index}", "description": "Reads a file of the project.",
              "parameters": {"type": "object", "properties": properties}}} for index in range(20)]  # fmt: skip
    return json.dumps({"model": "large", "messages": messages, "tools": tools, "stream": True}).encode()


def _peer(name: str, text: str) -> float:
    python = INSTALLED / "python" / "bin" / "python"
    package = "presidio" if name.startswith("Presidio") else "detect-secrets"
    script = _ROOT / "benchmarks" / "peers" / "redacting.py"
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(text[:_REQUEST_BYTES])
        file.flush()
        if not python.exists():
            return 0.0
        done = subprocess.run([python, script, package, file.name], capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else 0.0
