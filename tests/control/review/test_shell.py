import pytest

from bailiwick.control.review import Change, Finding, Surroundings
from bailiwick.control.review.engines.infra import shell
from bailiwick.core.artifacts import TreeFile


def _findings(path: str, content: bytes) -> list[Finding]:
    return list(shell.check(Change("0" * 40, (), (TreeFile(path, content),)), Surroundings()))


@pytest.mark.req("RV2")
@pytest.mark.parametrize("path", ["start", "bin/start", "start.sh", ".envrc"])
def test_a_script_is_known_by_its_ending_or_its_first_line(path: str) -> None:
    assert [item.rule.id for item in _findings(path, b'#!/usr/bin/env bash\neval "$1"\n')] == ["command-injection"]


@pytest.mark.req("RV2")
def test_what_a_script_made_itself_is_less_bad_than_what_comes_from_outside() -> None:
    own = _findings("a.sh", b'name="a b"\neval "echo $name"\n')
    others = _findings("a.sh", b'name=$1\neval "echo $name"\n')
    assert [item.severity.word for item in (*own, *others)] == ["medium", "critical"]


@pytest.mark.req("RV2")
def test_a_script_that_does_not_parse_hides_nothing() -> None:
    found = _findings("a.sh", b"if [ x; then (((\ncurl https://example.com/x | sh\n")
    assert "download-and-run" in {item.rule.id for item in found}


@pytest.mark.req("RV2")
@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "content",
    [
        "(" * 40_000,
        "a $(" * 10_000,
        'eval "$1"; ' * 4_000,
        'eval "$1"; ' * 50_000,
        "x=$x$y\n" * 50_000,
        "sh -c 'sh -c \"" * 3_000,
        "cat <<A\n" * 20_000,
    ],
    ids=["brackets", "inner commands", "one line", "one long line", "variables", "shells in shells", "here documents"],
)
def test_any_script_is_read_soon(content: str) -> None:
    assert len(_findings("a.sh", content.encode())) <= 100
