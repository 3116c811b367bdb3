"""The settings page: versions and what drifted, for whoever may read it."""

from pathlib import Path

import pytest

from bailiwick.control.declared.drifting import note_drift
from tests.control.declared.test_planes import watching
from tests.faces.console.conftest import Console, Open
from tests.faces.console.test_pages import AXE, RULES


@pytest.mark.req("AI4")
def test_drift_is_shown_with_whose_hand_it_was(open_as: Open, console: Console, tmp_path: Path) -> None:
    control = console.company.control
    control.declared.record()
    with control.store.transaction() as session:
        drift = {"who": "mallory", "changed": control.clock(), "lines": ["max_push_bytes: 1 → 2"]}
        note_drift(session, control.audit, control.clock(), place="file", **drift)
    plane = watching(console.company, tmp_path)
    watch = plane.started()
    plane.heard(watch)
    plane.edit(ingress_port=2)
    plane.heard(watch)
    page = open_as("security", bypass_csp=True)
    page.goto("/settings")
    assert page.inner_text(".glance") == "2 places drifted from what was declared."
    assert "By mallory" in page.inner_text("main")
    assert "the file of the data plane production" in page.inner_text("main")
    assert "ingress_port: 1 → 2" in page.inner_text("main")
    card = page.locator("section.card", has_text="mallory")
    assert "max_push_bytes: 1 → 2" in card.inner_text()
    assert "Version 1" in page.inner_text("main")
    page.add_script_tag(path=str(AXE))
    assert page.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == []


@pytest.mark.req("AI4")
def test_a_builder_does_not_see_settings(console: Console) -> None:
    browser, _ = console.signed_in("builder")
    answer = browser.get("/settings")
    assert answer.status_code == 403
    assert "max_push_bytes" not in answer.text


@pytest.mark.req("VA4")
def test_the_keys_of_the_vault_are_shown_and_who_wants_to_destroy_them(open_as: Open, console: Console) -> None:
    service, people = console.company.control.encryption_keys, console.company.people
    service.rotate_tenant(people["admin"], "once a year")
    service.ask_shredding(people["admin"], "default", "the contract ended")
    page = open_as("security", bypass_csp=True)
    page.goto("/settings")
    card = page.locator("section.card", has_text="The company’s key").inner_text()
    assert "The company’s key is held by local-file: local-file:" in card
    assert "is kept for 300 seconds" in card
    assert "user:admin@example.com asks to destroy the tenant’s keys: the contract ended" in card
    assert "Version 1, made" in card
    assert "Version 2, made" in card
    assert "seals 0 records" in card
    page.add_script_tag(path=str(AXE))
    assert page.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == []
