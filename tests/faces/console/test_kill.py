"""The kill switch in the console: what a stop would meet before the click, what holds an app, and who lifts it."""

import pytest

from tests.faces.console.conftest import Console, csrf_token
from tests.fixtures.company import APP
from tests.fixtures.releasing import released

pytestmark = pytest.mark.req("RT5")


def test_a_folder_is_stopped_after_its_apps_were_read_and_another_person_brings_it_back(console: Console) -> None:
    released(console.company)
    security, _ = console.signed_in("security")
    page = security.get("/kill").text
    assert "Nothing is stopped" in page
    confirm = security.get("/kill/new?kind=folder&subject=finance").text
    for words in ("Stop the folder finance", "Stops 1 app.", APP, "user:builder@example.com", "is stopped"):
        assert words in confirm
    said = {"kind": "folder", "subject": "finance", "reason": "it leaks", "security": "yes", "drain": "5"}
    assert security.post("/kill", data=said).status_code in {400, 403, 422}
    done = security.post("/kill", data={**said, "csrf_token": csrf_token(confirm)})
    assert (done.status_code, done.headers["location"].startswith("/kill#kil_")) == (303, True)
    assert console.company.control.planes.desired_state("production").apps[0].status == "killed"
    own = security.get("/kill").text
    assert "you may not bring it back" in own
    assert "security-stops-are-lifted-by-another-person" in own
    lift = {"scope": "folder:finance", "reason": "mended"}
    assert security.post("/kill/lift", data={**lift, "csrf_token": csrf_token(own)}).status_code == 403
    builder, _ = console.signed_in("builder")
    app = builder.get(f"/apps/{APP}").text
    assert "What holds it" in app
    assert "it leaks (the folder finance is stopped)" in app
    assert "the folder finance by user:security@example.com: it leaks" in builder.get("/kill").text
    admin, _ = console.signed_in("admin")
    token = csrf_token(admin.get("/kill").text)
    assert admin.post("/kill/lift", data={**lift, "csrf_token": token}).status_code == 303
    assert "Nothing is stopped" in admin.get("/kill").text
    assert console.company.control.planes.desired_state("production").apps[0].status == "running"


def test_an_integration_says_that_its_apps_stay_up_and_who_may_not_is_told_so(console: Console) -> None:
    released(console.company)
    admin, _ = console.signed_in("admin")
    confirm = admin.get("/kill/new?kind=integration&subject=orders-db").text
    assert "1 app stays up and is refused at the integration orders-db." in confirm
    assert "stays up, refused there" in confirm
    assert admin.get("/kill/new?kind=integration&subject=order-db").status_code == 400
    assert admin.get("/kill/new?kind=room&subject=12").status_code == 400
    builder, _ = console.signed_in("builder")
    page = builder.get("/kill").text
    assert "org-admin, security-admin" in page
    assert builder.get("/kill/new?kind=everything").status_code == 403
    data = {"csrf_token": csrf_token(page), "kind": "everything", "reason": "let me"}
    assert builder.post("/kill", data=data).status_code == 403
