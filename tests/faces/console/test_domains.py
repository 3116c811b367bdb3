"""Host names of an app on its page, and sign-in that leads back to them and to no others."""

import pytest

from tests.faces.console.conftest import Console, csrf_token
from tests.fixtures.company import APP

pytestmark = pytest.mark.req("DG4", "ID1")
HOST = "refunds.company.example"


def test_an_administrator_gives_an_app_a_name_on_its_page_and_sign_in_leads_to_it(console: Console) -> None:
    admin, _ = console.signed_in("admin")
    page = admin.get(f"/apps/{APP}").text
    assert "under the platform&#39;s name only" in page or "under the platform's name only" in page
    form = {"host": HOST, "reason": "for customers", "csrf_token": csrf_token(page)}
    asked = {"app": APP, "mode": "production", "challenge": "c" * 43, "state": "s", "host": HOST}
    assert admin.get("/sign-in/app", params=asked).status_code == 400
    assert admin.post(f"/apps/{APP}/domains", data=form).status_code == 303
    page = admin.get(f"/apps/{APP}").text
    assert HOST in page
    assert "for customers" in page
    to_app = admin.get("/sign-in/app", params=asked)
    assert to_app.status_code == 303
    assert f"://{HOST}:" in to_app.headers["location"]
    assert "/.bailiwick/callback?code=" in to_app.headers["location"]
    # Nothing of a request names a host that the app does not have; a preview has no names.
    for wrong in ({"host": "evil.example"}, {"mode": "preview"}, {"host": f"{HOST}@evil.example"}):
        assert admin.get("/sign-in/app", params={**asked, **wrong}).status_code == 400
    builder, _ = console.signed_in("builder")
    assert builder.post(f"/apps/{APP}/domains", data=form).status_code == 403
    assert admin.post(f"/apps/{APP}/domains/remove", data=form).status_code == 303
    assert admin.get("/sign-in/app", params=asked).status_code == 400


def test_the_page_says_that_an_app_is_open_to_everybody(console: Console) -> None:
    admin, _ = console.signed_in("admin")
    token = {"csrf_token": csrf_token(admin.get("/guardrails").text)}
    form = {"place": f"app:{APP}", "environment": "production", "field": "access.public", "value": "true"}
    assert admin.post("/guardrails", data={**form, **token, "reason": "for customers"}).status_code == 303
    page = admin.get(f"/apps/{APP}").text
    assert "Public: everybody may open it in production without sign-in" in page
    assert "for customers" in page
