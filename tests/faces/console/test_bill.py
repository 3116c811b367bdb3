"""The bill of materials, taken away from an app's page."""

import pytest

from tests.faces.console.conftest import Console
from tests.fixtures.company import APP

LOCK = f"flask==3.0.0 --hash=sha256:{'a' * 64}\n"


@pytest.mark.req("VA3", "RV5")
def test_the_page_of_an_app_leads_to_the_bill_of_its_newest_revision(console: Console) -> None:
    pushed = console.company.push("builder", {"requirements.lock": LOCK, "app.py": "import flask\napp = flask\n"})
    assert pushed.accepted, pushed.lines
    client, _ = console.signed_in("builder")
    with client:
        assert f'href="/bill-of-materials/{APP}"' in client.get(f"/apps/{APP}").text
        answer = client.get(f"/bill-of-materials/{APP}")
    assert answer.headers["content-disposition"].endswith('.cdx.json"')
    assert [item["purl"] for item in answer.json()["components"]] == ["pkg:pypi/flask@3.0.0"]
    with console.browser() as stranger:
        assert stranger.get(f"/bill-of-materials/{APP}").status_code in {302, 303, 401}
