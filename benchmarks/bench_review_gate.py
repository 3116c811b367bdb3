"""A push into an app of fifty files, end to end: `git push` of one changed file, and of a whole app, against limits.

A control plane runs as a process of its own, with workers and a database; git's own time counts. `BENCH_ROUNDS` says
how many pushes of one file are made, `BENCH_FILES` how many files the app has.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from bailiwick.control.source import git_environment
from bailiwick.core.offer import own_runtime
from bailiwick.demo.people import ROLE_RULES
from bailiwick.store.embedded import EmbeddedPostgres

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "30"))
FILES = int(os.environ.get("BENCH_FILES", "50"))
_WHOLE_ROUNDS = 5
_ONE_LIMIT_SECONDS, _WHOLE_LIMIT_SECONDS = 0.3, 2.0
_START_SECONDS = 60.0
APP = "finance/bench"
_MANIFEST = f"""[app]
name = "bench"
purpose = "An app of many files that is pushed"
kind = "web"
runtime = "{own_runtime()}"
entrypoint = "desk.app:app"
"""
_MODULE = '''"""Orders of region {number}: reading, checking and showing them."""

import json
import logging
from dataclasses import dataclass
from datetime import date, timedelta

LOG = logging.getLogger(__name__)
COLUMNS = ("id", "region", "placed", "total_cents")


@dataclass(frozen=True)
class Order{number}:
    """An order as this part sees it."""

    id: int
    region: str
    placed: date
    total_cents: int

    @property
    def total(self) -> float:
        return self.total_cents / 100

    def is_late(self, today: date) -> bool:
        return today - self.placed > timedelta(days={number} + 7)


def search(database, region: str, limit: int = 50) -> list[Order{number}]:
    """Return the newest orders of a region."""
    rows = database.execute(
        "SELECT id, region, placed, total_cents FROM orders WHERE region = %s ORDER BY placed DESC LIMIT %s",
        [region, limit],
    ).fetchall()
    return [Order{number}(*row) for row in rows]


def find(database, order_id: int) -> Order{number} | None:
    """Return one order."""
    row = database.execute("SELECT id, region, placed, total_cents FROM orders WHERE id = %s", [order_id]).fetchone()
    return Order{number}(*row) if row else None


def summary(orders: list[Order{number}], today: date) -> dict[str, object]:
    """Return counts and totals for a page."""
    late = [order for order in orders if order.is_late(today)]
    by_region: dict[str, int] = {{}}
    for order in orders:
        by_region[order.region] = by_region.get(order.region, 0) + order.total_cents
    LOG.info("%d orders, %d late", len(orders), len(late))
    return {{"count": len(orders), "late": len(late), "regions": by_region, "version": {version}}}


def as_json(orders: list[Order{number}]) -> str:
    """Return orders for the page's script."""
    return json.dumps([{{"id": order.id, "total": order.total, "region": order.region}} for order in orders])
