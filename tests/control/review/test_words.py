import pytest

from bailiwick.control.review import (
    Change,
    Edit,
    Finding,
    Report,
    Step,
    Style,
    as_sarif,
    finding_lines,
    refusal_lines,
    rule,
)
from bailiwick.core.artifacts import TreeFile

CODE = 'def f(db, name):\n\tdb.execute("SELECT " + name)\n'
FOUND = Finding(
    rule("sql-injection"), "app.py", 2, "a form reaches SQL", '\tdb.execute("SELECT " + name)', column=13,
    end_column=29,
    steps=(Step("web.py", 7, "the name comes from a form"), Step("app.py", 2, "and goes into SQL")),
    edit=Edit("app.py", 2, 2, '\tdb.execute("SELECT %s", [name])'),
)  # fmt: skip


def change(code: str = CODE) -> Change:
    return Change("0" * 40, (), (TreeFile("app.py", code.encode()),))


@pytest.mark.req("RV2")
def test_a_finding_shows_its_line_the_place_in_it_and_how_the_value_came_there() -> None:
    lines = list(finding_lines(FOUND, change=change()))
    assert lines[:5] == [
        "app.py:2  high  sql-injection: a form reaches SQL",
        '       2 | db.execute("SELECT " + name)',
        "         |            ^^^^^^^^^^^^^^^^",
        "    from web.py:7  the name comes from a form",
        "      to app.py:2  and goes into SQL",
    ]


@pytest.mark.req("RV2")
def test_no_place_is_marked_in_a_line_that_is_not_shown_as_it_is() -> None:
    masked = Finding(rule("secret-in-code"), "app.py", 2, "a key", "KEY = AKIA…", column=8)
    assert not any("^" in line for line in finding_lines(masked, change=change()))
    assert not any("^" in line for line in finding_lines(FOUND))


@pytest.mark.req("RV2")
def test_long_lines_are_cut_around_the_place_and_controls_are_written_out() -> None:
    code = "x = 1; " * 5000 + "\x1b[2Jeval(y)" + " ; z" * 5000
    found = Finding(rule("dynamic-code"), "app.py", 1, "eval", code, column=35_005, end_column=35_012)
    shown, mark = list(finding_lines(found, change=change(code)))[1:3]
    assert len(shown) < 150
    assert "\\x1b[2Jeval(y)" in shown
    assert shown[mark.index("^") :].startswith("eval(y)")
    assert mark.count("^") == 7


@pytest.mark.req("RV2")
def test_paint_goes_round_pieces_and_changes_no_words() -> None:
    painted = "\n".join(finding_lines(FOUND, change=change(), paint=lambda text, style: f"<{style}>{text}</>"))
    assert "<place>app.py:2</>  <bad>high</>" in painted
    plain = "\n".join(finding_lines(FOUND, change=change()))
    for style in Style:
        painted = painted.replace(f"<{style}>", "")
    assert painted.replace("</>", "") == plain


@pytest.mark.req("RV2")
def test_a_refused_push_shows_twenty_findings_and_says_where_the_rest_is() -> None:
    said = refusal_lines([FOUND] * 23, (), "http://x/reviews/rev_1", change())
    assert sum("high  sql-injection" in line for line in said) == 20
    assert "and 3 more: http://x/reviews/rev_1" in said


@pytest.mark.req("RV2")
def test_sarif_has_the_way_of_the_value_and_the_edit() -> None:
    log = as_sarif(Report("0" * 40, (FOUND,)))
    (result,) = log["runs"][0]["results"]  # type: ignore[index]
    (flow,) = result["codeFlows"]
    (thread,) = flow["threadFlows"]
    assert [step["location"]["physicalLocation"]["region"]["startLine"] for step in thread["locations"]] == [7, 2]
    assert thread["locations"][0]["location"]["message"]["text"] == "the name comes from a form"
    (fix,) = result["fixes"]
    (edited,) = fix["artifactChanges"]
    assert edited["artifactLocation"] == {"uri": "app.py"}
    (replaced,) = edited["replacements"]
    assert replaced["deletedRegion"] == {"startLine": 2, "startColumn": 1, "endLine": 3, "endColumn": 1}
    assert replaced["insertedContent"] == {"text": '\tdb.execute("SELECT %s", [name])\n'}
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 2, "startColumn": 13, "endColumn": 29}


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    ("edit", "deleted", "inserted"),
    [
        (Edit("a", 5, 4, "new"), (5, 5), "new\n"),
        (Edit("a", 5, 6, ""), (5, 7), None),
        (Edit("a", 5, 5, "one\ntwo\n"), (5, 6), "one\ntwo\n"),
    ],
)
def test_edits_in_sarif_insert_delete_and_replace_whole_lines(
    edit: Edit, deleted: tuple[int, int], inserted: str | None
) -> None:
    found = Finding(rule("unsafe-code"), "a", 5, "x", edit=edit)
    log = as_sarif(Report("0" * 40, (found,)))
    (replaced,) = log["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"]  # type: ignore[index]
    region = replaced["deletedRegion"]
    assert (region["startLine"], region["endLine"], region["startColumn"], region["endColumn"]) == (*deleted, 1, 1)
    assert replaced.get("insertedContent", {}).get("text") == inserted
