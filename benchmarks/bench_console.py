"""Pages of the console over an estate of 10,000 apps: the slowest twentieth of each, against 100 ms of server time."""

import os
import statistics
import tempfile
import time
from pathlib import Path

import httpx2
from sqlalchemy import create_engine, text
from starlette.testclient import TestClient

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import Claims
from bailiwick.core.clock import utc_now
from bailiwick.faces.console.app import build_console
from bailiwick.faces.console.sessions import COOKIE
from bailiwick.store import Store
from bailiwick.store.embedded import EmbeddedPostgres
from tests.fixtures.company import opened_company

APPS, _ROUNDS, _LIMIT_MS = 10_000, 20, 100.0
PAGES = (
    "/",
    "/inventory/apps",
    "/inventory/apps?sort=-waiting",
    "/inventory/apps?risk=high&production=running&sort=-made",
    "/inventory/apps?app=refund",
    "/inventory/packages?package=package-7",
    "/inventory/builders",
    "/map",
)
_ESTATE = """
INSERT INTO folders (path, created_by, created_at) SELECT 'team-' || n, 'user:a@example.com', now()
    FROM generate_series(0, 99) n;
INSERT INTO apps (id, path, folder, name, host, created_by, owner, created_at, data_classes)
    SELECT 'app_' || n, 'team-' || n % 100 || '/app-' || n, 'team-' || n % 100, 'app-' || n, 'app-' || n,
           'user:b' || n % 300 || '@example.com', 'user:b' || n % 300 || '@example.com',
           now() - n * interval '1 minute',
           CASE n % 4 WHEN 0 THEN '["customer-data"]'::jsonb ELSE '[]'::jsonb END
    FROM generate_series(1, :apps) n;
INSERT INTO app_statuses (app, mode, plane, release, status, words, time, ran)
    SELECT path, mode, 'production', 'rel_' || id, CASE WHEN id LIKE '%7' THEN 'asleep' ELSE 'running' END, '', now(),
           ''
    FROM apps, (VALUES ('production'), ('preview')) AS m(mode);
INSERT INTO deploys (id, app, commit, tree, authors, requested_by, requested_at, state, first_deploy, reach,
                     integrations, decided_by, reason, release)
    SELECT 'dep_' || id, path, '', '', '[]', created_by, now(), 'released', true,
           jsonb_build_object('integrations',
                              jsonb_build_array(jsonb_build_object('resource', 'system-' || length(path) % 9)),
                              'egress', CASE WHEN id LIKE '%3' THEN '["a.example:443"]'::jsonb ELSE '[]'::jsonb END,
                              'models', '[]'::jsonb), '{}', '', '', 'rel_' || id FROM apps;
INSERT INTO current_releases (app, mode, branch, release) SELECT path, 'production', '', 'rel_' || id FROM apps;
INSERT INTO release_packages (release, place, ecosystem, name, version, path)
    SELECT 'rel_' || id, n, 'PyPI', 'package-' || (n * 7 + length(id)) % 40, '1.' || n, 'requirements.lock'
    FROM apps, generate_series(1, 10) n;
INSERT INTO pushes (id, app, commit, tree, pusher, subject, agent, prompt, accepted, review, time)
    SELECT 'psh_' || id, path, '', '', created_by, 'change', 'agent', '', true, '', now() FROM apps;
"""


def measure() -> list[tuple[str, float, str]]:
    """Return how long pages take at most in nineteen of twenty times, over the limit."""
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        Path(home).chmod(0o755)
        with EmbeddedPostgres(Path(home) / "data") as server:
            server.create_database("estate")
            store = Store.connect(server.url("estate"))
            store.migrate()
            with opened_company(store, Path(home) / "company", {}, utc_now) as company:
                fill(company.control)
                found = [_page(company.control, path) for path in PAGES]
            store.dispose()
    return [
        (
            f"console {path}, {APPS:,} apps, p95 / {_LIMIT_MS:.0f} ms",
            p95 / _LIMIT_MS,
            f"{p95:.0f} ms, median {p50:.0f} ms; processor's time, with the database's, {worked:.0f} ms",
        )
        for path, p50, p95, worked in found
    ]


def fill(control: ControlPlane) -> None:
    """Make the estate, by rows: what is measured is how it is read."""
    with control.store.transaction() as session:
        for statement in filter(str.strip, _ESTATE.split(";")):
            session.execute(text(statement), {"apps": APPS} if ":apps" in statement else {})
    # As the owner: the role of the control plane may not, and where it is at work autovacuum does it.
    owner = create_engine(control.store.owner_url)
    with owner.begin() as connection:
        connection.execute(text("ANALYZE"))
    owner.dispose()


def _page(control: ControlPlane, path: str) -> tuple[str, float, float, float]:
    claims = Claims("http://idp", "admin@example.com", "admin@example.com", "Admin", ("admin",), {})
    secret = control.identity.sign_in(claims).secret
    with TestClient(build_console(control), cookies={COOKIE: secret}) as client:
        _ = [_once(client, path) for _ in range(3)]
        before = _worked()
        times = [_once(client, path) for _ in range(_ROUNDS)]
        worked = (_worked() - before) * 1000 / _ROUNDS
    return path, statistics.median(times), statistics.quantiles(times, n=20)[-1], worked


def _worked() -> float:
    """Return the seconds that this process and the servers of its database worked: what others do leaves them alone."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            command = stat.with_name("cmdline").read_bytes()
            if command.startswith(b"postgres:") and b" estate " in command:
                ticks += sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13]))
        except (OSError, ValueError):
            continue
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def _once(client: TestClient, path: str) -> float:
    began = time.perf_counter()
    answer = client.get(path)
    if answer.status_code != httpx2.codes.OK:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return (time.perf_counter() - began) * 1000
