"""The studio in a real browser: from a sentence to the deploy that waits, with a model that says what it is told to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.faces.console.conftest import Console, Open
from tests.faces.console.test_pages import AXE, COLOURS, PHONE, RULES
from tests.fixtures.company import APP
from tests.fixtures.studio import CODE, MANIFEST, StudioHouse, calls, says, studio_house

pytestmark = pytest.mark.req("RV1", "RV10", "IN3", "AI5")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[StudioHouse]:
    with studio_house(tmp_path / "house") as made:
        yield made


@pytest.fixture
def more_settings(house: StudioHouse) -> dict[str, Any]:
    return house.settings


def test_from_a_sentence_to_a_deploy_that_waits(  # noqa: PLR0915 - one journey
    console: Console, house: StudioHouse, open_as: Open
) -> None:
    page = open_as("builder", bypass_csp=True)
    page.goto("/studio")
    assert "there is no agent:studio here yet" in page.inner_text("main")
    house.open(console.company)
    writes = ("write_file", {"path": "bailiwick.toml", "text": MANIFEST})
    house.server.once[:] = [
        calls(writes, ("write_file", {"path": "app.py", "text": CODE}), ("no_such_tool", {}), text="I write it."),
        calls(("show_preview", {"message": "Shows orders"}), ("ask_for_deploy", {"message": "Orders for support"})),
        says("It shows <b>orders</b> now."),
    ]
    page.goto("/studio")
    page.get_by_label("What is the app to do?").fill("Show orders")
    page.get_by_label("App: one that is there").fill(APP)
    page.locator("select[name=model]").select_option("writer")
    page.get_by_text("Attach a table or a picture").click()
    page.get_by_label("Table (CSV)").set_input_files(
        {"name": "orders.csv", "mimeType": "text/csv", "buffer": b"id,region\n1,EMEA\n"}
    )
    page.get_by_label("What is the app to do?").press("Control+Enter")
    expect(page.get_by_role("heading", name="Show orders")).to_be_visible()
    expect(page.get_by_role("link", name="Open the preview")).to_be_visible(timeout=60_000)
    talk = page.inner_text("#talk")
    assert "It shows <b>orders</b> now." in talk
    assert "write_file app.py" in talk
    assert "wrong" in talk
    assert "Table orders.csv: 1 rows" in str(house.asked[0]["messages"])
    assert "3 answers, 5 tool calls, 3,300 tokens, 0.01 EUR" in page.inner_text("aside")
    page.evaluate("for (const item of document.querySelectorAll('details')) item.open = true")
    page.add_script_tag(path=str(AXE))
    for scheme, rules in (("light", RULES), ("dark", COLOURS)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = page.evaluate("rules => axe.run(document, rules)", rules)["violations"]
        assert [(item["id"], item["nodes"][0]["html"]) for item in found] == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("link", name="Changes of step 5").click()
    assert "app = 1" in page.inner_text("main")
    page.go_back()
    page.get_by_role("button", name="Go back to step 4").click()
    assert "went back to step 4" in page.inner_text("#talk")
    page.get_by_role("button", name="Go back to step 5").click()
    assert "the agent asks for it" in page.inner_text("aside")
    expect(page.get_by_label("What changed, in a sentence")).to_have_value("Orders for support")
    page.get_by_role("button", name="Ask for the deploy").click()
    page.wait_for_url("**/approvals/*")
    page.goto(f"/history/{APP}")
    assert "2 answers of nova-large, 3 tool calls, 2,200 tokens, cost 0.0090" in page.inner_text("main")
    # Another builder reads it and is given no button; the form of another session does nothing.
    conversation = console.company.control.store
    with conversation.transaction() as session:
        (mine,) = console.company.control.studio.conversations(session, console.company.people["builder"])
    second, _ = console.signed_in("second")
    seen = second.get(f"/studio/{mine.id}").text
    assert "Show orders" in seen
    assert "EMEA" not in seen
    assert "Ask for the deploy" not in seen
    assert second.post(f"/studio/{mine.id}/ask", files={"text": (None, "x")}).status_code == 403
    assert second.get(f"/studio/{mine.id}/steps/999").status_code == 404
    user, _ = console.signed_in("user")
    assert user.get(f"/studio/{mine.id}").status_code == 404
    huge = second.post(f"/studio/{mine.id}/ask", content=b"x" * (7 * 2**20), headers={"content-type": "text/plain"})
    assert huge.status_code in {400, 422}
    # It is deleted by whoever had it, and what came of it stays.
    assert "Delete it for good" not in seen
    assert second.post(f"/studio/{mine.id}/delete").status_code == 403
    page.goto(f"/studio/{mine.id}")
    page.get_by_text("Delete this conversation").click()
    page.get_by_role("button", name="Delete it for good").click()
    page.wait_for_url("**/studio")
    assert "None yet." in page.inner_text("main")
    page.goto(f"/history/{APP}")
    assert "2 answers of nova-large, 3 tool calls, 2,200 tokens, cost 0.0090" in page.inner_text("main")
