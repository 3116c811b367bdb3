"""The pages of secrets: whose each is, how it is rotated, the button, and what a leak says; never a value."""

import pytest

from bailiwick.control.rotations import CertificateSource
from bailiwick.control.vault import Environment
from tests.control.vault.test_environments import shop
from tests.faces.console.conftest import Console, csrf_token
from tests.fixtures.rotated import FIRST, NAME, Twins, declare, put

pytestmark = pytest.mark.req("SE1", "SE2")


def test_an_administrator_rotates_a_secret_and_sees_how_it_goes(console: Console, twins: Twins) -> None:
    declare(console.company, twins.source(), every_hours=720)
    admin, _ = console.signed_in("admin")
    assert "3 secrets, 1 of them rotated by a schedule." in admin.get("/secrets").text
    page = admin.get(f"/secrets/{NAME}").text
    assert "every 720 hours" in page
    form = {"csrf_token": csrf_token(page), "reason": "somebody left"}
    assert admin.post(f"/secrets/{NAME}/rotate", data={**form, "csrf_token": "x"}).status_code == 403
    assert admin.post(f"/secrets/{NAME}/rotate", data=form).status_code == 303
    console.company.control.rotation_keeper.keep()
    page = admin.get(f"/secrets/{NAME}").text
    for words in ("somebody left", "switched", "version 2 is in force", f"signs in as {twins.b}", twins.b):
        assert words in page, words
    assert FIRST not in page
    assert "Rotate orders" not in page
    put(console.company, "mail-key", "the-key-of-the-mail-service")
    console.company.push("builder", {"settings.py": "KEY = 'the-key-of-the-mail-service'\n"})
    listed = admin.get("/secrets").text
    assert "Leaked, and a person must store another: mail-key." in listed
    assert "the-key-of-the-mail-service" not in listed


def test_a_certificate_says_where_it_is_made_and_that_it_is_renewed_before_it_ends(console: Console) -> None:
    source = CertificateSource(kind="certificate", subject="crm")
    declare(console.company, source, "crm-certificate")
    admin, _ = console.signed_in("admin")
    page = admin.get("/secrets/crm-certificate").text
    for words in ("made at the platform&#39;s own authority, for CN=crm", "UTC, and before it ends"):
        assert words in page, words
    form = {"csrf_token": csrf_token(page), "reason": "somebody left"}
    assert admin.post("/secrets/crm-certificate/rotate", data=form).status_code == 303
    console.company.control.rotation_keeper.keep()
    page = admin.get("/secrets/crm-certificate").text
    assert "signs in as" in page
    assert "CN=crm" in page
    assert "PRIVATE KEY" not in page


def test_a_secret_of_a_folder_says_where_it_belongs_and_who_uses_it(console: Console) -> None:
    company = console.company
    company.control.rotations.put(company.people["admin"], "finance/shop", FIRST, Environment.NON_PRODUCTION)
    company.control.integrations.register(company.people["admin"], shop("finance", editor="finance/shop"))
    admin, _ = console.signed_in("admin")
    listed, page = admin.get("/secrets").text, admin.get("/secrets/finance/shop").text
    for words in ("finance/shop", "non-production", "shop-db on editor", "the organisation"):
        assert words in listed, words
    for words in ("<code>finance</code>, and what is below", "non-production", "<code>shop-db</code> on editor"):
        assert words in page, words
    assert FIRST not in listed + page
    form = {"csrf_token": csrf_token(page), "reason": "please"}
    assert admin.post("/secrets/finance/shop/rotate", data=form).status_code == 409  # nothing says how


def test_nobody_else_sees_or_rotates_secrets(console: Console, twins: Twins) -> None:
    builder, _ = console.signed_in("builder")
    page = builder.get("/secrets").text
    assert NAME not in page
    assert builder.get(f"/secrets/{NAME}").status_code == 403
    form = {"csrf_token": csrf_token(page), "reason": "please"}
    assert builder.post(f"/secrets/{NAME}/rotate", data=form).status_code == 403


def test_another_administrator_agrees_that_a_secret_is_seen(console: Console) -> None:
    company = console.company
    put(company, "crm-key", "the-key-of-the-crm")
    asked = company.control.reveals.ask(company.people["admin"], "crm-key", "the vendor asks")
    admin, _ = console.signed_in("admin")
    page = admin.get("/secrets/crm-key").text
    form = {"csrf_token": csrf_token(page), "reason": "I know why"}
    assert admin.post(f"/secrets/crm-key/reveals/{asked.id}/approve", data=form).status_code == 403
    security, _ = console.signed_in("security")
    page = security.get("/secrets/crm-key").text
    assert "the vendor asks" in page
    form["csrf_token"] = csrf_token(page)
    assert security.post(f"/secrets/crm-key/reveals/{asked.id}/approve", data=form).status_code == 303
    page = security.get("/secrets/crm-key").text
    assert "user:security@example.com" in page
    assert "Agree that they see it" not in page
    assert company.control.reveals.value(company.people["admin"], asked.id)[1] == "the-key-of-the-crm"
    assert "the-key-of-the-crm" not in security.get("/secrets/crm-key").text
