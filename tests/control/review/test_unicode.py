import pytest

from bailiwick.control.review import Change, Finding, Surroundings
from bailiwick.control.review.engines import unicode
from bailiwick.core.artifacts import TreeFile


def _findings(**files: str) -> list[Finding]:
    tree = tuple(TreeFile(path.replace("__", "."), text.encode()) for path, text in files.items())
    return list(unicode.check(Change("0" * 40, (), tree), Surroundings()))


@pytest.mark.req("RV2", "RV7")
def test_a_name_passes_for_one_of_another_file_of_the_app() -> None:
    found = _findings(a__py="def scope(): ...\n", b__py="def \u0455\u0441\u043e\u0440\u0435(): ...\n")
    assert [(item.rule.id, item.path) for item in found] == [("homoglyphs", "b.py")]
    assert _findings(b__py="def \u0455\u0441\u043e\u0440\u0435(): ...\n") == []


@pytest.mark.req("RV7")
@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("\u0430pp.py", "homoglyphs"),
        ("invoice\u202egpj.py", "bidirectional-characters"),
        ("a\u200b.py", "invisible-characters"),
    ],
)
def test_names_of_files_hide_nothing_either(path: str, rule: str) -> None:
    change = Change("0" * 40, (), (TreeFile(path, b""),))
    found = list(unicode.check(change, Surroundings()))
    assert [item.rule.id for item in found] == [rule]
    assert found[0].line == 0


@pytest.mark.req("RV2")
def test_the_edit_takes_out_what_hides_and_leaves_what_has_work_to_do() -> None:
    (found,) = _findings(a__py='X = "pass\u200bword می\u200cخواهم"\n')
    assert found.edit is not None
    assert found.edit.text == 'X = "password می\u200cخواهم"'
    assert "\\u200b" in found.excerpt


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    "content",
    [
        "\u200b" * 1_000_000,
        "é" * 1_000_000,
        "\u202e\n" * 300_000,
        "x" + " " * 2_000_000,
        "аa" * 300_000,
        '"\\' * 500_000,
    ],
    ids=["one line", "letters", "many lines", "blanks", "mixed", "open strings"],
)
@pytest.mark.timeout(20)
def test_a_file_full_of_it_is_a_few_findings_soon(content: str) -> None:
    assert len(_findings(a__py=content + "é")) <= 60
