"""The page of an app says whether what runs is what was approved."""

import pytest

from tests.faces.console.conftest import Console, Open
from tests.fixtures.attesting import AttestingPlane
from tests.fixtures.company import APP
from tests.fixtures.releasing import released


@pytest.mark.req("VA2")
def test_drift_is_said_in_the_first_line_and_in_words_below(console: Console, open_as: Open) -> None:
    plane = AttestingPlane(console.company, released(console.company))
    page = open_as("builder")
    page.goto(f"/apps/{APP}")
    assert "no plane has attested anything" in page.locator("main").inner_text()
    plane.attest()
    page.goto(f"/apps/{APP}")
    table = page.locator("[aria-label=Attestations]")
    assert "as approved" in table.inner_text()
    assert "bubblewrap, cgroup v2" in table.inner_text()
    assert "is not what was approved" not in page.locator("p.glance").inner_text()
    plane.attest(tree="0" * 40, version="0.2")
    page.goto(f"/apps/{APP}")
    assert "What runs in production is not what was approved." in page.locator("p.glance").inner_text()
    assert "not as approved" in table.inner_text()
    assert "tree of what runs is not what was approved" in table.inner_text()
    assert "version was 0.1 before" in table.inner_text()
    assert "checked again: signatures of the chain" in table.inner_text()
