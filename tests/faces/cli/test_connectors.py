"""Integrations made of connectors and OpenAPI documents: a few lines in a file, and nothing that nobody picked."""

import json
from pathlib import Path

import pytest

from bailiwick.control.integrations import Connectors
from bailiwick.control.vault import Environment
from bailiwick.core.errors import InvalidInputError
from tests.core.test_openapi import FILE
from tests.faces.cli.conftest import CommandLine
from tests.faces.cli.test_integrations import written
from tests.fixtures.rotated import wrap

pytestmark = pytest.mark.req("IN1", "IN6")
SLACK = """name: chat
connector: slack
owner: group:it
access: [messages:read, messages:write]
connections:
  editor: {credential: {kind: bearer, secret: test-key}}
  production: {credential: {kind: bearer, secret: crm-key}}
"""
SALESFORCE = """name: sales
connector: salesforce
owner: group:it
access: [contacts:read]
connections:
  production:
    values: {domain: acme}
    credential: {kind: client-credentials, client: bailiwick, secret: crm-key}
"""
MANIFEST = """[app]
name = "desk"
purpose = "Shows contacts"
entrypoint = "app:app"
data_classes = [%s]

[integrations.chat]
use = "chat"
access = ["messages:read"]
"""
CODE = "import os\n\nADDRESS = os.environ['CHAT_URL']\n\n\ndef app(environ, start_response):\n    return [ADDRESS]\n"


@pytest.fixture
def known(command_line: CommandLine) -> CommandLine:
    with command_line.company.control.store.transaction() as session:
        for name, environment in (("crm-key", Environment.PRODUCTION), ("test-key", Environment.NON_PRODUCTION)):
            value, by = f"the-{name}-itself", "user:admin@example.com"
            command_line.company.control.vault.put(session, name, value, by=by, environment=environment)
    for name in ("crm-key", "test-key"):
        wrap(command_line.company, name)
    return command_line


def test_connectors_are_listed_and_say_how_to_register_them(known: CommandLine) -> None:
    listed = known.run("builder", "connector", "list").stdout
    assert [line.split()[0] for line in listed.splitlines()] == [
        "github",
        "google-sheets",
        "rest",
        "s3",
        "salesforce",
        "slack",
    ]
    shown = known.run("builder", "connector", "show", "salesforce").stdout
    for words in ("follow the address in nextRecordsUrl", "contacts:read: One contact", "Birthdate hidden",
                  "connector: salesforce", "domain: your My Domain", "kind: bearer"):  # fmt: skip
        assert words in shown, words
    unknown = known.run("builder", "connector", "show", "sap")
    assert (unknown.exit_code, "there is no connector 'sap'" in unknown.stderr) == (1, True)


def test_a_few_lines_make_an_integration_with_limits_and_classes_of_data(known: CommandLine, tmp_path: Path) -> None:
    done = known.run("admin", "integration", "register", written(tmp_path, SLACK))
    assert done.stdout == "chat: registered, it offers messages:read, messages:write\n", done.stderr
    shown = known.run("admin", "integration", "show", "chat").stdout
    for words in ("https://slack.com/api  bearer: crm-key", "GET /conversations.history; parameters: only channel",
                  "all apps together: 10 at once, 50/min", "POST /chat.postMessage"):  # fmt: skip
        assert words in shown, words
    assert "/users.list" not in shown, "only what was picked is offered"
    company = known.company
    held = company.push("builder", {"bailiwick.toml": MANIFEST % "", "app.py": CODE})
    assert "brings correspondence data (/conversations.history#messages.text" in "\n".join(held.lines)
    named = company.push("builder", {"bailiwick.toml": MANIFEST % '"correspondence"', "app.py": CODE})
    assert named.accepted, named.lines
    refused = known.run("builder", "integration", "register", written(tmp_path, SLACK))
    assert (refused.exit_code, "integration.manage" in refused.stderr) == (1, True)


def test_what_is_the_same_for_everybody_comes_from_the_connector(known: CommandLine, tmp_path: Path) -> None:
    assert known.run("admin", "integration", "register", written(tmp_path, SALESFORCE)).exit_code == 0
    found = json.loads(known.run("admin", "integration", "show", "sales", "--json").stdout)
    place = found["connections"]["production"]
    assert place["url"] == "https://acme.my.salesforce.com/services/data/v61.0"
    assert place["credential"]["token_url"] == "https://acme.my.salesforce.com/services/oauth2/token"
    assert found["connector"] == "salesforce"
    assert found["data_classes"]["/sobjects/Contact/{id}#Email"] == "customer"


