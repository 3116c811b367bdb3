"""`bailiwick integration classify`: said by who keeps integrations, remembered, and held against manifests."""

import json

import pytest

from tests.faces.cli.conftest import CommandLine

MANIFEST = """[app]
name = "desk"
purpose = "Looks up orders for the desk"
entrypoint = "app:app"

[integrations.orders]
use = "orders-db"
access = ["orders:read"]
"""
CODE = "import os\n\nADDRESS = os.environ['ORDERS_URL']\n\n\ndef app(environ, start_response):\n    return [ADDRESS]\n"


@pytest.mark.req("RV4", "OB1")
def test_a_push_is_held_to_the_classes_of_what_it_asks_for(command_line: CommandLine) -> None:
    company = command_line.company
    before = company.push("builder", {"bailiwick.toml": MANIFEST, "app.py": CODE})
    assert before.accepted, before.lines
    refused = command_line.run("builder", "integration", "classify", "orders-db", "orders.region=customer")
    assert refused.exit_code == 1
    done = command_line.run("admin", "integration", "classify", "orders-db", "orders.region=customer")
    assert done.exit_code == 0, done.output
    shown = json.loads(command_line.run("admin", "integration", "list", "--json").output)
    assert shown["integrations"][0]["data_classes"] == {"orders.region": "customer"}
    push = company.push("builder", {"bailiwick.toml": MANIFEST, "app.py": CODE + "\n"})
    assert not push.accepted
    assert "brings customer data (orders.region), which data_classes does not name" in "\n".join(push.lines)
    named = MANIFEST.replace("\n\n[int", '\ndata_classes = ["customer"]\n\n[int')
    assert company.push("builder", {"bailiwick.toml": named, "app.py": CODE + "\n"}).accepted
    events = command_line.run("admin", "audit", "search", "action=integration.classified")
    assert "admin@" in events.output


@pytest.mark.req("RV4")
@pytest.mark.parametrize(
    ("name", "column", "said"),
    [
        ("orders-db", "orders.salary=payroll", "'orders-db' offers no column 'orders.salary'"),
        ("orders-db", "orders.region=Very Secret", "is no name of a class of data"),
        ("nothing", "orders.region=customer", "there is no integration 'nothing'"),
        ("orders-db", "orders.region", "TABLE.COLUMN=CLASS"),
    ],
)
def test_what_cannot_be_is_refused_in_words(command_line: CommandLine, name: str, column: str, said: str) -> None:
    done = command_line.run("admin", "integration", "classify", name, column)
    assert done.exit_code != 0
    assert said in done.output


@pytest.mark.req("RV4")
def test_a_class_is_taken_away_again_and_verdicts_rest_on_what_there_is(command_line: CommandLine) -> None:
    control = command_line.company.control
    with control.store.transaction() as session:
        nothing = control.reviews.basis_now(session)
    command_line.run("admin", "integration", "classify", "orders-db", "orders.region=customer")
    with control.store.transaction() as session:
        assert control.reviews.basis_now(session) != nothing
    done = command_line.run("admin", "integration", "classify", "orders-db", "orders.region=")
    assert "no column has a class" in done.output
    with control.store.transaction() as session:
        assert control.reviews.basis_now(session) == nothing
