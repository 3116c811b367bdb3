"""Ranges of versions: npm's as npm itself reads them, Python's as pip does."""

import itertools
import json
import subprocess

import pytest

from bailiwick.control.review import version_range
from bailiwick.core.errors import InvalidInputError

RANGES = [
    *"1.2.3 =1.2.3 v1.2.3 1.2 1 1.x 1.2.x * x ^1.2.3 ^0.2.3 ^0.0.3 ^0.0 ^0.x ^1.2 ^1 ^* ~1.2.3 ~1.2 ~1 ~0.2.3".split(),
    *">1.2.3 >1.2 >1 >=1.2.3 >=1.2 <1.2.3 <1.2 <1 <=1.2.3 <=1.2 <=1 1.2.3-beta.2 ^1.2.3-beta.2 ~1.2.3-beta".split(),
    *"<1.2.3-beta.2 >1.2.3-beta <x >* >=x".split(),
    *("1.2.3 - 2.0.0", "1.2 - 2", "1 - 1.2", "1.2.3-beta - 1.2.4-rc.1", ">=1.0.0 <1.2.3", ">=1.0.0 <1.2.0 || ^2.0.0"),
    *(">=1.2.3-alpha <1.2.3", ">= 1.2.3", "> 1.0.0 < 2.0.0"),
]
VERSIONS = [
    *"0.0.0 0.0.3 0.0.4 0.0.4-0 0.1.0 0.2.3 0.2.9 0.3.0-rc.1 0.3.0 1.0.0-alpha 1.0.0 1.1.9 1.2.0-0 1.2.0 1.2.2".split(),
    *"1.2.3-alpha 1.2.3-beta.2 1.2.3-beta.10 1.2.3-beta 1.2.3 1.2.4-rc.1 1.2.4 1.3.0-0 1.3.0 1.9.9".split(),
    *"2.0.0-rc.1 2.0.0 2.0.1 3.0.0 10.0.0".split(),
]


def test_npm_ranges_are_read_as_npm_reads_them() -> None:
    root = subprocess.run(["npm", "root", "-g"], capture_output=True, check=True, text=True).stdout.strip()
    program = (
        f"const semver = require({json.dumps(root + '/npm/node_modules/semver')});"
        "const [ranges, versions] = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "const options = {includePrerelease: true};"
        "console.log(JSON.stringify(ranges.map(r => versions.map(v => semver.satisfies(v, r, options)))));"
    )
    asked = json.dumps([RANGES, VERSIONS])
    done = subprocess.run(["node", "-e", program], input=asked, capture_output=True, check=True, text=True)
    theirs = dict(zip(itertools.product(RANGES, VERSIONS), itertools.chain(*json.loads(done.stdout)), strict=True))
    ours = {(r, v): version_range("npm", r).holds(v) for r, v in theirs}
    assert {pair for pair in theirs if ours[pair] != theirs[pair]} == set()


@pytest.mark.parametrize(
    ("written", "held", "free"),
    [
        ("<2.32.4", ("2.32.3", "1.0"), ("2.32.4", "3.0")),
        (">=2.0,<2.32.4", ("2.0", "2.1rc1", "2.32.3.post1"), ("1.9", "2.32.4")),
        ("==2.0", ("2.0", "2.0.0", "2.0+local"), ("2.0.1",)),
        ("~=1.4.2", ("1.4.2", "1.4.9"), ("1.5", "1.4.1")),
        ("", ("0.1", "anything"), ()),
    ],
)
def test_python_ranges_are_read_as_pip_reads_them(written: str, held: tuple[str, ...], free: tuple[str, ...]) -> None:
    found = version_range("PyPI", written)
    assert [v for v in held if not found.holds(v)] == []
    assert [v for v in free if found.holds(v)] == []


@pytest.mark.parametrize("ecosystem", ["npm", "PyPI"])
def test_a_version_that_cannot_be_put_in_order_is_in_every_range(ecosystem: str) -> None:
    found = version_range(ecosystem, "<1.0.0")
    assert found.holds("")
    assert found.holds("latest, or so")


@pytest.mark.parametrize(
    ("ecosystem", "written"),
    [
        ("PyPI", "^2.0"), ("PyPI", "2.0"), ("PyPI", "<two"), ("npm", ">=1,<2"), ("npm", "latest"), ("npm", "1.2.3.4"),
        ("npm", ">>1"), ("npm", "1..2"), ("npm", "^"), ("npm", "1.0.0" * 100),
    ],
)  # fmt: skip
def test_what_is_no_range_is_refused_in_words(ecosystem: str, written: str) -> None:
    with pytest.raises(InvalidInputError):
        version_range(ecosystem, written)
