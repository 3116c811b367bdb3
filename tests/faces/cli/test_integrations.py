"""Business systems on the command line: registered from a file, shown, changed, and granted as they say."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from bailiwick.control.integrations import take_pressure
from bailiwick.core.messages import LimitSeen, LimitsReport
from bailiwick.faces.cli.files import read_yaml
from tests.faces.cli.conftest import CommandLine
from tests.fixtures.rotated import wrap

pytestmark = pytest.mark.req("IN6", "IN9")
CRM = """name: crm
kind: http
description: Contacts and notes of the sales people
owner: group:sales-it
connections:
  editor:
    kind: http
    url: https://crm-test.example/api
  production:
    kind: http
    url: https://crm.example/api
    credential: {kind: bearer, secret: crm-key}
offers:
  contacts:read:
    - methods: [GET]
      path: /contacts/{id}
      query: [page]
      fields: [{path: ssn}, {path: email, mask: email}]
"""
SHOP = """name: shop
kind: postgresql
description: The shop
owner: user:admin@example.com
connections:
  production: {kind: postgresql, host: db.example, database: shop, user: reader, secret: crm-key}
offers:
  orders:read:
    - {relation: orders, operations: [select], columns: [id, {name: card, mask: last4}]}
"""
POST = """name: post
kind: smtp
description: Mail of the company
owner: group:it
connections:
  editor: {kind: smtp, host: mail-test.example.com}
  production:
    kind: smtp
    host: mail.example.com
    credential: {kind: basic, user: apps@example.com, secret: crm-key}
offers:
  invoices:write:
    - {senders: [billing@example.com], recipients: ["*@example.com"]}
"""
LAKE = """name: lake
kind: bigquery
description: Orders of all shops
owner: user:admin@example.com
connections:
  production:
    kind: bigquery
    project: company-data
    dataset: shop
    issuer: robot@company-data.iam.gserviceaccount.com
    secret: crm-key
offers:
  orders:read:
    - {relation: orders, operations: [select], columns: [id, {name: card, mask: last4}]}
"""
SNOW = """name: snow
kind: snowflake
description: Orders of all shops
owner: user:admin@example.com
connections:
  production: {kind: snowflake, account_name: MYORG-SHOP, user: BAILIWICK, secret: crm-key, database: SHOP}
offers:
  orders:read:
    - {relation: orders, operations: [select], columns: [id]}
"""
WEB_SHOP = """name: web-shop
kind: mysql
description: The web shop
owner: user:admin@example.com
connections:
  production: {kind: mysql, host: db.example, database: shop, user: reader, secret: crm-key}
offers:
  orders:read:
    - {relation: orders, operations: [select], columns: [id, {name: card, mask: last4}]}
"""
FIGURES = """name: figures
kind: duckdb
description: Figures
owner: user:admin@example.com
connections:
  production: {kind: duckdb, path: /srv/figures/quarter.duckdb}
offers:
  sales:read:
    - {relation: sales, operations: [select], columns: [day, amount]}
"""
MANIFEST = """[app]
name = "desk"
purpose = "Shows contacts"
kind = "web"
runtime = "python3"
entrypoint = "app:app"

