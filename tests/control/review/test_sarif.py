"""Reviews as SARIF: each kind of output is valid by the official schema of SARIF 2.1.0."""

import json
from typing import Any

import pytest

from bailiwick.control.review import Edit, Finding, Report, Step, as_sarif, rule, rules
from tests.control.review.sarif_schema import faults_of, require_valid

FLOW = (Step("web.py", 7, "the name comes from a form"), Step("app.py", 0, "and goes into SQL"))
HOSTILE = [
    "new\nline.py",
    "\x1b[2J\x1b]0;title\x07.py",
    "\u202etxt.py",
    'quote".py',
    "é 漢.py",
    "%41<script>.py",
    "c:evil.py",
    "a?b#c.py",
    "back\\slash.py",
    "caf\udce9.py",
    "half\ud800.py",
    "\x00.py",
    "a" * 4_096,
]


def log_of(*findings: Finding, failed: tuple[str, ...] = ()) -> dict[str, Any]:
    return require_valid(json.dumps(as_sarif(Report("0" * 40, findings, failed))))


@pytest.mark.req("RV2")
def test_a_report_without_findings_is_a_log_of_one_good_run() -> None:
    (run,) = log_of()["runs"]
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


@pytest.mark.req("RV2")
def test_flows_and_each_kind_of_edit_are_valid() -> None:
    edits = (Edit("a.py", 5, 4, "new"), Edit("a.py", 5, 6, ""), Edit("b.py", 1, 1, "one\ntwo\n"), None)
    found = [
        Finding(rule("sql-injection"), "app.py", 2, "a form reaches SQL", column=3, end_line=4, end_column=1,
                steps=FLOW, edit=edit, engine="python-flow")
        for edit in edits
    ]  # fmt: skip
    (run,) = log_of(*found)["runs"]
    assert len(run["tool"]["driver"]["rules"]) == 1
    assert ["fixes" in result for result in run["results"]] == [True, True, True, False]
    (thread,) = run["results"][0]["codeFlows"][0]["threadFlows"]
    assert "region" not in thread["locations"][1]["location"]["physicalLocation"]


@pytest.mark.req("RV2", "RV3")
def test_a_whole_file_and_a_line_of_an_old_commit_are_valid() -> None:
    whole = Finding(rule("syntax-error"), "app.py", 0, "the file cannot be read")
    old = Finding(rule("secret-in-code"), "settings.py", 3, "a key", commit="1" * 40)
    results = log_of(whole, old)["runs"][0]["results"]
    assert "region" not in results[0]["locations"][0]["physicalLocation"]
    assert results[1]["properties"]["commit"] == "1" * 40


@pytest.mark.req("RV2")
@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_name_makes_no_bad_log(path: str) -> None:
    steps = (Step(path, 1, f"comes from {path}"), Step("app.py", 2, "and ends here"))
    found = Finding(
        rule("sql-injection"), path, 2, f"a form reaches {path}", f"db.execute({path!r})", steps=steps,
        edit=Edit(path, 2, 2, f"pass  # {path}"),
    )  # fmt: skip
    log_of(found, failed=(f"python-flow failed at {path}",))


@pytest.mark.req("RV2")
def test_names_that_are_not_unicode_stay_apart() -> None:
    names = ("caf\udce9.py", "caf\udce8.py", "caf\ufffd.py", "half\ud800.py")
    results = log_of(*(Finding(rule("sql-injection"), name, 1, "a form reaches SQL") for name in names))["runs"][0]
    uris = {item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for item in results["results"]}
    assert len(uris) == len(names)
    assert "caf%E9.py" in uris


@pytest.mark.req("RV2")
def test_an_engine_that_failed_is_a_run_that_failed() -> None:
    same = "python-flow failed: ValueError"
    (run,) = log_of(Finding(rule("sql-injection"), "app.py", 2, "x"), failed=(same, same))["runs"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [item["message"]["text"] for item in invocation["toolExecutionNotifications"]] == [same, same]


@pytest.mark.req("RV2")
def test_every_rule_makes_a_valid_descriptor() -> None:
    found = [Finding(item, "app.py", 1, item.why) for item in rules().values()]
    assert len(log_of(*found)["runs"][0]["tool"]["driver"]["rules"]) == len(found)


@pytest.mark.req("RV2")
def test_the_schema_refuses_what_is_wrong() -> None:
    good = as_sarif(Report("0" * 40, (Finding(rule("sql-injection"), "app.py", 2, "x"),)))
    assert faults_of(good) == []
    for key, value in (("message", "words"), ("level", "high"), ("locations", {}), ("unheardOf", 1)):
        bad = json.loads(json.dumps(good))
        bad["runs"][0]["results"][0][key] = value
        assert faults_of(bad)
