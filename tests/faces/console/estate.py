"""A company in which something of everything has happened, with strings that try to be more than text."""

from dataclasses import dataclass
from datetime import timedelta

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import AppReport, KillReport, RequestRollup, RequestTrace
from tests.faces.console.conftest import Console
from tests.fixtures.company import APP, MANIFEST, Company

MARK = "\u202e"  # turns what follows around: "evil" reads "live"
HOSTILE = f"<script>alert('x')</script>\"'><img src=x onerror=alert(1)>{MARK}evil"
SHOWN = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>⟨U+202E⟩evil"
LEAKY = f'import requests\n\nrates = requests.get("https://rates.example.net/?q=<script>alert(1)</script>{MARK}")\n'


@dataclass(frozen=True)
class Estate:
    """Where its pages are."""

    waiting: str
    decided: str
    refused: str
    passed: str

    @property
    def pages(self) -> tuple[str, ...]:
        """Return the address of every kind of page, each with and without something on it."""
        return (
            "/",
            f"/apps/{APP}",
            "/apps/finance/empty",
            "/apps/finance/other",
            "/approvals",
            f"/approvals/{self.waiting}",
            f"/approvals/{self.decided}",
            f"/reviews/{self.refused}",
            f"/reviews/{self.passed}",
            "/audit",
            f"/audit?app={APP}&outcome=success&since=2020-01-01T00:00",
            "/audit?actor=nobody",
            "/audit?q=action%3Drole.*&q=plane%3Dproduction&text=kill",
            "/audit/events/3",
            "/kill",
            "/help",
            "/sign-in",
            "/sign-in/cli?port=4000&challenge=c&state=s",
            "/no/such/page",
        )


def build(console: Console) -> Estate:
    """Let it all happen."""
    company = console.company
    control, people = company.control, company.people
    for name in ("empty", "other"):
        control.catalog.create_app(people["builder"], f"finance/{name}")
    message = f"{HOSTILE}\n\nGenerated-By: {HOSTILE}\nPrompt: {HOSTILE}"
    assert not company.push("builder", {"rates.py": LEAKY}, message).accepted
    refused = _latest(company)
    assert company.push("builder", {"rates.py": "RATE = 1\n"}, message).accepted
    passed = _latest(company)
    first = control.deploys.request(people["builder"], APP)
    decided = control.deploys.approve(people["admin"], first.id, HOSTILE)
    _at_work(company, decided.release)
    wider = MANIFEST.replace('schedule = "0 2', 'schedule = "30 3') + '\n[egress]\nallow = ["rates.example.net:443"]\n'
    assert company.push("builder", {"bailiwick.toml": wider, "page.html": f"<p>{HOSTILE}</p>\n"}, message).accepted
    waiting = control.deploys.request(people["builder"], APP)
    control.stops.kill(people["admin"], "finance/other", HOSTILE)
    return Estate(waiting.id, decided.id, refused, passed)


def _latest(company: Company) -> str:
    with company.control.store.transaction() as session:
        found = company.control.reviews.latest(session, APP)
    assert found is not None
    return found.id


def _at_work(company: Company, release: str) -> None:
    """Report what planes report: it runs, it is used, it fails and is stopped, and it is brought back."""
    control, now = company.control, utc_now()
    with control.store.transaction() as session:
        for mode, plane in (("production", "production"), ("preview", "editor")):
            report = AppReport(app=APP, mode=mode, release=release, status="running", words=HOSTILE, time=now)
            control.observe.take_status(session, plane, report)
        for minute in range(1, 40):
            rollup = RequestRollup(
                app=APP,
                mode="production",
                release=release,
                start=now - timedelta(minutes=minute),
                seconds=60,
                ok=minute * 7 % 50,
                client_errors=minute % 3,
                server_errors=minute % 5,
                p50_ms=4.0,
                p95_ms=40.0 + minute,
            )
            control.observe.take_rollup(session, "production", rollup)
        trace = RequestTrace(
            trace="ab" * 16, time=now, method="GET", path=f"/{HOSTILE}", status=500, milliseconds=3.2, principal=HOSTILE
        )
        stop = KillReport(
            app=APP,
            mode="production",
            release=release,
            because=f"8 requests in a row failed {HOSTILE}",
            time=now,
            counters={"consecutive_errors": 8},
            requests=(trace,) * 8,
            log_lines=(HOSTILE,) * 3,
        )
        evidence = control.observe.take_evidence(session, stop)
        control.stops.record_automatic(session, stop, plane="production", evidence=evidence)
    control.stops.revive(company.people["admin"], APP, HOSTILE)
