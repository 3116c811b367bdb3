"""What `bailiwick review` prints of a report, without a run for each form."""

import json

import pytest

from bailiwick.control.review import Change, Edit, Finding, Report, Step, rule
from bailiwick.core.artifacts import TreeFile
from bailiwick.faces.cli import review

FOUND = Finding(
    rule("sql-injection"), "app.py", 2, "a form reaches SQL", "db.execute(name)", column=12, end_column=16,
    steps=(Step("web.py", 7, "the name comes from a form"),), edit=Edit("app.py", 2, 2, "pass"), engine="python-flow",
)  # fmt: skip
REPORT = Report("0" * 40, (FOUND,))
CHANGE = Change("0" * 40, (), (TreeFile("app.py", b"\ndb.execute(name)\n"),))


@pytest.mark.req("RV2")
def test_json_holds_all_that_a_finding_says() -> None:
    said = json.loads(review._json(REPORT, CHANGE))
    assert (said["passed"], said["could_not_review"]) == (False, [])
    (found,) = said["findings"]
    assert found["steps"] == [{"path": "web.py", "line": 7, "words": "the name comes from a form"}]
    assert found["edit"] == {"path": "app.py", "first": 2, "last": 2, "text": "pass"}
    assert (found["column"], found["end_column"], found["excerpt"]) == (12, 16, "db.execute(name)")
    assert (found["severity"], found["cwe"], found["fingerprint"]) == ("high", "CWE-89", FOUND.fingerprint)


@pytest.mark.req("RV2")
def test_text_is_coloured_on_a_terminal_only_and_not_against_the_users_will(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = review._text(REPORT, CHANGE)
    assert "\x1b[" not in plain
    assert "1 finding, 1 of them blocking" in plain
    monkeypatch.setattr(review.sys.stdout, "isatty", lambda: True, raising=False)
    assert "\x1b[31m" in review._text(REPORT, CHANGE)
    monkeypatch.setenv("NO_COLOR", "1")
    assert review._text(REPORT, CHANGE) == plain
