from datetime import timedelta
from pathlib import Path

import pytest

from bailiwick.control.review import StandardNotValidError, StoredFinding
from bailiwick.control.versions import State, WrongStateError
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from tests.fixtures.company import APP, Company
from tests.fixtures.moving import MovingClock

HOUSE = (Path(__file__).parents[2] / "assets" / "standards" / "house.toml").read_text()
SMALL = """[standard]
title = "No requests"
WARN
[[rule]]
id = "no-requests"
kind = "import"
message = "use httpx"
forbid = ["requests"]

[[rule.test]]
expect = "bad"
text = "import requests\\n"

[[rule.test]]
expect = "good"
text = "import httpx\\n"
"""
PLAIN = SMALL.replace("WARN\n", "\n")
BREAKS = "import requests\n\napp = requests.get\n"


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


def proposed(company: Company, text: str = PLAIN, name: str = "house", scope: str = "organization:default") -> int:
    made = company.control.standards.propose(
        company.people["admin"], name, scope=scope, text=text, reason="one way to call"
    )
    return made.version


def in_force(company: Company, text: str = PLAIN, name: str = "house", scope: str = "organization:default") -> None:
    version = proposed(company, text, name, scope)
    company.control.standards.approve(company.people["security"], name, version, "read it")
    company.control.standards.activate(company.people["admin"], name, version)


def found(company: Company) -> list[StoredFinding]:
    with company.control.store.transaction() as session:
        review = company.control.reviews.latest(session, APP)
    assert review is not None
    return [item for item in review.findings if item.rule.startswith("standard-")]


@pytest.mark.req("RV8")
def test_a_standard_blocks_from_the_next_push_on_and_says_where_it_stands(company: Company) -> None:
    in_force(company)
    answer = company.push("builder", {"app.py": BREAKS})
    assert not answer.accepted
    assert any("standard-house-no-requests: use httpx: requests is imported" in line for line in answer.lines)
    (finding,) = found(company)
    assert (finding.line, finding.why) == (1, "'house' is a standard of organization:default")
    assert [item for item in company.actions() if item[0].startswith("standard.")] == [
        ("standard.proposed", "user:admin@example.com"),
        ("standard.approved", "user:security@example.com"),
        ("standard.activated", "user:admin@example.com"),
    ]


@pytest.mark.req("RV8")
def test_a_folder_adds_to_what_stands_above_it(company: Company) -> None:
    in_force(company)
    readme = (
        '[standard]\ntitle="r"\n[[rule]]\nid="readme"\nkind="file"\nmessage="say what it is for"\nfiles=["README.md"]\n'
    )
    tests = '[[rule.test]]\nexpect="bad"\ntext="x"\n[[rule.test]]\nexpect="good"\npath="README.md"\ntext="x"\n'
    in_force(company, readme + tests, "finance-docs", "folder:finance")
    company.control.catalog.create_folder(company.people["admin"], "sales")
    in_force(company, readme + tests, "sales-docs", "folder:sales")
    assert not company.push("builder", {"app.py": BREAKS}).accepted
    assert {item.rule for item in found(company)} == {
        "standard-house-no-requests",
        "standard-finance-docs-readme",
    }


@pytest.mark.req("RV8")
def test_a_new_standard_warns_until_its_day(company: Company, clock: MovingClock) -> None:
    until = (clock() + timedelta(days=5)).date()
    in_force(company, SMALL.replace("WARN", f"warn_until = {until}"))
    company.push("builder", {"app.py": BREAKS})
    (finding,) = found(company)
    assert (finding.severity, finding.blocking) == ("low", False)
    clock.move(days=7)
    company.push("builder", {"app.py": BREAKS, "notes.txt": "1\n"})
    (finding,) = found(company)
    assert finding.blocking


@pytest.mark.req("RV8")
def test_verdicts_know_by_which_standards_they_were_given(company: Company) -> None:
    from bailiwick.control.standards import StandardRegister

    register = StandardRegister(company.control.clock)

    def name() -> str:
        with company.control.store.transaction() as session:
            return register.name_of_standards(session)

    before = name()
    in_force(company)
    after = name()
    in_force(company, PLAIN.replace("use httpx", "use httpx, please"))
    assert before == ""
    assert len({before, after, name()}) == 3


