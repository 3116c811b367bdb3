from datetime import timedelta

import pytest

from bailiwick.control.capabilities import CapabilityOpenError
from bailiwick.control.review import StoredFinding
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.messages import AppState
from tests.fixtures.company import APP, Company
from tests.fixtures.moving import MovingClock

SPAWNS = 'import subprocess\nimport sys\n\nsubprocess.run([sys.executable, "-V"], check=True)\napp = 1\n'
NAME = "process-spawning"


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


def opened(company: Company, clock: MovingClock, days: int = 30) -> None:
    until = (clock() + timedelta(days=days)).date()
    company.control.capabilities.open(company.people["security"], APP, NAME, "makes PDFs with a program", until)


def finding(company: Company) -> StoredFinding:
    with company.control.store.transaction() as session:
        review = company.control.reviews.latest(session, APP)
    assert review is not None
    return next(item for item in review.findings if item.rule == NAME)


def served(company: Company, plane: str = "editor") -> AppState:
    with company.control.store.transaction() as session:
        return company.control.planes._releases.app_states(session, plane)[0]


@pytest.mark.req("RV6")
def test_what_is_open_for_an_app_is_a_note_and_says_until_when(company: Company, clock: MovingClock) -> None:
    assert not company.push("builder", {"app.py": SPAWNS}).accepted
    opened(company, clock)
    assert company.push("builder", {"app.py": SPAWNS, "notes.txt": "1\n"}).accepted
    found = finding(company)
    assert (found.severity, found.blocking) == ("low", False)
    assert f"opened for this app until {(clock() + timedelta(days=30)).date()}" in found.message
    assert ("capability.opened", "user:security@example.com") in company.actions()


@pytest.mark.req("RV6")
def test_it_is_open_for_that_app_and_that_capability_only(company: Company, clock: MovingClock) -> None:
    opened(company, clock)
    assert not company.push("builder", {"app.py": "import sys\n\napp = eval(sys.argv[1])\n"}).accepted


@pytest.mark.req("RV6")
def test_it_ends_by_itself(company: Company, clock: MovingClock) -> None:
    opened(company, clock, days=2)
    clock.move(days=3)
    assert not company.push("builder", {"app.py": SPAWNS}).accepted
    company.control.capability_keeper.keep()
    assert ("capability.closed", "service:capabilities") in company.actions()
    opened(company, clock)


@pytest.mark.req("RV6")
def test_the_audit_log_warns_once_a_week_before_it_ends(company: Company, clock: MovingClock) -> None:
    opened(company, clock)
    warned = ("capability.ending", "service:capabilities")
    company.control.capability_keeper.keep()
    assert warned not in company.actions()
    clock.move(days=24)
    for _ in range(2):
        company.control.capability_keeper.keep()
    assert company.actions().count(warned) == 1
    clock.move(days=8)
    company.control.capability_keeper.keep()
    assert company.actions().count(warned) == 1


@pytest.mark.req("RV6")
def test_what_is_opened_for_less_than_a_week_warns_nobody(company: Company, clock: MovingClock) -> None:
    opened(company, clock, days=3)
    company.control.capability_keeper.keep()
    assert ("capability.ending", "service:capabilities") not in company.actions()


@pytest.mark.req("RV6", "ID1")
@pytest.mark.parametrize("who", ["builder", "approver", "admin", "user"])
def test_only_security_administrators_open(company: Company, clock: MovingClock, who: str) -> None:
    with pytest.raises((ForbiddenError, NotFoundError)):
        company.control.capabilities.open(company.people[who], APP, NAME, "wanted", clock().date())


@pytest.mark.req("RV6")
def test_whoever_wrote_at_the_app_opens_nothing_for_it(company: Company, clock: MovingClock) -> None:
    company.control.identity.roles.assign(
        company.people["admin"], "builder", "user:security@example.com", "folder:finance"
    )
    assert company.push("security").accepted
    with pytest.raises(ForbiddenError):
        opened(company, clock)


@pytest.mark.req("RV6")
def test_what_makes_no_sense_is_refused_in_words(company: Company, clock: MovingClock) -> None:
    capabilities, security = company.control.capabilities, company.people["security"]
    with pytest.raises(InvalidInputError, match="no capability 'flying'"):
        capabilities.open(security, APP, "flying", "wanted", clock().date())
    with pytest.raises(InvalidInputError, match="reason"):
        capabilities.open(security, APP, NAME, " ", clock().date())
    for days in (-1, 366):
        with pytest.raises(InvalidInputError, match="365 days"):
            capabilities.open(security, APP, NAME, "wanted", (clock() + timedelta(days=days)).date())
    with pytest.raises(NotFoundError):
        capabilities.close(security, APP, NAME, "done")
    opened(company, clock)
    with pytest.raises(CapabilityOpenError):
        opened(company, clock)


@pytest.mark.req("RV6", "RV12")
def test_it_is_part_of_the_reach_and_reaches_the_plane_while_it_is_open(company: Company, clock: MovingClock) -> None:
    company.push("builder")
    assert served(company).open_capabilities == ()
    opened(company, clock)
    assert served(company).open_capabilities == (), "a release keeps what it was made with"
    company.push("builder")
    assert served(company).open_capabilities == (NAME,)
    deploy = company.control.deploys.request(company.people["builder"], APP)
    with company.control.store.transaction() as session:
        change = company.control.deploys.reach_change(session, deploy.id)
    assert "may start other programs" in change.added
    company.control.capabilities.close(company.people["builder"], APP, NAME, "uses a library now")
    assert served(company).open_capabilities == ()
    with company.control.store.transaction() as session:
        listed = company.control.capabilities.list(session, company.people["builder"], APP)
    assert [item.end_reason for item in listed] == ["uses a library now"]
