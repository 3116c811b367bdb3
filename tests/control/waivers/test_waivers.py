from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bailiwick.control.release import NotReviewedError
from bailiwick.control.review import Finding, Report, Step, StoredFinding, StoredReview, Waived, rule
from bailiwick.control.waivers import NotWaivableError, Waiver, WaiverFilter, WaiverNotOpenError, WaiverState
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.statements import REVIEW_VERDICT, Keyring, open_statement
from tests.fixtures.company import APP, Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.releasing import SPAWNS

EVALUATES = "import sys\n\napp = eval(sys.argv[1])\n"


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


def refused(company: Company, text: str = SPAWNS, who: str = "builder") -> tuple[StoredReview, StoredFinding]:
    """Push a file that the review refuses; return the review and its first finding that blocks."""
    answer = company.push(who, {"app.py": text})
    assert not answer.accepted
    review = latest(company)
    return review, next(item for item in review.findings if item.blocking)


def latest(company: Company) -> StoredReview:
    with company.control.store.transaction() as session:
        review = company.control.reviews.latest(session, APP)
    assert review is not None
    return review


def asked(company: Company, text: str = SPAWNS, days: int = 30) -> Waiver:
    review, finding = refused(company, text)
    return company.control.waivers.request(
        company.people["builder"], review.id, finding.fingerprint, "the program is fixed", days
    )


def given(company: Company, text: str = SPAWNS, days: int = 30) -> Waiver:
    waiver = asked(company, text, days)
    return company.control.waivers.approve(company.people["approver"], waiver.id, "read it: no input reaches it")


def push_again(company: Company) -> bool:
    company.pushes += 1
    return company.push("builder", {"app.py": SPAWNS, "notes.txt": f"{company.pushes}\n"}).accepted


@pytest.mark.req("RV1", "RV9")
def test_a_waived_finding_passes_and_is_still_shown(company: Company) -> None:
    waiver = given(company)
    assert push_again(company)
    review = latest(company)
    (finding,) = [item for item in review.findings if item.fingerprint == waiver.fingerprint]
    assert finding.blocking
    assert finding.waiver == waiver.id
    assert review.passed
    assert review.verdict is not None
    keys = company.control.signing.keys(company.people["user"])
    ring = Keyring.of(key.public for key in keys if key.purpose == "review")
    statement = open_statement(review.verdict, ring, REVIEW_VERDICT)
    listed = {"id": waiver.id, "fingerprint": waiver.fingerprint, "until": waiver.until.isoformat()}
    assert statement.predicate["waivers"] == [listed]
    assert ("waiver.requested", "user:builder@example.com") in company.actions()
    assert ("waiver.approved", "user:approver@example.com") in company.actions()


@pytest.mark.req("RV1")
def test_a_waiver_that_only_was_asked_for_lets_nothing_pass(company: Company) -> None:
    waiver = asked(company)
    assert not push_again(company)
    company.control.waivers.refuse(company.people["security"], waiver.id, "use a library")
    assert not push_again(company)
    assert ("waiver.refused", "user:security@example.com") in company.actions()


@pytest.mark.req("RV1")
def test_a_waiver_covers_one_finding_and_no_other_that_looks_the_same(company: Company) -> None:
    given(company)
    twice = SPAWNS.replace("app = 1", 'subprocess.run(["ls"], check=True)\napp = 1')
    assert not company.push("builder", {"app.py": twice}).accepted
    assert not company.push("builder", {"app.py": "app = 1\n", "other.py": SPAWNS}).accepted


@pytest.mark.req("RV1", "ID1")
@pytest.mark.parametrize(
    ("who", "decider"),
    [
        ("builder", "never-waive-your-own"),
        ("second", "never-waive-your-own"),
        ("admin", ""),
        ("security", ""),
    ],
)
def test_nobody_who_wrote_at_the_app_decides_about_its_waivers(company: Company, who: str, decider: str) -> None:
    company.push("second")
    for name in ("builder", "second"):
        company.control.identity.roles.assign(
            company.people["admin"], "approver", f"user:{name}@example.com", f"app:{APP}"
        )
    waiver = asked(company)
    if not decider:
        assert company.control.waivers.approve(company.people[who], waiver.id, "fine").state is WaiverState.APPROVED
        return
    with pytest.raises(ForbiddenError) as fault:
        company.control.waivers.approve(company.people[who], waiver.id, "fine")
    assert fault.value.deciders == (decider,)
    assert ("waiver.decision-refused", f"user:{who}@example.com") in company.actions()


@pytest.mark.req("RV1", "ID1")
def test_critical_findings_are_waived_by_administrators_only(company: Company) -> None:
    waiver = asked(company, EVALUATES)
    assert waiver.severity == "critical"
    with pytest.raises(ForbiddenError):
        company.control.waivers.approve(company.people["approver"], waiver.id, "fine")
    assert company.control.waivers.approve(company.people["security"], waiver.id, "fine").decided_by


@pytest.mark.req("RV1")
def test_what_could_not_be_reviewed_is_not_waivable(company: Company) -> None:
    review, finding = refused(company, "def app(:\n")
    assert finding.rule == "syntax-error"
    with pytest.raises(NotWaivableError, match="no waiver can let syntax-error pass"):
        company.control.waivers.request(company.people["builder"], review.id, finding.fingerprint, "please")


