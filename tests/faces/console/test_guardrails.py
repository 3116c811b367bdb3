"""Guardrails in the console: without script, from the form to how it is for an app."""

import pytest

from tests.faces.console.conftest import Console, csrf_token
from tests.fixtures.company import APP

pytestmark = pytest.mark.req("RT4")


def test_a_guardrail_is_set_seen_at_an_app_and_removed(console: Console) -> None:
    admin, _ = console.signed_in("admin")
    page = admin.get("/guardrails").text
    assert "the usual values hold" in page
    token = {"csrf_token": csrf_token(page)}
    form = {"place": "folder:finance", "field": "errors.error_ratio", "value": "0.2", "reason": "the audit"} | token
    assert admin.post("/guardrails", data=form).status_code == 303
    page = admin.get("/guardrails").text
    for words in ("folder:finance", "error_ratio = 0.2", "the audit", "user:admin@example.com"):
        assert words in page
    wrong = admin.post("/guardrails", data=form | {"value": "7"})
    assert wrong.status_code == 400
    assert "less than or equal to 1" in wrong.text
    builder, _ = console.signed_in("builder")
    seen = builder.get(f"/guardrails/for?app={APP}").text
    assert "1 of " in seen
    assert "folder:finance" in seen
    assert builder.get("/guardrails").status_code == 403
    gone = {"place": "folder:finance", "section": "errors", "reason": "over"} | token
    assert admin.post("/guardrails/remove", data=gone).status_code == 303
    assert "Before" in admin.get("/guardrails").text
