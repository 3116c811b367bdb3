"""What is known of packages, in a real browser: how old it is, what is missing, and who may see it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.faces.console.conftest import Console, Open
from tests.faces.console.test_pages import AXE, RULES

ASSETS = Path(__file__).parents[2] / "assets"


@pytest.mark.req("RV5")
def test_the_page_says_what_there_is_and_how_old_it_is(open_as: Open, console: Console) -> None:
    control, admin = console.company.control, console.company.people["admin"]
    page = open_as("security")
    page.goto("/packages")
    main = page.get_by_role("main")
    expect(main).to_contain_text("There are no advisories on PyPI and npm.")
    expect(main).to_contain_text("No copy of the index")
    control.advisories.take(admin, [ASSETS / "osv"])
    control.index.take(admin, [ASSETS / "index" / "lines.jsonl"], adds=True)
    page.reload()
    expect(main).to_contain_text("The advisories on PyPI and npm are older than 7 days.")
    expect(page.get_by_role("region", name="Advisories")).to_contain_text("5 advisories")
    index = page.get_by_role("region", name="The copy of the index")
    expect(index).to_contain_text("6 packages in 8 versions, not all that the index has")
    expect(main).to_contain_text("AGPL-3.0, SSPL-1.0")
    page.evaluate(AXE.read_text())
    assert page.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == []
    page.get_by_role("link", name="package-vulnerable").click()
    expect(page).to_have_url(re.compile("rule=package-vulnerable$"))


@pytest.mark.req("RV5")
def test_it_fits_a_phone_and_is_not_for_everybody(open_as: Open, console: Console) -> None:
    control, admin = console.company.control, console.company.people["admin"]
    control.index.take(admin, [ASSETS / "index"], adds=False)
    page = open_as("admin", viewport={"width": 390, "height": 844})
    page.goto("/packages")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    client, _ = console.signed_in("builder")
    with client:
        assert client.get("/packages").status_code == 403