'''
_PAGE = """<!doctype html><html lang="en"><head><title>Orders {number}</title></head>
<body><h1>Orders</h1><ul>{{% for order in orders %}}<li>{{{{ order.id }}}} {{{{ order.total }}}}</li>{{% endfor %}}</ul>
<p>Version {version}</p></body></html>
"""
_SCRIPT = """const list = document.querySelector("#orders-{number}");
export function show(orders) {{
  list.replaceChildren(...orders.map((order) => {{
    const item = document.createElement("li");
    item.textContent = `${{order.id}}: ${{order.total}} (${{{version}}})`;
    return item;
  }}));
}}
"""


@dataclass(frozen=True)
class _Gate:
    """A running control plane, and the folder that is pushed to it."""

    url: str
    token: str
    folder: Path


def measure() -> list[tuple[str, float, str]]:
    """Return the median over the limit, of pushes of one file and of whole apps."""
    with _gate() as gate:
        _write_all(gate.folder, 0)
        _push(gate, "first")
        whole = sorted(_whole(gate, number) for number in range(1, _WHOLE_ROUNDS + 1))
        one = sorted(_one(gate, number) for number in range(ROUNDS))
    return [
        _row(f"push of one file into an app of {FILES}", one, _ONE_LIMIT_SECONDS),
        _row(f"push of all {FILES} files of an app", whole, _WHOLE_LIMIT_SECONDS),
    ]


def _row(name: str, took: list[float], limit: float) -> tuple[str, float, str]:
    median, p95 = took[len(took) // 2], took[min(len(took) * 95 // 100, len(took) - 1)]
    detail = f"p50 {median * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms of {len(took)}, limit {limit * 1000:,.0f} ms"
    return (f"{name}, median / {limit:g} s", median / limit, detail)


def _whole(gate: _Gate, version: int) -> float:
    _write_all(gate.folder, version)
    return _push(gate, f"all {version}")


def _one(gate: _Gate, version: int) -> float:
    number = version % (FILES // 2)
    (gate.folder / "desk" / f"part{number}.py").write_text(_MODULE.format(number=number, version=1000 + version))
    return _push(gate, f"one {version}")


def _write_all(folder: Path, version: int) -> None:
    for number in range(FILES - 3):
        kind = number % 10
        if kind == 8:
            path, text = f"desk/templates/page{number}.html", _PAGE
        elif kind == 9:
            path, text = f"desk/static/show{number}.js", _SCRIPT
        else:
            path, text = f"desk/part{number}.py", _MODULE
        _write(folder / path, text.format(number=number, version=version))
    _write(folder / "bailiwick.toml", _MANIFEST)
    _write(folder / "desk/__init__.py", "")
    _write(folder / "desk/app.py", f'"""The app."""\n\n\nasync def app(scope, receive, send):\n    return {version}\n')


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _push(gate: _Gate, message: str) -> float:
    """Commit and push; return the seconds of the push alone."""
    _git(gate, "add", "--all")
    _git(gate, "commit", "--quiet", "--message", message)
    helper = '!f() { echo username=x; echo "password=$TOKEN"; }; f'
    began = time.perf_counter()
    _git(gate, "-c", f"credential.helper={helper}", "push", "--quiet", f"{gate.url}/git/{APP}.git", "HEAD:main")
    return time.perf_counter() - began


def _git(gate: _Gate, *arguments: str) -> None:
    who = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = git_environment({**who, "TOKEN": gate.token})
    done = subprocess.run(["git", *arguments], cwd=gate.folder, env=environment, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode(errors="replace"))


@contextmanager
def _gate() -> Iterator[_Gate]:
    from tests.journeys.conftest import free_port_range  # noqa: PLC0415 - pytest's, loaded when needed

    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        place, port = Path(home), free_port_range()
        place.chmod(0o755)
        with EmbeddedPostgres(place / "data", scratch=True) as server:
            server.create_database("bench")
            settings, handover = place / "control.yaml", place / "handover.json"
            settings.write_text(yaml.safe_dump(_settings(place, port, server.url("bench"))))
            arguments = [str(settings), str(place / "state"), str(port), str(handover)]
            with (place / "control.log").open("wb") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "bailiwick.demo.control_plane", *arguments], stdout=log, stderr=log
                )
            try:
                url = f"http://127.0.0.1:{port}"
                _wait(f"{url}/readyz", process)
                token = json.loads(handover.read_text())["tokens"]["builder"]
                folder = place / "app"
                gate = _Gate(url, token, folder)
                folder.mkdir()
                _git(gate, "init", "--quiet", "--initial-branch=main")
                _create_app(url, token)
                yield gate
            finally:
                process.terminate()
                process.wait(30)


def _settings(place: Path, port: int, database_url: str) -> dict[str, object]:
    return {
        "database_url": database_url,
        "state": str(place / "control"),
        "console": {"host": "127.0.0.1", "port": port},
        "planes_door": {"host": "127.0.0.1", "port": port + 2},
        "public_url": f"http://127.0.0.1:{port}",
        "ingress_url": f"http://127.0.0.1:{port + 10}",
        "oidc": {"issuer": f"http://127.0.0.1:{port + 1}", "client_id": "bailiwick"},
        "role_rules": [{"group": group, "role": role, "scope": scope} for group, role, scope in ROLE_RULES],
    }


def _create_app(url: str, token: str) -> None:
    request = urllib.request.Request(
        f"{url}/api/v1/apps",
        json.dumps({"path": APP}).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            urllib.request.urlopen(url).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the control plane did not start") from None
            time.sleep(0.1)
        else:
            return
