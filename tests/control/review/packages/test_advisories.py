"""Advisories: imported from OSV exports, matched as the OSV schema says, and never trusted when they are broken."""

import json
import sqlite3
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bailiwick.control.review import (
    Change,
    Finding,
    PackagePolicy,
    Severity,
    Surroundings,
    import_advisories,
    open_advisories,
    review,
)
from bailiwick.control.review.advisories.cvss import base_score, level_of
from bailiwick.control.review.advisories.importing import Imported
from bailiwick.control.review.advisories.matching import affects, mended_by
from bailiwick.control.review.advisories.model import AdvisoriesError, Advisory, Range
from bailiwick.control.review.advisories.versions import key
from bailiwick.control.review.engines.packages import check
from bailiwick.core.artifacts import TreeFile

RECORDS = Path(__file__).parents[3] / "assets" / "osv"
NOW = datetime(2026, 11, 28, tzinfo=UTC)
HASH = "--hash=sha256:" + "a" * 64


def zipped(path: Path, records: list[Any]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number, record in enumerate(records):
            text = record if isinstance(record, str) else json.dumps(record)
            archive.writestr(f"{number}.json", text)
    return path


def imported(tmp_path: Path) -> Path:
    database = tmp_path / "state" / "advisories.sqlite"
    import_advisories([RECORDS], database, NOW)
    return database


def found(database: Path, files: dict[str, str], **policy: Any) -> list[Finding]:
    tree = tuple(TreeFile(path, text.encode()) for path, text in files.items())
    around = Surroundings(day=date(2026, 11, 28), packages=PackagePolicy(advisories=str(database), **policy))
    return [item for item in check.check(Change("t", (), tree), around) if item.rule.id != "advisories-stale"]


def lock(*pins: str) -> dict[str, str]:
    return {"requirements.lock": "".join(f"{pin} {HASH}\n" for pin in pins)}


@pytest.mark.req("RV5", "VA3")
@pytest.mark.parametrize(
    ("pin", "severity", "said"),
    [
        ("jinja2==3.1.2", Severity.MEDIUM, "CVE-2024-22195"),
        ("requests==2.19.1", Severity.HIGH, "CVE-2018-18074"),
        ("pyyaml==5.3.1", Severity.CRITICAL, "CVE-2020-14343"),
        ("PyYAML==5.3.1.post1", Severity.CRITICAL, "5.4 mends it"),
    ],
)
def test_a_vulnerable_version_is_named_with_its_fault_and_what_mends_it(
    tmp_path: Path, pin: str, severity: Severity, said: str
) -> None:
    (item,) = found(imported(tmp_path), lock(pin))
    assert (item.rule.id, item.path, item.line) == ("package-vulnerable", "requirements.lock", 1)
    assert item.severity == severity
    assert said in item.message


@pytest.mark.req("RV5")
@pytest.mark.parametrize("pin", ["jinja2==3.1.3", "jinja2==3.1.6", "requests==2.20.0", "pyyaml==5.4", "pyyaml==6.0.1"])
def test_a_mended_version_is_left_alone(tmp_path: Path, pin: str) -> None:
    assert found(imported(tmp_path), lock(pin)) == []


@pytest.mark.req("RV5")
def test_a_fault_that_two_databases_have_is_said_once(tmp_path: Path) -> None:
    (item,) = found(imported(tmp_path), lock("requests==2.19.1"))
    assert item.message.count("CVE-2018-18074") == 1
    assert "PYSEC" not in item.message


@pytest.mark.req("RV5")
def test_npm_versions_are_matched_and_a_pin_in_the_manifest_can_be_mended(tmp_path: Path) -> None:
    files = {"package.json": '{"dependencies": {\n  "lodash": "4.17.20"\n}}\n'}
    items = found(imported(tmp_path), files)
    (item,) = [item for item in items if item.rule.id == "package-vulnerable"]
    assert item.severity == Severity.HIGH
    assert item.edit is not None
    assert (item.edit.first, item.edit.text) == (2, '  "lodash": "4.17.21"')
    fixed = {"package.json": '{"dependencies": {"lodash": "4.17.21"}}'}
    assert "package-vulnerable" not in {item.rule.id for item in found(imported(tmp_path), fixed)}


@pytest.mark.req("RV5")
@pytest.mark.parametrize("written", ["zz-harmful==1.0", "zz-harmful==99"])
def test_a_malicious_package_is_critical_whichever_version(tmp_path: Path, written: str) -> None:
    items = found(imported(tmp_path), lock(written))
    (item,) = [item for item in items if item.rule.id == "package-malicious"]
    assert item.severity == Severity.CRITICAL
    wanted = [item.rule.id for item in found(imported(tmp_path), {"requirements.in": "zz-harmful\n"})]
    assert "package-malicious" in wanted


@pytest.mark.req("RV5")
def test_malware_of_other_databases_is_known_as_such(tmp_path: Path) -> None:
    by_number = record("bad-one", database_specific={"cwe_ids": ["CWE-506"], "severity": "CRITICAL"})
    taken(tmp_path, by_number, record("bad-two", aliases=["MAL-2024-1"]), record("plain"))
    items = found(tmp_path / "a.sqlite", lock("bad-one==1.0", "bad-two==1.0", "plain==1.0"))
    assert [item.line for item in items if item.rule.id == "package-malicious"] == [1, 2]


@pytest.mark.req("RV5")
def test_a_fault_in_what_only_developers_install_weighs_less(tmp_path: Path) -> None:
    lodash = '"version": "4.17.20", "integrity": "sha512-x"'
    texts = [f'{{"packages": {{"node_modules/lodash": {{{lodash}{dev}}}}}}}' for dev in ("", ', "dev": true')]
    severities = [found(imported(tmp_path), {"package-lock.json": text})[0].severity for text in texts]
    assert severities == [Severity.HIGH, Severity.MEDIUM]


@pytest.mark.req("RV5")
def test_without_a_database_that_is_said_and_blocks_where_policy_says_so() -> None:
    change = Change("t", (), (TreeFile("requirements.lock", f"jinja2==3.1.2 {HASH}\n".encode()),))
    (item,) = check.check(change, Surroundings())
    assert (item.rule.id, item.severity) == ("advisories-missing", Severity.LOW)
    (item,) = check.check(change, Surroundings(packages=PackagePolicy(advisories_required=True)))
    assert (item.rule.id, item.severity) == ("advisories-missing", Severity.MEDIUM)
    assert list(check.check(Change("t", (), ()), Surroundings())) == []


@pytest.mark.req("RV5")
def test_an_old_database_is_said_to_be_by_the_age_of_what_is_in_it(tmp_path: Path) -> None:
    change = Change("t", (), (TreeFile("requirements.lock", f"jinja2==3.1.6 {HASH}\n".encode()),))
    for day, required, expected in (
        (date(2026, 11, 28), False, [Severity.LOW]),
        (date(2026, 11, 28), True, [Severity.MEDIUM]),
        (date(2025, 2, 20), True, []),
    ):
        policy = PackagePolicy(advisories=str(imported(tmp_path)), advisories_required=required)
        items = check.check(change, Surroundings(day=day, packages=policy))
        assert [item.severity for item in items if item.rule.id == "advisories-stale"] == expected


@pytest.mark.req("RV5")
def test_a_database_that_cannot_be_read_lets_nothing_pass(tmp_path: Path) -> None:
    broken = tmp_path / "advisories.sqlite"
    broken.write_bytes(b"nonsense" * 1000)
    tree = (TreeFile("requirements.lock", f"jinja2==3.1.2 {HASH}\n".encode()),)
    report = review(Change("t", (), tree), Surroundings(packages=PackagePolicy(advisories=str(broken))))
    assert not report.passed
    assert any(words.startswith("packages") for words in report.could_not_review)


RANGED = [
    ((("introduced", "0"), ("fixed", "1.5")), "1.4.9", True),
    ((("introduced", "0"), ("fixed", "1.5")), "1.5", False),
    ((("introduced", "0"), ("fixed", "1.5")), "1.5rc1", True),
    ((("introduced", "1.0"), ("last_affected", "1.5")), "1.5", True),
    ((("introduced", "1.0"), ("last_affected", "1.5")), "1.5.1", False),
    ((("introduced", "1.0"), ("fixed", "1.2"), ("introduced", "2.0"), ("fixed", "2.1")), "1.9", False),
    ((("introduced", "1.0"), ("fixed", "1.2"), ("introduced", "2.0"), ("fixed", "2.1")), "2.0.9", True),
    ((("introduced", "2.0"), ("fixed", "2.1"), ("introduced", "1.0"), ("fixed", "1.2")), "1.1", True),
    ((("introduced", "1.0"),), "0.9", False),
    ((("introduced", "1.0"),), "999", True),
    ((("introduced", "0"), ("limit", "2.0")), "2.0", False),
    ((("introduced", "0"), ("limit", "2.0")), "1.0", True),
]


@pytest.mark.req("RV5")
@pytest.mark.parametrize(("events", "version", "expected"), RANGED)
def test_ranges_are_walked_as_the_schema_says(events: Any, version: str, expected: bool) -> None:
    advisory = Advisory("X-1", "PyPI", "x", (), "", "high", False, (Range("ECOSYSTEM", events),), ())
    assert affects(advisory, version) is expected


@pytest.mark.parametrize(
    ("lower", "higher"),
    [("1.0.0-alpha", "1.0.0-alpha.1"), ("1.0.0-alpha.1", "1.0.0-alpha.beta"), ("1.0.0-alpha.beta", "1.0.0-beta"),
     ("1.0.0-beta.2", "1.0.0-beta.11"), ("1.0.0-rc.1", "1.0.0"), ("1.9.0", "1.10.0"), ("v1.2.3", "1.2.4")],
)  # fmt: skip
def test_npm_versions_sort_as_semantic_versioning_says(lower: str, higher: str) -> None:
    one, other = key("npm", lower), key("npm", higher)
    assert one is not None
    assert other is not None
    assert one < other


def test_the_fix_that_is_named_mends_the_line_that_is_used() -> None:
    events = (("introduced", "1.0"), ("fixed", "1.2"), ("introduced", "2.0"), ("fixed", "2.1"))
    advisory = Advisory("X-1", "PyPI", "x", (), "", "high", False, (Range("ECOSYSTEM", events),), ())
    assert mended_by(advisory, "1.1") == "1.2"
    assert mended_by(advisory, "2.0") == "2.1"


# From the examples of FIRST's "CVSS v3.1 Examples" and of well-known entries of the NVD.
@pytest.mark.parametrize(
    ("vector", "score", "level"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, "critical"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0, "critical"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, "medium"),
        ("CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H", 7.2, "high"),
        ("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4, "medium"),
        ("CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 7.8, "high"),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", 1.6, "low"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, "low"),
    ],
)
def test_base_scores_are_those_of_the_specification(vector: str, score: float, level: str) -> None:
    assert base_score(vector) == score
    assert level_of(score) == level


@pytest.mark.parametrize(
    "vector", ["", "CVSS:4.0/AV:N", "CVSS:3.1/AV:N", "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"]
)
def test_what_is_no_vector_has_no_score(vector: str) -> None:
    assert base_score(vector) is None


def record(name: str = "x", ecosystem: str = "PyPI", **more: Any) -> dict[str, Any]:
    affected = [{"package": {"ecosystem": ecosystem, "name": name}, "versions": ["1.0"]}]
    return {"id": f"T-{name}-{ecosystem}", "modified": "2026-11-01T00:00:00Z", "affected": affected, **more}


def taken(tmp_path: Path, *records: Any) -> Imported:
    return import_advisories([zipped(tmp_path / "all.zip", list(records))], tmp_path / "a.sqlite", NOW)


@pytest.mark.req("RV5")
def test_an_import_takes_the_place_of_its_own_ecosystems_only(tmp_path: Path) -> None:
    taken(tmp_path, record("x"), record("y"), record("z", "npm"))
    result = taken(tmp_path, record("x"))
    assert {(source.ecosystem, source.advisories) for source in result.sources} == {("PyPI", 1), ("npm", 1)}
    with open_advisories(tmp_path / "a.sqlite") as advisories:
        assert advisories.about("PyPI", "y") == ()
        assert [item.name for item in advisories.about("npm", "z")] == ["z"]


@pytest.mark.req("RV5")
@pytest.mark.parametrize(
    "bad",
    ["{", "[]", '{"id": 3}', record(modified="yesterday"), record(affected=[3]), record(affected="x"),
     record(affected=[{"package": {"ecosystem": "PyPI", "name": "x"},
                       "ranges": [{"type": "ECOSYSTEM", "events": [{"begun": "0"}]}]}]), "[" * 100_000],
)  # fmt: skip
def test_a_broken_export_changes_nothing(tmp_path: Path, bad: Any) -> None:
    taken(tmp_path, record("x"))
    with pytest.raises(AdvisoriesError):
        taken(tmp_path, bad, record("y"))
    with open_advisories(tmp_path / "a.sqlite") as advisories:
        assert [item.name for item in advisories.about("PyPI", "x")] == ["x"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sqlite", "all.zip"]


def test_one_broken_record_of_a_thousand_is_counted_and_left_out(tmp_path: Path) -> None:
    result = taken(tmp_path, "{", *(record(f"n{number}") for number in range(999)))
    assert (result.taken, result.unreadable) == (999, 1)


def test_what_is_withdrawn_or_about_other_things_says_nothing(tmp_path: Path) -> None:
    git_only = [{"package": {"ecosystem": "PyPI", "name": "g"}, "ranges": [{"type": "GIT", "events": []}]}]
    records = [record("w", withdrawn="2026-01-01T00:00:00Z"), record("r", "crates.io"), record("g", affected=git_only)]
    result = taken(tmp_path, record("x"), *records)
    assert (result.taken, result.said_nothing) == (1, 3)


def test_no_export_at_all_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04nonsense")
    for export in (empty, broken):
        with pytest.raises(AdvisoriesError):
            import_advisories([export], tmp_path / "a.sqlite", NOW)


def test_a_database_of_another_format_is_refused(tmp_path: Path) -> None:
    taken(tmp_path, record("x"))
    connection = sqlite3.connect(tmp_path / "a.sqlite")
    connection.execute("UPDATE meta SET value = '99'")
    connection.commit()
    connection.close()
    with pytest.raises(AdvisoriesError, match="another format"):
        open_advisories(tmp_path / "a.sqlite")