@pytest.mark.req("RV8", "ID1")
def test_a_second_person_decides(company: Company) -> None:
    standards, admin = company.control.standards, company.people["admin"]
    version = proposed(company)
    with pytest.raises(ForbiddenError, match=r".*"):
        standards.approve(admin, "house", version)
    with pytest.raises(WrongStateError):
        standards.activate(admin, "house", version)
    for who in ("builder", "approver"):
        with pytest.raises(ForbiddenError):
            standards.approve(company.people[who], "house", version)
        with pytest.raises(ForbiddenError):
            standards.propose(company.people[who], "own", scope="folder:finance", text=PLAIN, reason="x")
    refused = standards.refuse(company.people["security"], "house", version, "too strict")
    assert refused.state is State.REFUSED
    with pytest.raises(WrongStateError):
        standards.approve(company.people["security"], "house", version)


@pytest.mark.req("RV8")
def test_what_fails_its_own_tests_is_not_proposed(company: Company) -> None:
    with pytest.raises(StandardNotValidError, match="test 2 is good"):
        proposed(company, PLAIN.replace("import httpx", "import requests"))
    with pytest.raises(InvalidInputError, match="reason"):
        company.control.standards.propose(
            company.people["admin"], "house", scope="organization:default", text=PLAIN, reason=" "
        )
    with pytest.raises(NotFoundError, match="cannot stand on"):
        proposed(company, scope="folder:nowhere")
    in_force(company)
    with pytest.raises(ConflictError, match="stands on"):
        proposed(company, scope="folder:finance")


@pytest.mark.req("RV8")
def test_versions_stay_and_an_earlier_one_can_come_back(company: Company) -> None:
    in_force(company)
    in_force(company, HOUSE)
    company.control.standards.activate(company.people["admin"], "house", 1, "too much at once")
    with company.control.store.transaction() as session:
        history = company.control.standards.history(session, company.people["builder"], "house")
        diff = company.control.standards.difference(session, company.people["builder"], "house", 2)
        (listed,) = company.control.standards.sets(session, company.people["builder"])
        with pytest.raises(NotFoundError):
            company.control.standards.history(session, company.people["user"], "house")
    assert [(item.version, item.state) for item in history] == [(2, State.SUPERSEDED), (1, State.ACTIVE)]
    assert diff.startswith("--- house@1\n+++ house@2\n")
    assert listed.active is not None
    assert (listed.active.version, listed.newest.version) == (1, 2)


@pytest.mark.req("RV8")
def test_a_trial_shows_what_a_draft_would_have_blocked_and_changes_nothing(
    company: Company, clock: MovingClock
) -> None:
    trial, admin = company.control.standard_trial, company.people["admin"]
    assert company.push("builder", {"app.py": "app = 1\n"}).accepted
    clock.move(days=40)
    # The review says nothing of requests itself here: it stands in a file that nothing imports.
    assert company.push("builder", {"tools/old.py": "from requests import get\n"}).accepted
    assert company.push("builder", {"tools/old.py": "from requests import post\n"}).accepted
    assert trial.apps(admin, "organization:default") == [APP]
    assert trial.apps(admin, "folder:finance") == [APP]
    draft = SMALL.replace("WARN", "warn_until = 2999-01-01")
    result = trial.run(admin, name="draft", scope="organization:default", text=draft, app_path=APP)
    assert (result.blocks, result.pushes, result.blocked, result.left_out) == (True, 2, 2, 0)
    assert [(item.path, item.line, item.severity) for item in result.findings] == [("tools/old.py", 1, "medium")]
    harmless = PLAIN.replace('"requests"', '"urllib3"').replace("import requests", "import urllib3")
    assert not trial.run(admin, name="draft", scope="folder:finance", text=harmless, app_path=APP).blocks
    with pytest.raises(StandardNotValidError):
        trial.run(admin, name="draft", scope="folder:finance", text="[standard]", app_path=APP)
    with pytest.raises(ForbiddenError):
        trial.run(company.people["user"], name="draft", scope="organization:default", text=draft, app_path=APP)
    assert company.push("builder", {"app.py": "app = 99\n"}).accepted


@pytest.mark.req("RV8", "RV9")
def test_a_place_may_pass_by_a_waiver(company: Company) -> None:
    in_force(company)
    assert not company.push("builder", {"app.py": BREAKS}).accepted
    with company.control.store.transaction() as session:
        review = company.control.reviews.latest(session, APP)
    assert review is not None
    (finding,) = [item for item in review.findings if item.rule.startswith("standard-")]
    waivers = company.control.waivers
    waiver = waivers.request(company.people["builder"], review.id, finding.fingerprint, "until the library is gone", 30)
    waivers.approve(company.people["security"], waiver.id, "read it")
    answer = company.push("builder", {"app.py": BREAKS, "notes.txt": "1\n"})
    assert not any("standard-house" in line for line in answer.lines)