@pytest.mark.req("RV1")
def test_a_secret_of_the_vault_is_not_waivable(company: Company) -> None:
    value = "correct-horse-battery"
    with company.control.store.transaction() as session:
        company.control.vault.put(session, "orders-db", value, by="user:admin@example.com")
    review, finding = refused(company, f'NAME = "{value}"\napp = NAME\n')
    assert finding.engine == "vault-values"
    with pytest.raises(NotWaivableError):
        company.control.waivers.request(company.people["builder"], review.id, finding.fingerprint, "please")


@pytest.mark.req("RV1")
def test_bad_requests_are_refused_with_what_to_do(company: Company) -> None:
    review, finding = refused(company)
    waivers, builder = company.control.waivers, company.people["builder"]
    with pytest.raises(InvalidInputError, match="needs a reason"):
        waivers.request(builder, review.id, finding.fingerprint, "  ")
    for days in (0, 91):
        with pytest.raises(InvalidInputError, match="1 to 90 days"):
            waivers.request(builder, review.id, finding.fingerprint, "why", days)
    with pytest.raises(NotFoundError):
        waivers.request(builder, review.id, "f" * 16, "why")
    with pytest.raises(ForbiddenError):
        waivers.request(company.people["approver"], review.id, finding.fingerprint, "why")
    with pytest.raises(NotFoundError):
        waivers.request(company.people["user"], review.id, finding.fingerprint, "why")
    waivers.request(builder, review.id, finding.fingerprint, "why")
    with pytest.raises(WaiverNotOpenError, match="already"):
        waivers.request(builder, review.id, finding.fingerprint, "why")


@pytest.mark.req("RV1", "RV9")
def test_a_waiver_ends_by_itself_and_with_it_the_verdict(company: Company, clock: MovingClock) -> None:
    waiver = given(company, days=10)
    assert push_again(company)
    clock.move(days=4)
    company.control.waiver_keeper.keep()
    company.control.waiver_keeper.keep()
    assert company.actions().count(("waiver.ending", "service:waivers")) == 1
    assert company.control.deploys.request(company.people["builder"], APP).commit
    clock.move(days=6, seconds=1)
    with pytest.raises(NotReviewedError, match=f"a waiver that has ended: {waiver.id}"):
        company.control.deploys.request(company.people["builder"], APP)
    assert not push_again(company)
    company.control.waiver_keeper.keep()
    with company.control.store.transaction() as session:
        ended = company.control.waivers.waiver(session, company.people["builder"], waiver.id)
    assert ended.state is WaiverState.ENDED
    assert company.actions().count(("waiver.ended", "service:waivers")) == 1


@pytest.mark.req("RV1")
def test_a_waiver_ends_early_and_no_decision_comes_too_late(company: Company, clock: MovingClock) -> None:
    waiver = given(company)
    company.control.waivers.end(company.people["builder"], waiver.id, "mended")
    assert not push_again(company)
    with pytest.raises(WaiverNotOpenError):
        company.control.waivers.end(company.people["builder"], waiver.id, "again")
    late = asked(company, SPAWNS.replace("app = 1", "app = 2"), days=1)
    clock.move(days=1, seconds=1)
    with pytest.raises(WaiverNotOpenError, match="over already"):
        company.control.waivers.approve(company.people["approver"], late.id, "fine")


@pytest.mark.req("RV1")
def test_lists_hold_what_the_asker_may_see(company: Company) -> None:
    waiver = given(company, days=5)
    waivers = company.control.waivers
    with company.control.store.transaction() as session:
        found = waivers.list(session, company.people["security"], WaiverFilter(ending=True)).waivers
        assert [item.id for item in found] == [waiver.id]
        assert waivers.list(session, company.people["security"], WaiverFilter(state="refused")).waivers == ()
        assert waivers.list(session, company.people["user"], WaiverFilter()).waivers == ()
        with pytest.raises(NotFoundError):
            waivers.waiver(session, company.people["user"], waiver.id)


@pytest.mark.req("RV1")
def test_a_waiver_is_for_the_way_and_the_severity_that_somebody_looked_at() -> None:
    way = (Step("a.py", 1, "request.args comes in"), Step("a.py", 9, "is executed"))
    found = Finding(rule("sql-injection"), "a.py", 9, "it is", "cursor.execute(query)", steps=way)
    until = datetime(2099, 1, 1, tzinfo=UTC)
    waiver = Waived("wvr_1", found.fingerprint, until, found.flow, found.severity)
    moved = replace(found, line=12, steps=(Step("a.py", 4, way[0].words), Step("a.py", 12, way[1].words)))
    other = replace(found, steps=(Step("b.py", 1, "request.headers comes in"), way[1]))
    worse = replace(found, worse=1)
    for finding, passes in ((found, True), (moved, True), (other, False), (worse, False)):
        assert Report("t", (finding,), waivers=(waiver,)).passed is passes
    assert not Report("t", (found, found), waivers=(waiver,)).passed, "one finding, and no other like it"
