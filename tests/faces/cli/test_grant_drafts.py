"""`bailiwick integration look`, `ask`, `save` and the others, before a real server."""

import json

import pytest

from tests.control.grant_drafts.conftest import ORDERS, seen, tell
from tests.faces.cli.conftest import CommandLine

pytestmark = pytest.mark.req("IN8", "IN5")


def test_from_tables_to_a_saved_rule(command_line: CommandLine) -> None:
    control = command_line.company.control

    def run(*words: str, who: str = "admin", code: int = 0) -> str:
        done = command_line.run(who, "integration", *words)
        assert done.exit_code == code, done.output
        return done.output

    assert "nobody has looked yet: bailiwick integration look orders-db" in run("tables", "orders-db")
    assert "nobody has looked yet" in run("ask", "orders-db", "orders", code=1)
    control.catalogues.look(command_line.company.people["admin"], "orders-db")
    tell(command_line.company, seen(ORDERS))
    shown = run("tables", "orders-db")
    assert "orders  about 1,200 rows" in shown
    assert "seems to hold payment-card (by form, 9 of 10 values)" in shown
    assert "orders.customer_email" in run("confirm", "orders-db", "orders.customer_email")
    assert "nothing is suggested for orders.id" in run("confirm", "orders-db", "orders.id", code=1)
    assert "payment-card" in run("confirm", "orders-db")
    assert "nothing waits to be confirmed" in run("confirm", "orders-db")
    said = run("ask", "orders-db", "orders of my region, no card numbers, by astrology")
    assert "only rows whose region is the person's own region; columns id, region, amount, ordered_at" in said
    assert "not understood" in said
    draft = json.loads(run("ask", "orders-db", "top orders of my region", "--json"))
    assert draft["given_not_asked"] == ["all rows of orders, not only 'top'"]
    place = ("orders-db", draft["id"])
    assert "opens more than was asked" in run("save", *place, "top_orders:read", "--reason", "needed", code=1)
    assert "no policy lets" in run("save", *place, "top_orders:read", "--reason", "needed", who="builder", code=1)
    assert "orders-db offers top_orders:read" in run("save", *place, "top_orders:read", "--reason", "so", "--wider")
    assert f"//bailiwick-grants.preview.localhost:8410/{draft['id']}" in run(
        "preview", *place, "--as", "user@example.com"
    )
    assert "as user:user@example.com sees it" in run("preview", *place, "--as", "user@example.com")
    assert "no app in production has a grant on it" in run("usage", "orders-db")
    assert "nothing narrower is known to do" in run("narrower", "orders-db", "finance/desk", code=1)
    assert "no plane has told of an account" in run("accounts", "orders-db")
    assert "no plane 'mars' reaches orders-db" in run("look", "orders-db", "--plane", "mars", code=1)
