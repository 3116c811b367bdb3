"""The picture of a design: what is drawn, what is dashed, and what does not fit."""

import pytest

from bailiwick.control.design import Design, Part
from bailiwick.faces.console.design_view import WIDTH, design_view

DESIGN = Design(
    "Shows orders",
    "web",
    ("customer", "payment"),
    (
        Part("data", "integration:orders-db.orders", ("select", "update")),
        Part("host", "rates.example.net:443", ("connect",), seen=False),
        Part("model", "support-model", ("ask",)),
    ),
)


@pytest.mark.req("RV12")
def test_people_stand_to_the_left_and_what_the_app_works_with_to_the_right() -> None:
    view = design_view("finance/desk", DESIGN, ["group:support", "user:ada@example.com"], None)
    kinds = [node.kind for node in view.nodes]
    assert kinds == ["people", "people", "app", "data", "host", "model"]
    assert max(node.x + node.width for node in view.nodes) <= WIDTH
    assert [node.seen for node in view.nodes if node.kind == "host"] == [False]
    assert [edge.label for edge in view.edges] == ["customer, payment"] * 2 + ["select, update", "connect", "ask"]
    assert "serves group:support and user:ada@example.com, with customer and payment data" in view.words
    assert view.unseen == 1
    assert view.grown[0] == "is for: Shows orders"


@pytest.mark.req("RV12")
def test_only_what_is_new_has_grown_and_what_does_not_fit_is_counted() -> None:
    many = Design("Shows orders", "web", ("customer",), tuple(Part("host", f"h{n}.example:443") for n in range(40)))
    view = design_view("finance/desk", many, [f"user:u{n}@example.com" for n in range(20)], DESIGN)
    assert view.left_out == 16
    assert "and 15 more" in [node.label for node in view.nodes]
    assert len(view.grown) == 40
    assert DESIGN.grown_since(DESIGN) == ()
    assert len({node.y for node in view.nodes if node.kind == "host"}) == 24
    nobody = design_view("finance/desk", Design("For nobody yet", "job", (), ()), [], None)
    assert [node.label for node in nobody.nodes] == ["nobody yet", "finance/desk"]