@pytest.mark.parametrize(
    ("text", "before", "after", "words"),
    [
        (SLACK, "messages:read, messages:write", "messages:admin", "has no access 'messages:admin'"),
        (SLACK, "messages:read, messages:write", "", "access"),
        (SLACK, "connector: slack", "connector: teams", "there is no connector 'teams'"),
        (SLACK, "kind: bearer", "kind: basic, user: a", "does not take a credential of the kind 'basic'"),
        (SLACK, "secret: crm-key", "secret: other-key", "the vault has no secret 'other-key'"),
        (SLACK, "secret: test-key", "secret: test-key, token: xoxb-1234", "a connection of Slack is not right"),
        (SLACK, "editor: {credential", "editor: {values: {host: evil}, credential", "wants other values: host"),
        (SALESFORCE, "domain: acme", "domain: acme.evil.example/", "cannot stand in an address"),
        (SALESFORCE, "domain: acme", "domain: 'a@evil.example#'", "cannot stand in an address"),
        (SALESFORCE, "domain: acme", "dommain: acme", "wants other values: domain, dommain"),
        (SALESFORCE, "{domain: acme}", "{}", "wants other values: domain"),
    ],
)
def test_what_does_not_fit_its_connector_is_refused(
    known: CommandLine, tmp_path: Path, text: str, before: str, after: str, words: str
) -> None:
    assert before in text
    refused = known.run("admin", "integration", "register", written(tmp_path, text.replace(before, after, 1)))
    assert (refused.exit_code, words in refused.stderr) == (1, True), refused.stderr
    assert "xoxb-1234" not in refused.stderr


def test_an_organisation_has_connectors_of_its_own_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "wiki.yaml"
    file.write_text(
        "name: wiki\ntitle: The wiki\nabout: Pages\ndocs: https://wiki.example/api\nurl: https://wiki.example/api\n"
        "credentials: {bearer: {}}\naccess: {pages:read: {about: Pages, requests: [{methods: [GET], path: /pages}]}}\n"
    )
    assert "wiki" in [item.name for item in Connectors(tmp_path).all()]
    for wrong in ("url: https://{host}/api", "url: 5\nbogus: 1", "credentials: {}", "name: [", "- a"):
        file.write_text(
            f"name: wiki\ntitle: W\nabout: P\ndocs: https://w.example\ncredentials: {{bearer: {{}}}}\n{wrong}\n"
        )
        with pytest.raises(InvalidInputError, match=r"wiki\.yaml"):
            Connectors(tmp_path)


@pytest.mark.req("IN7")
def test_an_openapi_document_becomes_a_file_with_what_was_picked(known: CommandLine, tmp_path: Path) -> None:
    listed = known.run("admin", "integration", "import", FILE)
    assert "contacts:read" in listed.stdout
    assert "GET /contacts/{contactid}" in listed.stdout
    assert "left out: GET /elsewhere: it refers to another document" in listed.stderr
    made = known.run(
        "admin", "integration", "import", FILE, "--name", "crm", "--owner", "group:it", "--pick", "contacts:read",
        "--pick", "create_contact:write", "--hide", "customer",
    )  # fmt: skip
    editor = "connections:\n  editor: {kind: http, url: https://crm-test.example/api}\n"
    file = written(tmp_path, made.stdout.replace("connections:\n", editor))
    assert known.run("admin", "integration", "register", file).exit_code == 0
    shown = known.run("admin", "integration", "show", "crm").stdout
    assert "https://crm.example/api/v2  no credential" in shown
    assert "POST /contacts; no parameters; fields sent: only name, email; sends the headers x-tenant" in shown
    assert "customer data hidden" in shown
    assert "DELETE" not in shown
    assert known.run("admin", "integration", "import", FILE, "--pick", "everything:write").exit_code == 1
    classify = ("admin", "integration", "classify", "crm")
    assert known.run(*classify, "/contacts/{contactid}#owner.email=customer").exit_code == 0
    for wrong in ("/admin#email=customer", "/contacts#a b=customer", "/contacts=customer", "contacts.email=customer"):
        assert "offers no field" in known.run(*classify, wrong).stderr, wrong
    company = known.company
    manifest = MANIFEST % ""
    manifest = manifest.replace('"chat"', '"crm"').replace("messages:read", "contacts:read")
    assert company.push("builder", {"bailiwick.toml": manifest, "app.py": CODE}).accepted, (
        "what is hidden is not brought"
    )
    deploy = known.run("builder", "deploy", "finance/desk", "--json").stdout
    assert "owner.email hidden" in deploy
