from dataclasses import replace

import pytest

from bailiwick.control.review import Change, Finding, Rule, Severity, Step, review, rule
from bailiwick.control.review.reach import weighed
from bailiwick.core.artifacts import TreeFile

APP = '[app]\nname = "desk"\npurpose = "Shows orders to support staff"\nentrypoint = "app:app"\n'
INJECTION = Finding(rule("sql-injection"), "app.py", 3, "a form reaches SQL", "db.execute(x)")
SECRET = Finding(rule("secret-in-code"), "app.py", 4, "a key", "KEY = 1")


def one(finding: Finding, manifest: str) -> Finding:
    (found,) = weighed([finding], Change("0" * 40, (), (TreeFile("bailiwick.toml", manifest.encode()),)))
    return found


@pytest.mark.req("RV2")
def test_an_injection_is_worse_in_an_app_that_holds_payment_data() -> None:
    found = one(INJECTION, APP + 'data_classes = ["payment-cards", "weather"]\n')
    assert found.severity == Severity.CRITICAL
    assert found.message == "a form reaches SQL; worse here, as the app holds payment-cards data"
    assert one(INJECTION, APP + 'data_classes = ["weather"]\n') == INJECTION
    assert one(INJECTION, APP) == INJECTION


@pytest.mark.req("RV2")
def test_it_is_worse_where_the_app_may_write() -> None:
    writing = APP + '[integrations.orders]\nuse = "orders-db"\naccess = ["orders:read", "refunds:write"]\n'
    assert one(INJECTION, writing).message.endswith("worse here, as the app may write to orders-db")
    assert one(INJECTION, writing.replace(', "refunds:write"', "")) == INJECTION


@pytest.mark.req("RV2")
def test_nothing_that_an_author_writes_lowers_a_finding_below_what_blocks() -> None:
    static = APP.replace('entrypoint = "app:app"', 'kind = "static"\n[static]\nfolder = "dist"')
    assert one(INJECTION, static).severity == Severity.MEDIUM
    medium = replace(INJECTION, rule=Rule("r", Severity.MEDIUM, "", "", "CWE-79", "A05:2025"))
    assert one(medium, static).severity == Severity.MEDIUM
    flow = replace(SECRET, steps=(Step("app.py", 1, "from here"),))
    assert one(SECRET, static) == SECRET
    assert one(flow, static) == flow


@pytest.mark.req("RV2")
@pytest.mark.parametrize("broken", ["", "[app", "\udcff", APP + "unknown = 1\n"])
def test_without_a_manifest_that_can_be_read_a_finding_is_as_bad_as_its_rule(broken: str) -> None:
    content = broken.encode(errors="surrogateescape")
    (found,) = weighed([INJECTION], Change("0" * 40, (), (TreeFile("bailiwick.toml", content),)))
    assert found == INJECTION


@pytest.mark.req("RV2")
def test_a_review_says_why_it_is_worse_here() -> None:
    code = b'app = 1\ndef f(db, name):\n    db.execute("SELECT " + name)\n'
    manifest = APP + 'data_classes = ["health"]\n'
    report = review(Change("0" * 40, (), (TreeFile("bailiwick.toml", manifest.encode()), TreeFile("app.py", code))))
    (found,) = [item for item in report.findings if item.rule.id == "sql-injection"]
    assert found.severity == Severity.CRITICAL
    assert "worse here, as the app holds health data" in found.message


@pytest.mark.req("RV2", "RV9")
def test_advice_stays_advice_whatever_the_app_can_reach() -> None:
    advice = Finding(rule("clickjacking"), "app.py", 1, "no header forbids frames")
    assert one(advice, APP + 'data_classes = ["payment-cards"]\n') == advice
