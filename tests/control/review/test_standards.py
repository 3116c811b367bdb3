"""Standards as rules over files: what they find, how their texts are read, and that nothing pushed gets round them."""

from datetime import date
from pathlib import Path

import pytest

from bailiwick.control.review import Change, Finding, Surroundings
from bailiwick.control.review.engines import standards
from bailiwick.control.review.model import StandardText
from bailiwick.control.review.standards import StandardNotValidError, faults_in, read_standard
from bailiwick.core.artifacts import TreeFile

HOUSE = (Path(__file__).parents[2] / "assets" / "standards" / "house.toml").read_text()


def _findings(files: dict[str, str], text: str = HOUSE, day: date = date(2027, 1, 1)) -> list[Finding]:
    change = Change("0" * 40, (), tuple(TreeFile(path, content.encode()) for path, content in files.items()))
    surroundings = Surroundings(day=day, standards=(StandardText("house", 1, "folder:finance", text),))
    return list(standards.check(change, surroundings))


def _rules(files: dict[str, str]) -> set[str]:
    whole = {"README.md": "x", "tests/test_a.py": "", **files}
    return {item.rule.id.removeprefix("standard-house-") for item in _findings(whole)}


@pytest.mark.req("RV8")
def test_a_whole_standard_passes_its_own_tests() -> None:
    assert faults_in("house", HOUSE) == []


@pytest.mark.req("RV8")
@pytest.mark.parametrize(
    ("rule", "files"),
    [
        ("no-requests", {"a.py": "import requests.sessions\n"}),
        ("no-requests", {"a.js": "const r = require('requests');\n"}),
        ("no-requests", {"a.ts": "export * from 'requests';\n"}),
        ("layers", {"desk/store/a.py": "from desk import web\n"}),
        ("layers", {"desk/domain/a.py": "from desk.web.pages import page\n"}),
        ("layers", {"src/desk/store/a.py": "from .. import web\n"}),
        ("layers", {"desk/store/a.ts": "import { page } from '../web/pages';\n"}),
        ("small", {"a.py": "x = [1]\n" * 21}),
        ("small", {f"a{number}.txt": "x\n" for number in range(4)}),
        ("small", {"a.js": "function f() {\n  a();\n  b();\n  c();\n}\n"}),
        ("names", {"a.py": "def getOrders():\n    return 1\n"}),
        ("names", {"a.py": "class order:\n    pass\n"}),
        ("names", {"a.py": "limit = 3\n"}),
        ("names", {"Orders.py": "x = [1]\n"}),
        ("names", {"a.tsx": "class order {}\n"}),
        ("no-print", {"a.py": "print(user.token)\n"}),
    ],
)
def test_a_rule_finds_what_breaks_it(rule: str, files: dict[str, str]) -> None:
    assert rule in _rules(files)


@pytest.mark.req("RV8")
@pytest.mark.parametrize(
    "files",
    [
        {"scripts/a.py": "import requests\n"},
        {"a.py": "# import requests\nX = 'import requests'\n"},
        {"desk/web/a.py": "from desk.domain import orders\nfrom desk.store import rows\n"},
        {"desk/store/a.py": "from desk.webs import other\nfrom . import rows\n"},
        {"a.py": "def __init_subclass__():\n    pass\n\n\n__all__ = 3\nnames = [1]\n"},
        {"a.js": "print(password)\n"},
        {"a.py": "def broken(:\n"},
    ],
)
def test_what_only_looks_alike_is_left_alone(files: dict[str, str]) -> None:
    assert _rules(files) == set()


@pytest.mark.req("RV8")
def test_a_finding_names_the_standard_the_line_and_what_to_do() -> None:
    found = next(item for item in _findings({"a.py": "import os\nimport requests\n"}) if item.line)
    assert (found.rule.id, found.line, found.excerpt) == ("standard-house-no-requests", 2, "import requests")
    assert found.message == "use httpx, which has timeouts: requests is imported"
    assert (found.rule.why, found.rule.fix) == ("'house' is a standard of folder:finance", "import httpx")


@pytest.mark.req("RV8")
def test_a_new_standard_warns_until_its_day_and_blocks_from_the_next_on() -> None:
    text = HOUSE.replace('title = "How we build"', 'title = "x"\nwarn_until = 2027-01-31')
    for day, word in ((date(2027, 1, 31), "low"), (date(2027, 2, 1), "medium")):
        found = next(item for item in _findings({"a.py": "import requests\n"}, text, day) if item.line)
        assert found.severity.word == word
        assert ("a warning until 2027-01-31" in found.message) is (word == "low")


@pytest.mark.req("RV8")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('forbid = ["requests"]', 'forbidden = ["requests"]'), "there is no 'forbidden'; did you mean 'forbid'"),
        (('forbid = ["requests"]', "most_lines = 3"), "'most_lines' is not for rules of the kind 'import'"),
        (('forbid = ["requests"]', ""), "needs forbid or require"),
        (('class = "[A-Z][A-Za-z0-9]+"', 'class = "[A-Z"'), "no regular expression"),
        (('names = { function', "names = { method"), "and not of 'method'"),
        (('pattern = "print($WHAT)"', 'pattern = "print($OTHER)"'), "the pattern has no $WHAT"),
        (('language = "python"', 'language = "cobol"'), "language is one of"),
        (('id = "layers"', 'id = "small"'), "two rules have this id"),
        (("[standard]", "[standard"), "not TOML"),
        (('text = "import httpx', 'text = "import requests'), "test 2 is good, and the rule finds"),
        (('text = "from requests import get\\n"', 'text = "import os"'), "test 1 is bad, and the rule finds nothing"),
        (('expect = "bad"\ntext = "from requests', 'expect = "good"\ntext = "from os'), "no test that is bad"),
    ],
)  # fmt: skip
def test_a_text_with_a_fault_is_told_which(change: tuple[str, str], words: str) -> None:
    assert change[0] in HOUSE
    faults = faults_in("house", HOUSE.replace(*change, 1))
    assert any(words in f"{fault.rule} {fault.message}" for fault in faults), faults


@pytest.mark.req("RV8")
def test_a_standard_that_cannot_be_read_lets_nothing_pass() -> None:
    with pytest.raises(StandardNotValidError):
        _findings({"a.py": "x = [1]\n"}, "nonsense")
    with pytest.raises(StandardNotValidError):
        read_standard("house", "[standard]\n")


@pytest.mark.req("RV8")
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "content",
    [
        "(" * 100_000,
        "def f(): pass\n" * 50_000,
        "x = 1; " * 100_000,
        "import a\n" * 100_000,
        "print(password)\n" * 50_000,
    ],
)
def test_any_file_is_read_soon(content: str) -> None:
    _findings({"a.py": content, "a.js": content, "a.tsx": content})
