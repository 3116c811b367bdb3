"""A company in which something of everything has happened, with strings that try to be more than text."""

from dataclasses import dataclass
from datetime import timedelta

from joserfc.jwk import ECKey

from bailiwick.control.access_reviews import Plan, Verdict
from bailiwick.control.change_windows import ClosedDays
from bailiwick.control.gates import RuleDraft, RuleKind, Sensitivity
from bailiwick.control.guardrails import GuardrailDraft
from bailiwick.control.identity import ORGANIZATION, Claims, ServiceDraft, TrustDraft
from bailiwick.control.identity.directory.problems import Problem, report
from bailiwick.control.waivers import Waiver
from bailiwick.core.clock import utc_now
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.messages import (
    Account,
    AccountsReport,
    AppReport,
    CatalogueReport,
    ColumnSeen,
    EgressRollup,
    EgressSeen,
    KillReport,
    RequestRollup,
    RequestTrace,
    TableSeen,
    TableUniqueness,
    UniquenessReport,
)
from tests.faces.console.conftest import Console
from tests.fixtures.company import APP, MANIFEST, Company
from tests.fixtures.policies import NO_KILLS, case_of, in_force

AUTHORIZE = (
    "/oauth/authorize?response_type=code&client_id=bailiwick-cli&redirect_uri=http%3A%2F%2F127.0.0.1%3A4000%2Fcallback"
    f"&code_challenge_method=S256&code_challenge={'c' * 43}&state=s"
)
SERVICE = "service:nightly"
MARK = "\u202e"  # turns what follows around: "evil" reads "live"
HOSTILE = f"<script>alert('x')</script>\"'><img src=x onerror=alert(1)>{MARK}evil"
# Files may not hold the mark: the review refuses text that hides.
PLAIN = HOSTILE.replace(MARK, "")
SHOWN = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>⟨U+202E⟩evil"
LEAKY = f'import requests\n\nrates = requests.get("https://rates.example.net/?q=<script>alert(1)</script>{MARK}")\n'
SPAWNS = 'import subprocess\n\nsubprocess.run(["ls"], check=True)\n'


@dataclass(frozen=True)
class Estate:
    """Where its pages are."""

    waiting: str
    decided: str
    refused: str
    passed: str
    review: str
    over: str
    draft: str
    waiver: str = ""
    finding: str = ""
    push: str = ""
    refused_push: str = ""
    drafted: str = ""
    clear: str = ""

    @property
    def pages(self) -> tuple[str, ...]:
        """Return the address of every kind of page, each with and without something on it."""
        return (
            "/",
            "/inventory/apps",
            "/inventory/apps?risk=medium&columns=app&columns=risk",
            "/inventory/apps?app=nothing-is-called-this",
            "/inventory/builders",
            "/inventory/integrations",
            "/inventory/models",
            "/inventory/prompts",
            "/inventory/calls",
            "/inventory/identities",
            "/inventory/packages",
            "/assurance",
            "/operations",
            "/retention",
            "/all-sessions",
            "/map",
            "/map?folder=finance",
            "/first-run",
            f"/apps/{APP}",
            "/apps/finance/empty",
            "/apps/finance/other",
            "/approvals",
            "/approval-rules",
            "/guardrails",
            f"/guardrails/for?app={APP}",
            f"/approvals/{self.waiting}",
            f"/approvals/{self.decided}",
            f"/reviews/{self.refused}",
            f"/reviews/{self.passed}",
            "/audit",
            "/queries/who",
            f"/audit?app={APP}&outcome=success&since=2020-01-01T00:00",
            "/audit?actor=nobody",
            "/directories",
            "/exporters",
            "/integrations",
            "/secrets",
            "/secrets/orders-db",
            "/integrations/orders-db",
            f"/integrations/orders-db/drafts/{self.drafted}",
            f"/integrations/orders-db/drafts/{self.clear}",
            "/models",
            "/studio",
            "/model-inventory",
            "/prompt-logs",
            "/redaction",
            "/telemetry",
            "/telemetry?text=nothing-is-like-this",
            "/sql-functions",
            "/planes",
            "/people",
            "/people?text=nobody-is-called-this",
            "/people/admin@example.com",
            "/people/gone@example.com",
            "/roles",
            "/roles?scope=folder:finance",
            "/roles?scope=folder:nobody/here",
            "/who-can",
            f"/who-can?action=app.kill&resource=app:{APP}",
            f"/who-can?action=app.kill&resource=app:{APP}&principal=user:user@example.com",
            "/access-reviews",
            f"/access-reviews/{self.review}",
            f"/access-reviews/{self.review}?decided=no&flag=empty-group&text=nothing",
            f"/access-reviews/{self.over}",
            f"/access-reviews/{self.draft}",
            f"/approvals/{self.waiting}?view=split",
            f"/history/{APP}",
            f"/pushes/{self.push}",
            f"/pushes/{self.push}?view=split",
            f"/pushes/{self.refused_push}",
            f"/files/{APP}",
            f"/files/{APP}?file=rates.py&line=1",
            "/delegations",
            "/notices",
            "/findings",
            "/findings?severity=critical&state=waived",
            "/waivers",
            "/waivers?state=ended",
            f"/waivers/{self.waiver}",
            f"/waivers/new?review={self.refused}&finding={self.finding}",
            "/unsafe",
            "/policies",
            "/policies/edit",
            "/policies/edit?name=house",
            "/policies/house/1",
            "/policies/house/2",
            "/standards",
            "/standards/edit",
            "/standards/edit?name=house",
            "/standards/house/1",
            "/audit?q=action%3Drole.*&q=plane%3Dproduction&text=kill",
            "/audit/events/3",
            "/kill",
            "/kill/new?kind=folder&subject=finance",
            "/help",
            "/services",
            "/services?kind=agent&flag=unused",
            f"/services/{SERVICE}",
            "/services/integration:orders-db/production",
            "/sessions",
            "/sign-in",
            AUTHORIZE,
            "/device?user_code=BCDF-GHJK",
            "/no/such/page",
        )


