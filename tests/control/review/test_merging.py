from dataclasses import replace

import pytest

from bailiwick.control.review import Edit, Finding, Rule, Severity, Step, rule
from bailiwick.control.review.merging import merge

RUFF = Rule("ruff-s608", Severity.MEDIUM, "possible injection", "see the rule", "CWE-89")
LINE = "db.execute(f'SELECT {name}')"


def found(rule_id: str, engine: str, line: int = 3, **more: object) -> Finding:
    return Finding(rule(rule_id), "app.py", line, "what is wrong", LINE, engine=engine, **more)  # type: ignore[arg-type]


@pytest.mark.req("RV2")
def test_a_fault_that_several_engines_see_is_said_once_with_all_that_is_known() -> None:
    steps = (Step("app.py", 1, "the name comes from a form"),)
    edit = Edit("app.py", 3, 3, "db.execute('SELECT %s', [name])")
    (one,) = merge(
        [
            replace(found("sql-injection", "ruff", edit=edit), rule=RUFF),
            found("sql-injection", "python-flow", steps=steps),
            found("sql-injection", "python-flow", column=9),
        ]
    )
    assert one.rule.id == "sql-injection"
    assert one.engine == "python-flow, ruff"
    assert one.steps == steps
    assert one.edit == edit


@pytest.mark.req("RV2")
def test_a_secret_and_a_password_in_code_on_one_line_are_one_fault() -> None:
    password = Rule("hard-coded-password", Severity.MEDIUM, "why", "fix", "CWE-259")
    other = replace(found("secret-in-code", "pyrules"), rule=password)
    (one,) = merge([other, found("secret-in-code", "secrets")])
    assert one.rule.id == "secret-in-code"


@pytest.mark.req("RV2")
def test_different_faults_of_a_line_and_equal_ones_elsewhere_stay_apart() -> None:
    everything = [
        found("sql-injection", "python-flow"),
        found("secret-in-code", "secrets"),
        found("sql-injection", "python-flow", line=4),
        found("sql-injection", "python-flow", commit="c" * 40),
        replace(found("sql-injection", "python-flow"), path="other.py"),
    ]
    assert len(merge(everything)) == len(everything)
    whole_file = [found("manifest-invalid", "a", line=0), found("undeclared-host", "b", line=0)]
    assert len(merge(whole_file)) == 2


@pytest.mark.req("RV2")
def test_the_order_is_by_severity_then_place_whatever_the_engines_order() -> None:
    items = [
        found("unsafe-code", "a", line=1),
        found("sql-injection", "b", line=9),
        found("sql-injection", "c", line=2),
    ]
    assert merge(items) == merge(reversed(items))
    assert [item.line for item in merge(items)] == [2, 9, 1]


@pytest.mark.req("RV2")
def test_fingerprints_survive_moving_and_indenting_and_tell_equal_lines_apart() -> None:
    first, second = merge([found("sql-injection", "a", line=3), found("sql-injection", "a", line=7)])
    assert first.fingerprint != second.fingerprint
    moved = merge([replace(item, line=item.line + 20, excerpt=f"\t  {LINE}") for item in (first, second)])
    assert [item.fingerprint for item in moved] == [first.fingerprint, second.fingerprint]
    (renamed,) = merge([replace(first, path="new.py")])
    assert renamed.fingerprint != first.fingerprint
    odd = replace(first, path="odd\udcff.py")
    assert len(odd.fingerprint) == 16
