"""Findings, waivers and unsafe releases in the console: asked for, decided, ended, filtered, and hidden from others."""

import re

import pytest

from tests.faces.console.conftest import Console, csrf_token
from tests.fixtures.company import APP
from tests.fixtures.releasing import SPAWNS


@pytest.fixture
def refused(console: Console) -> str:
    """Return the address of the review of a push that was refused."""
    answer = console.company.push("builder", {"app.py": SPAWNS})
    return "/reviews/" + next(line for line in answer.lines if "/reviews/" in line).rpartition("/reviews/")[2]


@pytest.mark.req("RV1", "RV9")
def test_a_waiver_goes_from_the_finding_through_somebody_else_to_its_end(console: Console, refused: str) -> None:
    builder, _ = console.signed_in("builder")
    ask = re.findall(r'href="(/waivers/new\?[^"]+)"', builder.get(refused).text)[0].replace("&amp;", "&")
    form = builder.get(ask).text
    fields = dict(re.findall(r'name="(review|finding)" value="([^"]+)"', form))
    unsaid = builder.post("/waivers", data={"csrf_token": csrf_token(form), **fields, "reason": " ", "days": "30"})
    assert unsaid.status_code == 400
    made = builder.post("/waivers", data={"csrf_token": csrf_token(form), **fields, "reason": "fixed", "days": "30"})
    card = made.headers["location"]
    own = builder.get(card).text
    assert "you may not decide" in own
    assert "asked for, or for an app that they wrote at" in own
    approver, _ = console.signed_in("approver")
    assert "1 waiver waits to be decided." in approver.get("/").text
    page = approver.get(card).text
    assert "you may decide" in page
    assert approver.post(f"{card}/approve", data={"reason": "read it"}).status_code in {400, 403, 422}
    done = approver.post(f"{card}/approve", data={"csrf_token": csrf_token(page), "reason": "read it"})
    assert done.status_code == 303
    assert console.company.push("builder", {"app.py": SPAWNS, "again.txt": "1\n"}).accepted
    found = builder.get("/findings?state=waived&severity=high").text
    assert card in found
    assert "process-spawning" in found
    assert "process-spawning" not in builder.get("/findings?state=blocking").text
    ended = builder.post(f"{card}/end", data={"csrf_token": csrf_token(builder.get(card).text), "reason": "mended"})
    assert ended.status_code == 303
    console.company.control.rereview_keeper.keep()
    unsafe = builder.get("/unsafe").text
    assert "process-spawning at app.py:3" in unsafe
    assert "user:builder@example.com" in unsafe
    assert "1 running release would not pass the review today" in builder.get("/").text


@pytest.mark.req("RV1")
def test_what_one_may_not_see_is_not_listed(console: Console, refused: str) -> None:
    builder, _ = console.signed_in("builder")
    ask = re.findall(r'href="(/waivers/new\?[^"]+)"', builder.get(refused).text)[0].replace("&amp;", "&")
    user, _ = console.signed_in("user")
    assert user.get(ask).status_code == 404
    assert user.get("/waivers/wvr_nothing").status_code == 404
    for path in ("/findings", "/waivers", "/unsafe"):
        assert APP not in user.get(path).text
    assert user.get("/findings?cursor=nonsense").status_code == 400