def build(console: Console) -> Estate:
    """Let it all happen."""
    company = console.company
    control, people = company.control, company.people
    control.services.create(people["admin"], ServiceDraft(SERVICE, "group:admin", HOSTILE, 20))
    key = ECKey.generate_key("P-256").as_dict(private=False)
    control.services.add_key(people["admin"], SERVICE, dict(key))
    terms = TrustDraft("https://ci.example", "bailiwick", "", claims={"job": HOSTILE})
    control.services.add_trust(people["admin"], SERVICE, terms)
    for name in ("empty", "other"):
        control.catalog.create_app(people["builder"], f"finance/{name}")
    message = f"{HOSTILE}\n\nGenerated-By: {HOSTILE}\nPrompt: {HOSTILE}"
    assert not company.push("builder", {"rates.py": LEAKY, "tool.py": SPAWNS}, message).accepted
    refused = _latest(company)
    assert company.push("builder", {"rates.py": "RATE = 1\n", "tool.py": "TOOL = 1\n"}, message).accepted
    passed = _latest(company)
    first = control.deploys.request(people["builder"], APP)
    decided = control.deploys.approve(people["admin"], first.id, HOSTILE)
    _at_work(company, decided.release)
    wider = MANIFEST.replace('schedule = "0 2', 'schedule = "30 3') + '\n[egress]\nallow = ["rates.example.net:443"]\n'
    assert company.push("builder", {"bailiwick.toml": wider, "page.txt": f"<p>{PLAIN}</p>\n"}, message).accepted
    waiting = control.deploys.request(people["builder"], APP)
    rule = RuleDraft("finance", RuleKind.SEVERAL, ("anyone", "group:<b>"), Sensitivity.SENSITIVE)
    control.approval_rules.set(people["admin"], rule, HOSTILE)
    control.guardrails.set(people["admin"], GuardrailDraft("errors", f"app:{APP}", {"error_ratio": 0.9}), HOSTILE)
    opened = {"host": "rates.example.net", "methods": ["GET"], "paths": ["/<b>*"]}
    control.guardrails.set(people["admin"], GuardrailDraft("egress", f"app:{APP}", {"opened_tls": [opened]}), HOSTILE)
    today = control.clock().date()
    control.change_windows.close(people["admin"], "", ClosedDays(HOSTILE, today, today), HOSTILE)
    control.stops.kill(people["admin"], "finance/other", HOSTILE)
    control.directory.issue_token(people["admin"], "entra", days=1, purpose=HOSTILE)
    with control.store.transaction() as session:
        report(session, control.audit, "entra", Problem("User:x", HOSTILE, HOSTILE), by="service:directory/entra")
    _govern(company)
    standard = f"[standard]\ntitle = '''{PLAIN} '''\n"
    control.standards.propose(people["admin"], "house", scope="folder:finance", text=standard, reason=HOSTILE)
    waiver = _waived(company, refused)
    reviewed, pushes, drafts = _reviewed(company), _pushes(company), _drafted(company)
    return Estate(waiting.id, decided.id, refused, passed, *reviewed, waiver.id, waiver.fingerprint, *pushes, *drafts)


