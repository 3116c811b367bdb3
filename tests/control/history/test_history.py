import pytest
from sqlalchemy import text

from bailiwick.control.history import Blame, Revision
from bailiwick.core.errors import NotFoundError
from tests.fixtures.company import APP, Company

TOLD = "Draw a chart\n\nAgent: claude-code\nModel: opus\nPrompt: draw a chart of refunds\n  by region"
TWO_LINES = "first = 1\nsecond = 2\n"


def revisions(company: Company, who: str = "builder") -> tuple[Revision, ...]:
    with company.control.store.transaction() as session:
        return company.control.history.revisions(session, company.people[who], APP).revisions


def blame(company: Company, path: str, line: int, at: str = "") -> Blame:
    with company.control.store.transaction() as session:
        return company.control.history.blame(session, company.people["builder"], APP, path, line, at=at)


def release(company: Company) -> str:
    asked = company.control.deploys.request(company.people["builder"], APP)
    return company.control.deploys.approve(company.people["admin"], asked.id, "looked at the chart").release


@pytest.mark.req("RV10", "AI6")
def test_a_revision_shows_who_and_what_made_it_and_what_came_of_it(company: Company) -> None:
    assert company.push("builder", {"chart.py": TWO_LINES}, TOLD).accepted
    released = release(company)
    assert not company.push("second", {"app.py": "app = eval(input())\n"}).accepted
    refused, taken = revisions(company)
    assert not refused.push.accepted
    assert refused.push.author == "user:second@example.com"
    assert refused.review is not None
    assert refused.review.blocking >= 1
    assert (taken.push.agent, taken.push.model) == ("claude-code", "opus")
    assert taken.push.prompt == "draw a chart of refunds\nby region"
    assert taken.push.verified_agent == ""
    assert taken.review is not None
    assert taken.review.passed
    assert [(item.decided_by, item.reason) for item in taken.deploys] == [
        ("user:admin@example.com", "looked at the chart")
    ]
    assert {item.id for item in taken.releases if item.mode == "production"} == {released}
    with pytest.raises(NotFoundError):
        revisions(company, "user")


@pytest.mark.req("RV10", "AI6")
def test_every_commit_of_a_push_is_remembered_not_the_tip_only(company: Company) -> None:
    for name, prompt in (("one", "make one"), ("two", "make two")):
        (company.folder / f"{name}.py").write_text("x = 1\n")
        company._git("add", "--all")
        company._git("commit", "--quiet", "--message", f"{name}\n\nAgent: codex\nPrompt: {prompt}")
    assert company.push("builder", message="three").accepted
    (revision,) = revisions(company)
    said = [(item.subject, item.told.agent, item.told.prompts) for item in revision.commits]
    assert said == [("three", "", ()), ("two", "codex", ("make two",)), ("one", "codex", ("make one",))]
    found = blame(company, "one.py", 1)
    assert found.commit is not None
    assert found.commit.told.prompts == ("make one",)


@pytest.mark.req("RV10", "AI6")
def test_a_line_in_production_leads_to_the_prompt_that_made_it(company: Company) -> None:
    assert company.push("builder", {"chart.py": TWO_LINES}, TOLD).accepted
    released = release(company)
    assert company.push("second", {"chart.py": "zeroth = 0\n" + TWO_LINES}, "another").accepted
    found = blame(company, "chart.py", 2, "production")
    assert found.line.text == "second = 2"
    assert found.commit is not None
    assert found.commit.told.prompts == ("draw a chart of refunds\nby region",)
    assert found.revision is not None
    assert found.revision.push.person == "user:builder@example.com"
    assert found.in_production_since is not None
    assert found.in_production_since.id == released
    newest = blame(company, "chart.py", 1)
    assert newest.line.text == "zeroth = 0"
    assert newest.revision is not None
    assert newest.revision.push.author == "user:second@example.com"
    assert newest.in_production_since is None
    moved = blame(company, "chart.py", 3)
    assert moved.line.was == 2


@pytest.mark.req("RV10")
@pytest.mark.parametrize(
    ("path", "line"),
    [("chart.py", 3), ("none.py", 1), ("../../etc/passwd", 1), ("--contents", 1), ("chart.py", 0), ("", 1), ("/", 1)],
)
def test_what_is_no_line_of_the_app_is_not_found(company: Company, path: str, line: int) -> None:
    assert company.push("builder", {"chart.py": TWO_LINES}).accepted
    with pytest.raises(NotFoundError):
        blame(company, path, line)
    with pytest.raises(NotFoundError):
        blame(company, "chart.py", 1, "f" * 40)
    with pytest.raises(NotFoundError, match="not in production"):
        blame(company, "chart.py", 1, "production")


@pytest.mark.req("RV10", "AI6")
def test_no_secret_in_a_prompt_or_subject_is_kept(company: Company) -> None:
    canary, key = "correct-horse-battery", "AKIA" + "Q3EGRIFKLT7ZVWXN"
    block = "-----BEGIN RSA PRIVATE KEY-----\n  MIIEowIBAAKCAQEAcanary\n  -----END RSA PRIVATE KEY-----"
    with company.control.store.transaction() as session:
        company.control.vault.put(session, "orders-db", canary, by="user:admin@example.com")
    message = (
        f"Use {canary}\n\nAgent: x {key}\nPrompt: connect with {canary}\nPrompt: use {key}\n  kindly\nPrompt: {block}"
    )
    company.push("builder", {"chart.py": TWO_LINES}, message)
    with company.control.store.transaction() as session:
        tables = session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        for table in set(tables) - {"alembic_version"}:
            kept = str(session.execute(text(f"SELECT json_agg(t)::text FROM {table} t")).scalar())
            for secret in (canary, key, "MIIEowIBAAKCAQEAcanary"):
                assert secret not in kept, table
    push = revisions(company)[0].push
    assert "connect with •••" in push.prompt
    assert "kindly" in push.prompt


@pytest.mark.req("RV10")
def test_lines_from_before_commits_were_remembered_lead_to_their_push(company: Company) -> None:
    assert company.push("builder", {"chart.py": TWO_LINES}, TOLD).accepted
    assert company.push("second", {"chart.py": "zeroth = 0\n" + TWO_LINES}).accepted
    with company.control.store.transaction() as session:
        session.execute(text("DELETE FROM commits"))
    found = blame(company, "chart.py", 2)
    assert found.commit is None
    assert found.revision is not None
    assert found.revision.push.author == "user:builder@example.com"