[integrations.contacts]
use = "crm"
access = ["contacts:read"]
"""


@pytest.fixture
def known(command_line: CommandLine) -> CommandLine:
    with command_line.company.control.store.transaction() as session:
        command_line.company.control.vault.put(session, "crm-key", "the-key-of-the-crm", by="user:admin@example.com")
    wrap(command_line.company, "crm-key")
    return command_line


def written(folder: Path, text: str) -> Path:
    file = folder / "system.yaml"
    file.write_text(text)
    return file


def test_a_service_is_registered_shown_and_asked_for_in_a_manifest(known: CommandLine, tmp_path: Path) -> None:
    done = known.run("admin", "integration", "register", written(tmp_path, CRM))
    assert done.stdout == "crm: registered, it offers contacts:read\n", done.stderr
    shown = known.run("admin", "integration", "show", "crm").stdout
    assert "production   https://crm.example/api  bearer: crm-key" in shown
    assert "GET /contacts/{id}; parameters: only page; ssn hidden; email masked to its domain" in shown
    assert "the-key-of-the-crm" not in shown
    assert "crm" in known.run("admin", "integration", "list").stdout
    company = known.company
    answer = company.push("builder", {"bailiwick.toml": MANIFEST, "app.py": "app = 1\n"})
    assert answer.accepted, answer
    deploy = known.run("builder", "deploy", "finance/desk", "--json").stdout
    assert "crm: GET /contacts/{id}" in deploy
    assert company.actions().count(("integration.registered", "user:admin@example.com")) == 2


@pytest.mark.req("IN7")
def test_a_mask_of_nothing_is_not_taken_for_no_mask(known: CommandLine, tmp_path: Path) -> None:
    refused = known.run("admin", "integration", "register", written(tmp_path, SHOP.replace("last4", "null")))
    assert (refused.exit_code, 'mask: "null", in quotes' in refused.stderr) == (1, True), refused.stderr
    assert (
        known.run("admin", "integration", "register", written(tmp_path, SHOP.replace("last4", '"null"'))).exit_code == 0
    )
    assert "card (hidden)" in known.run("admin", "integration", "show", "shop").stdout


@pytest.mark.req("IN9")
def test_limits_are_declared_shown_with_how_near_they_are_and_changed_at_once(
    known: CommandLine, tmp_path: Path
) -> None:
    declared = CRM + "limits: {app: {rate: 600/min, at_once: 5}, breaker: {failures: 3}}\n"
    assert known.run("admin", "integration", "register", written(tmp_path, declared)).exit_code == 0
    shown = known.run("admin", "integration", "show", "crm").stdout
    assert "each app: 5 at once, 600/min, 150 in a burst" in shown
    assert "left alone for 10 s after 3 failures in a row" in shown
    changed = known.run("admin", "integration", "limit", "crm", "person.rate=10/s", "app.rate=", "reserve=0.5")
    assert "each person: 20 at once, 10/s, 2 in a burst" in changed.stdout, changed.stderr
    assert "each app: 5 at once\n" in changed.stdout
    assert "50% of the first limit is kept" in changed.stdout
    for wrong in ("app.rate=many", "nothing.rate=1/s", "app", "app.at_once=0", "reserve=2", "app.rate.calls.x=1"):
        refused = known.run("admin", "integration", "limit", "crm", wrong)
        assert refused.exit_code == 1, wrong
    assert known.run("builder", "integration", "limit", "crm", "app.at_once=900").exit_code == 1
    report = LimitsReport(
        integration="crm", seconds=10, calls=7, waited=2, repeated=0, refused={"rate": 3}, breaker="open",
        breaker_words="8 calls in a row failed", time=datetime(2030, 1, 1, tzinfo=UTC),
        nearest=(LimitSeen(scope="app", kind="at-once", limit="5 at once", share=0.8, who="finance/desk"),),
    )  # fmt: skip
    with known.company.control.store.transaction() as session:
        take_pressure(session, "production", report)
    shown = known.run("admin", "integration", "show", "crm").stdout
    assert "production: is left alone, it fails (8 calls in a row failed); 7 calls, 2 waited" in shown
    assert "production: each app (finance/desk): 80% of 5 at once" in shown
    assert "production: 3 refused for their rate" in shown
    known.run("admin", "integration", "disable", "crm", "--reason", "a leak")
    assert (
        "OFF for every app: user:admin@example.com: a leak" in known.run("admin", "integration", "show", "crm").stdout
    )
    assert ("integration.limited", "user:admin@example.com") in known.company.actions()


@pytest.mark.req("IN9")
def test_webhooks_are_declared_on_both_sides_and_approved_as_reach(known: CommandLine, tmp_path: Path) -> None:
    hooks = "    webhooks: {changes: {scheme: github, secret: crm-key}}\n"
    text = CRM.replace("    credential: {kind: bearer, secret: crm-key}\n", hooks)
    assert known.run("admin", "integration", "register", written(tmp_path, text)).exit_code == 0
    shown = known.run("admin", "integration", "show", "crm").stdout
    assert "production   sends changes by itself, signed as github with crm-key" in shown
    unknown = known.run(
        "admin", "integration", "register", written(tmp_path, text.replace("secret: crm-key", "secret: nothing"))
    )
    assert "the vault has no secret 'nothing'" in unknown.stderr
    company = known.company
    app = {"app.py": "app = 1\n"}
    wrong = MANIFEST + 'webhooks = {deletions = "/hooks/crm"}\n'
    refused = company.push("builder", {"bailiwick.toml": wrong, **app})
    assert "'crm' sends no webhook 'deletions'" in "\n".join(refused.lines)
    for path in ("hooks", "/../admin", "//x", "/a?b", "/"):
        odd = MANIFEST + f'webhooks = {{changes = "{path}"}}\n'
        assert not company.push("builder", {"bailiwick.toml": odd, **app}).accepted
    good = MANIFEST + 'webhooks = {changes = "/hooks/crm"}\n'
    assert company.push("builder", {"bailiwick.toml": good, **app}).accepted
    deploy = known.run("builder", "deploy", "finance/desk", "--json").stdout
    assert "crm sends changes to /hooks/crm, when it is signed" in deploy


def test_a_database_is_registered_with_columns_by_name(known: CommandLine, tmp_path: Path) -> None:
    assert known.run("admin", "integration", "register", written(tmp_path, SHOP)).exit_code == 0
    shown = known.run("admin", "integration", "show", "shop").stdout
    assert "db.example:5432/shop as reader" in shown
    assert "select on orders: all rows; columns id, card (masked to the last four)" in shown


def test_a_mail_server_is_registered_and_says_who_may_be_written_to(known: CommandLine, tmp_path: Path) -> None:
    done = known.run("admin", "integration", "register", written(tmp_path, POST))
    assert done.exit_code == 0, done.stderr
    shown = known.run("admin", "integration", "show", "post").stdout
    assert "mail.example.com:587 (starttls) as apps@example.com" in shown
    assert "sends mail as billing@example.com to *@example.com; 20 at once, 10 MiB each" in shown
    manifest = (
        MANIFEST.replace("contacts:read", "invoices:write").replace("contacts", "post").replace('"crm"', '"post"')
    )
    assert known.company.push("builder", {"bailiwick.toml": manifest, "app.py": "app = 1\n"}).accepted
    deploy = known.run("builder", "deploy", "finance/desk", "--json").stdout
    assert "post: sends mail as billing@example.com to *@example.com" in deploy
    wrong = POST.replace("[billing@example.com]", '["*"]')
    assert "mail comes from addresses" in known.run("admin", "integration", "register", written(tmp_path, wrong)).stderr


def test_databases_that_are_not_postgresql_are_registered_and_shown(known: CommandLine, tmp_path: Path) -> None:
    for name, text, words in (
        ("web-shop", WEB_SHOP, "db.example:3306/shop as reader"),
        ("figures", FIGURES, "/srv/figures/quarter.duckdb  read only"),
    ):
        done = known.run("admin", "integration", "register", written(tmp_path, text))
        assert done.exit_code == 0, done.stderr
        assert words in known.run("admin", "integration", "show", name).stdout


@pytest.mark.parametrize(
    ("text", "before", "after", "words"),
    [
        (WEB_SHOP, "secret: crm-key", "secret: crm-key, tls: false", "unless the database is on this machine"),
        (WEB_SHOP, "kind: mysql\ndescription", "kind: sqlite\ndescription", "are not all of the kind sqlite"),
        (WEB_SHOP, "secret: crm-key", "secret: crm-key, password: abc", "password"),
        (WEB_SHOP, "    - {relation: orders, operations: [select], columns: [id, {name: card, mask: last4}]}\n",
         "    - {methods: [GET], path: /}\n", "opens nothing of a system of the kind mysql"),
        (FIGURES, "path: /srv/figures/quarter.duckdb", "path: quarter.duckdb", "path"),
        (FIGURES, "path: /srv/figures/quarter.duckdb", "path: /srv/figures/../../etc/x", "path"),
    ],
    ids=["open-line", "kinds", "password", "calls", "relative", "dots"],
)  # fmt: skip
def test_a_database_that_would_not_be_safe_is_refused(
    known: CommandLine, tmp_path: Path, text: str, before: str, after: str, words: str
) -> None:
    assert before in text
    done = known.run("admin", "integration", "register", written(tmp_path, text.replace(before, after)))
    assert done.exit_code != 0
    assert words in done.stderr


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("name: crm\n", "", "does not say the name"),
        ("name: crm\n", "name: CRM!\n", "cannot name an integration"),
        ("group:sales-it", "sales", "has an owner"),
        ("  production:", "  moon:", "there is no plane 'moon'"),
        ("kind: http\ndescription", "kind: postgresql\ndescription", "are not all of the kind postgresql"),
        ("secret: crm-key", "secret: other-key", "the vault has no secret 'other-key'"),
        ("https://crm.example/api\n", "http://crm.example/api\n", "a credential goes over https only"),
        ("secret: crm-key", "secret: crm-key, token: abc", "token"),
        ("https://crm-test.example/api\n", "https://crm.example/api\n    credential: {kind: bearer, secret: crm-key}\n",
         "as the same account at the same place"),
        ("    - methods: [GET]\n      path: /contacts/{id}\n      query: [page]\n"
         "      fields: [{path: ssn}, {path: email, mask: email}]\n",
         "    - {relation: a, operations: [select], columns: [id]}\n", "opens nothing of a system of the kind http"),
        ("contacts:read", "contacts:all", "cannot name an access"),
        ("path: /contacts/{id}", "path: /contacts/../{id}/%2e", "path"),
        ("name: crm", "name: [crm", "is not YAML"),
        (CRM, "- a list\n", "holds no names with values"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused_with_what_to_do(
    known: CommandLine, tmp_path: Path, before: str, after: str, words: str
) -> None:
    assert before in CRM
    refused = known.run("admin", "integration", "register", written(tmp_path, CRM.replace(before, after, 1)))
    assert (refused.exit_code, words in refused.stderr) == (1, True), refused.stderr
    assert "the-key-of-the-crm" not in refused.stderr
    assert "crm " not in known.run("admin", "integration", "list").stdout


@pytest.mark.req("ID1")
def test_whoever_may_not_is_refused(known: CommandLine, tmp_path: Path) -> None:
    refused = known.run("builder", "integration", "register", written(tmp_path, CRM))
    assert (refused.exit_code, "integration.manage" in refused.stderr) == (1, True)
    unknown = known.run("admin", "integration", "show", "nothing")
    assert (unknown.exit_code, "there is no integration 'nothing'" in unknown.stderr) == (1, True)
    gone = known.run("admin", "integration", "register", tmp_path / "nowhere.yaml")
    assert gone.exit_code == 2


def test_warehouses_are_registered_and_shown(known: CommandLine, tmp_path: Path) -> None:
    for text, where in (
        (LAKE, "company-data.shop as robot@company-data.iam.gserviceaccount.com"),
        (SNOW, "MYORG-SHOP SHOP.PUBLIC as BAILIWICK"),
    ):
        name = text.split()[1]
        assert known.run("admin", "integration", "register", written(tmp_path, text)).exit_code == 0
        assert where in known.run("admin", "integration", "show", name).stdout
        wrong = text.replace("secret: crm-key", "secret: no-such-key")
        refused = known.run("admin", "integration", "register", written(tmp_path, wrong))
        assert "the vault has no secret" in refused.stderr


@pytest.mark.req("IN7")
def test_days_and_times_of_a_file_stay_as_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("until: 2026-12-31T00:00:00Z\nday: 2026-01-31\nmany: [2026-02-01, 7, 1.5, true, null, x]\n")
    assert read_yaml(file) == {
        "until": "2026-12-31T00:00:00Z", "day": "2026-01-31", "many": ["2026-02-01", 7, 1.5, True, None, "x"]
    }  # fmt: skip
    file.write_text("a: !!python/object/apply:os.system [id]\n")
    with pytest.raises(typer.Exit):
        read_yaml(file)