def _drafted(company: Company) -> tuple[str, str]:
    """Have a plane look at the database, draft a grant with words that nobody understands, and one that is counted."""
    control, admin = company.control, company.people["admin"]
    control.catalogues.look(admin, "orders-db")
    columns = (
        ColumnSeen(name="id", type="integer", key=True),
        ColumnSeen(name="region", type=HOSTILE[:80]),
        ColumnSeen(name="mail", type="text", suggests="personal-email", because="both", share=9),
        ColumnSeen(name="note", type="text", prose=True, references=HOSTILE),
    )
    table = TableSeen(namespace="public", name="orders", rows=1200, columns=columns)
    look = CatalogueReport(integration="orders-db", tables=(table,), time=utc_now())
    with control.store.transaction() as session:
        control.catalogues.take(session, "editor", look)
        account = Account(name=HOSTILE, superuser=True)
        found = AccountsReport(integration="orders-db", accounts=(account,), time=utc_now())
        control.inventory.accounts.record(session, "editor", found)
    control.catalogues.confirm(admin, "orders-db", {"orders.id": ""})
    strange = control.grant_drafts.ask(admin, "orders-db", f"orders, {HOSTILE}")
    clear = control.grant_drafts.ask(admin, "orders-db", "top orders of my region with e-mails masked")
    control.grant_previews.order(admin, "orders-db", clear.id)
    alone = TableUniqueness(table="orders", columns=("region",), unique=85, under_five=90)
    counted = UniquenessReport(integration="orders-db", draft=clear.id, tables=(alone,), time=utc_now())
    with control.store.transaction() as session:
        control.grant_previews.take(session, "editor", counted)
    return strange.id, clear.id


def _waived(company: Company, review_id: str) -> Waiver:
    """Ask for a waiver of what a refused push was refused for."""
    control = company.control
    with control.store.transaction() as session:
        review = control.reviews.review(session, review_id)
    finding = next(item for item in review.findings if item.waivable)
    return control.waivers.request(company.people["builder"], review_id, finding.fingerprint, HOSTILE)


def _pushes(company: Company) -> tuple[str, str]:
    """Return the newest push and one that was refused."""
    with company.control.store.transaction() as session:
        found = company.control.source.pushes(session, company.control.catalog.app(session, APP))
    return found[0].id, next(push.id for push in found if not push.accepted)


def _govern(company: Company) -> None:
    """Put policies of the organisation into force, and propose others."""
    text = NO_KILLS.replace("principal,", "principal is Service,")
    tests = case_of("app.kill") + 'principal = "service:bot"\n'
    in_force(company, text, tests)
    text += f"// {PLAIN}\n"
    admin = company.people["admin"]
    company.control.policies.propose(admin, "house", scope=ORGANIZATION, text=text, tests=tests, reason=HOSTILE)


def _reviewed(company: Company) -> tuple[str, str, str]:
    """Hold three access reviews: one that is open, one that is over, and a draft; return their ids."""
    control, people = company.control, company.people
    control.identity.roles.assign(people["admin"], "builder", "user:gone@example.com", f"app:{APP}")
    control.identity.remember_person(Claims("", "", "gone@example.com", HOSTILE, (), {"region": HOSTILE}))
    service, due = control.access_reviews, utc_now() + timedelta(days=5)
    drafts = [service.draft(people["admin"], Plan(f"{name} {HOSTILE}", ORGANIZATION, due)) for name in ("A", "B", "C")]
    for draft in drafts[:2]:
        service.open(people["admin"], draft.id)
        with control.store.transaction() as session:
            mine = service.items(session, people["security"], draft.id).mine
        first, second, *_ = sorted(mine)
        service.decide(people["security"], draft.id, [first], Verdict.KEEP, HOSTILE)
        service.decide(people["security"], draft.id, [second], Verdict.REMOVE, HOSTILE)
    service.close(people["admin"], drafts[1].id, "enough")
    control.access_review_keeper.keep_going()
    return drafts[0].id, drafts[1].id, drafts[2].id


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
        calls = {"connections": 4, "requests": 0, "sent": 1_234_567, "received": 9_000_000, "last": now}
        why = {
            "protocol": "tls",
            "refused": 1,
            "reason": f"the TLS connection is for {HOSTILE}",
            "people": {HOSTILE: 3},
        }
        host = EgressSeen.model_validate({**calls, **why, "address": "rates.example.net:443"})
        undeclared = {"protocol": "", "refused": 7, "reason": "it is not declared"}
        other = EgressSeen.model_validate({**calls, **undeclared, "address": HOSTILE})
        for hour in range(20):
            start, hosts = now - timedelta(hours=hour), (host, other)[: 1 + hour % 2]
            sent = EgressRollup(app=APP, mode="production", release=release, start=start, seconds=10, hosts=hosts)
            control.observe.take_rollup(session, "production", sent)
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
        warned = AuditEvent(
            time=now, actor="plane:production", action="model.budget-warned", resource="folder:finance",
            outcome=Outcome.SUCCESS, reason=f"400 of 500 EUR {HOSTILE}", plane="production",
            context={"budget": "finance", "period": f"{now:%Y-%m-%d}", "unit": "money"},
        )  # fmt: skip
        control.planes.models.take_told(session, warned)
    control.stops.revive(company.people["admin"], APP, HOSTILE)
