"""The organisation's index: dumps of it in each form, what reviews make of them, and dumps that are broken."""

import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.control.review import (
    Change,
    Finding,
    IndexUnusableError,
    PackagePolicy,
    Severity,
    Surroundings,
    bill_of_materials,
    import_index,
    open_index,
)
from bailiwick.control.review.engines.packages import check
from bailiwick.control.review.indexes.formats import NoPackageError, read
from bailiwick.control.review.indexes.licences import of_classifiers, spdx
from bailiwick.core.artifacts import TreeFile

DUMPS = Path(__file__).parents[3] / "assets" / "index"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SHAPES: tuple[dict[str, Any], ...] = (
    {"ecosystem": "PyPI", "name": "a"},
    {"ecosystem": "npm", "name": "a"},
    {"name": "a", "files": []},
    {"info": {"name": "a"}, "releases": {}},
    {"name": "a", "versions": {"1.0.0": {}}, "dist-tags": {"latest": "1.0.0"}},
    {"index": "x"},
)
KEYS = (
    "1.0", "name", "released", "licence", "license", "licenses", "type", "yanked", "upload-time", "filename", "latest",
    "withdrawn", "deprecated", "status", "version", "classifiers", "modified",
)  # fmt: skip
TODAY = NOW.date()
HASH = "--hash=sha256:" + "a" * 64


def imported(tmp_path: Path, *dumps: Path, adds: bool = False) -> Path:
    copy = tmp_path / "state" / "index.sqlite"
    import_index(dumps or [DUMPS], copy, NOW, adds=adds)
    return copy


def written(path: Path, *records: Any) -> Path:
    path.write_text("\n".join(json.dumps(record) for record in records) + "\n")
    return path


def named(*names: str, ecosystem: str = "PyPI") -> list[dict[str, Any]]:
    return [{"ecosystem": ecosystem, "name": name} for name in names]


def found(copy: Path, files: dict[str, str], day: date = TODAY, **policy: Any) -> list[Finding]:
    tree = tuple(TreeFile(path, text.encode()) for path, text in files.items())
    around = Surroundings(day=day, packages=PackagePolicy(facts=str(copy), **policy))
    return [item for item in check.check(Change("t", (), tree), around) if item.rule.id != "advisories-missing"]


def lock(*pins: str) -> dict[str, str]:
    return {"requirements.lock": "".join(f"{pin} {HASH}\n" for pin in pins)}


def npm(name: str, version: str, **more: Any) -> dict[str, str]:
    entry = {"version": version, "integrity": "sha512-x", **more}
    return {"package-lock.json": json.dumps({"packages": {f"node_modules/{name}": entry}})}


def judged(items: list[Finding]) -> list[tuple[str, Severity]]:
    return [(item.rule.id, item.severity) for item in items]


@pytest.mark.req("RV5")
def test_a_version_is_as_young_as_the_index_says_whatever_the_lock_file_does(tmp_path: Path) -> None:
    copy = imported(tmp_path)
    (item,) = found(copy, lock("acme-tools==2.0"), least_days=7)
    assert judged([item]) == [("package-too-young", Severity.MEDIUM)]
    assert "came out 2 days ago; 7 are the least here" in item.message
    assert found(copy, lock("acme-tools==1.0"), least_days=7) == []
    assert found(copy, lock("acme-tools==2.0"), least_days=2) == []
    forged = 'sdist = { hash = "sha256:aa", upload-time = "2020-01-01T00:00:00Z" }'
    lied = {"uv.lock": f'[[package]]\nname = "acme-tools"\nversion = "2.0"\n{forged}\n'}
    assert "package-too-young" in [item.rule.id for item in found(copy, lied, least_days=7)]


@pytest.mark.req("RV5")
@pytest.mark.parametrize(
    ("pin", "severity", "said"),
    [
        ("acme-tools==3.0", Severity.MEDIUM, "taken back by its makers: loses orders"),
        ("from-simple==1.0", Severity.MEDIUM, "taken back by its makers: broken on Python 3.12"),
        ("from-api==1.0", Severity.MEDIUM, "taken back by its makers: leaks a socket"),
        ("held-back==1.0", Severity.HIGH, "held-back back as unsafe"),
    ],
)
def test_a_version_that_was_taken_back_blocks(tmp_path: Path, pin: str, severity: Severity, said: str) -> None:
    items = [item for item in found(imported(tmp_path), lock(pin)) if item.rule.id == "package-withdrawn"]
    assert [item.severity for item in items] == [severity]
    assert said in items[0].message


@pytest.mark.req("RV5")
def test_a_package_that_is_left_alone_is_said_and_blocks_where_the_organisation_says_so(tmp_path: Path) -> None:
    copy = imported(tmp_path)
    (item,) = found(copy, lock("put-away==1.0"))
    assert judged([item]) == [("package-unmaintained", Severity.LOW)]
    assert item.message == "put-away is archived: use acme-tools"
    (item,) = found(copy, lock("put-away==1.0"), unmaintained_refused=True)
    assert item.severity == Severity.MEDIUM
    (item,) = [item for item in found(copy, lock("from-simple==1.1")) if item.rule.id == "package-unmaintained"]
    assert item.message == "from-simple is deprecated: take from-api"


@pytest.mark.req("RV5")
def test_a_package_without_a_release_for_long_is_left_alone_by_policy_only(tmp_path: Path) -> None:
    copy = imported(tmp_path)
    assert found(copy, lock("old-thing==0.9")) == []
    (item,) = found(copy, lock("old-thing==0.9"), unmaintained_months=24)
    assert "the last release of old-thing came out 93 months ago (2019-02-01)" in item.message
    assert found(copy, lock("old-thing==0.9"), unmaintained_months=120) == []
    assert found(copy, lock("acme-tools==1.0"), unmaintained_months=24) == [], "a newer version shows that it is kept"


@pytest.mark.req("RV5")
def test_a_deprecated_version_of_npm_is_said_with_what_its_makers_say(tmp_path: Path) -> None:
    (item,) = found(imported(tmp_path), npm("@acme/widgets", "1.0.0"), licences_refused=())
    assert judged([item]) == [("package-unmaintained", Severity.LOW)]
    assert item.message == "@acme/widgets 1.0.0 is deprecated: please take version 2"
    assert found(imported(tmp_path), npm("@acme/widgets", "2.0.0")) == []


@pytest.mark.req("RV5")
def test_licences_come_from_the_index_and_before_what_the_lock_file_claims(tmp_path: Path) -> None:
    copy = imported(tmp_path)
    (item,) = found(copy, lock("strict==1.0"))
    assert judged([item]) == [("package-licence", Severity.MEDIUM)]
    assert "AGPL-3.0-or-later" in item.message
    rules = [item.rule.id for item in found(copy, npm("@acme/widgets", "1.0.0", license="MIT"))]
    assert "package-licence" in rules
    assert found(copy, lock("from-api==2.0")) == []
    (item,) = found(copy, lock("from-api==2.0"), licences_refused=("MIT",))
    assert item.rule.id == "package-licence"


@pytest.mark.req("RV5")
def test_a_licence_that_nobody_says_passes_unless_the_organisation_wants_to_know(tmp_path: Path) -> None:
    copy = imported(tmp_path)
    assert found(copy, lock("silent==1.0")) == []
    (item,) = found(copy, lock("silent==1.0"), licence_required=True)
    assert judged([item]) == [("package-licence", Severity.MEDIUM)]
    assert found(copy, lock("acme-tools==1.0"), licence_required=True) == []
    told = npm("left-pad", "1.3.0", license="SEE LICENSE IN terms.txt")
    rules = [item.rule.id for item in found(copy, told, licence_required=True)]
    assert "package-licence" in rules


@pytest.mark.req("RV5")
def test_names_and_versions_that_the_index_lacks_are_unknown(tmp_path: Path) -> None:
    copy = imported(tmp_path)
    (item,) = found(copy, lock("flask==3.0.0"))
    assert judged([item]) == [("package-unknown", Severity.HIGH)]
    (item,) = found(copy, lock("acme-tools==9.9"))
    assert judged([item]) == [("package-unknown", Severity.HIGH)]
    assert item.message == "the organisation's index has acme-tools, but no version 9.9"
    assert found(copy, lock("Acme.Tools==1.0.0")) == [], "the same version and name, spelt in another way"


@pytest.mark.req("RV5")
def test_an_old_copy_is_said_to_be_and_what_came_out_since_blocks_nothing(tmp_path: Path) -> None:
    copy, later = imported(tmp_path), date(2027, 2, 1)
    items = found(copy, lock("acme-tools==9.9"), day=later)
    assert judged(items) == [("package-unknown", Severity.LOW), ("package-index-stale", Severity.LOW)]
    assert "73 days old; 30 are the most" in items[1].message
    assert found(copy, lock("acme-tools==1.0"), day=later, index_stale_days=100) == []


@pytest.mark.req("RV5")
def test_what_only_adds_to_the_copy_makes_no_other_name_unknown(tmp_path: Path) -> None:
    copy = imported(tmp_path, DUMPS / "simple.json", adds=True)
    assert found(copy, lock("flask==3.0.0")) == []
    assert "package-withdrawn" in [item.rule.id for item in found(copy, lock("from-simple==1.0"))]
    assert found(copy, lock("from-simple==7.0")) != [], "its being deprecated holds for every version"
    assert "package-unknown" not in [item.rule.id for item in found(copy, lock("from-simple==7.0"))]


@pytest.mark.req("RV5")
def test_an_import_takes_the_place_of_its_ecosystems_and_an_addition_of_its_packages(tmp_path: Path) -> None:
    copy = imported(tmp_path, written(tmp_path / "one.jsonl", *named("a", "b"), *named("x", ecosystem="npm")))
    import_index([written(tmp_path / "two.jsonl", *named("c"))], copy, NOW)
    with open_index(copy) as index:
        assert {source.ecosystem: source.packages for source in index.sources} == {"PyPI": 1, "npm": 1}
        assert index.about("PyPI", "a") is None
    more = {"ecosystem": "PyPI", "name": "c", "status": "archived"}
    import_index([written(tmp_path / "three.jsonl", more, *named("d"))], copy, NOW, adds=True)
    with open_index(copy) as index:
        (pypi, _) = index.sources
        kept = index.about("PyPI", "c")
    assert (pypi.packages, pypi.whole) == (2, True)
    assert kept is not None
    assert kept.status == "archived"


@pytest.mark.req("RV5")
def test_several_records_of_one_package_say_together_what_each_knows(tmp_path: Path) -> None:
    api = {"info": {"name": "from-simple", "license_expression": "MIT"}, "releases": {"1.0": [], "1.1": []}}
    place = tmp_path / "both"
    place.mkdir()
    (place / "api.json").write_text(json.dumps(api))
    (place / "zz.json").write_text((DUMPS / "simple.json").read_text())
    (place / "all.json").write_text(json.dumps({"projects": [{"name": "from-simple"}, {"name": "other"}]}))
    copy = imported(tmp_path, place)
    (item,) = found(copy, lock("from-simple==1.1"), licences_refused=("MIT",))[:1]
    assert item.rule.id == "package-licence"
    assert "package-withdrawn" in [item.rule.id for item in found(copy, lock("from-simple==1.0"))]
    assert found(copy, lock("other==5.0")) == [], "of a bare name the versions are not known"


@pytest.mark.req("RV5")
def test_the_copy_is_as_old_as_it_says_or_whoever_imports_it(tmp_path: Path) -> None:
    with open_index(imported(tmp_path, DUMPS / "lines.jsonl")) as index:
        assert [source.made for source in index.sources] == [datetime(2026, 11, 20, 6, tzinfo=UTC)]
    with open_index(imported(tmp_path, DUMPS / "api.json")) as index:
        assert [source.made for source in index.sources] == [NOW]
    copy, then = tmp_path / "then.sqlite", datetime(2026, 1, 1, tzinfo=UTC)
    import_index([DUMPS / "api.json"], copy, NOW, made=then)
    with open_index(copy) as index:
        assert [source.made for source in index.sources] == [then]


@pytest.mark.req("RV5")
@pytest.mark.parametrize(
    "record",
    [
        [],
        {},
        {"ecosystem": "PyPI"},
        {"ecosystem": "cargo", "name": "serde"},
        {"ecosystem": "PyPI", "name": "a b"},
        {"ecosystem": "npm", "name": "../x"},
        {"ecosystem": "PyPI", "name": "a", "licences": "MIT"},
        {"ecosystem": "PyPI", "name": "a", "status": "abandoned"},
        {"ecosystem": "PyPI", "name": "a", "versions": 5},
        {"ecosystem": "PyPI", "name": "a", "versions": {"1.0": {"yanked": True}}},
        {"ecosystem": "PyPI", "name": "a", "versions": {"1.0": {"released": "yesterday"}}},
        {"ecosystem": "PyPI", "name": "a", "versions": [5]},
        {"projects": ["a"]},
        {"name": "a", "files": [5]},
        {"info": {"name": None}},
        {"name": "a", "versions": {"1.0.0": 5}},
        {"index": "x", "made": "never"},
    ],
)
def test_what_says_nothing_of_a_package_is_refused(record: Any, tmp_path: Path) -> None:
    with pytest.raises(NoPackageError):
        read(record)
    with pytest.raises(IndexUnusableError):
        imported(tmp_path, written(tmp_path / "bad.jsonl", record))
    assert not (tmp_path / "state" / "index.sqlite").exists()


@pytest.mark.req("RV5")
@given(
    st.sampled_from([dict(item) for item in SHAPES]),
    st.sampled_from(["name", "versions", "files", "info", "releases", "time", "status", "licence", "made", "projects"]),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=8)
        | st.just("0001-01-01T00:00+23:00"),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=3)
        ),
        max_leaves=8,
    ),
)
def test_whatever_stands_in_a_record_it_is_read_or_refused(shape: dict[str, Any], key: str, value: Any) -> None:
    try:
        said = read({**shape, key: value})
    except NoPackageError:
        return
    assert all(item.name and item.ecosystem in {"PyPI", "npm"} for item in said.packages)


@pytest.mark.req("RV5")
def test_a_broken_dump_leaves_the_copy_that_was_there(tmp_path: Path) -> None:
    copy = imported(tmp_path)
    before = copy.read_bytes()
    half = written(tmp_path / "half.jsonl", *named("a", "b", "c"), {"ecosystem": "nothing"})
    torn = tmp_path / "torn.zip"
    torn.write_bytes(b"PK\x03\x04nothing")
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n\n")
    for dump in (half, torn, empty, tmp_path / "missing.json"):
        with pytest.raises((IndexUnusableError, OSError)):
            import_index([dump], copy, NOW)
    assert copy.read_bytes() == before
    assert [path.name for path in copy.parent.iterdir()] == ["index.sqlite"]


@pytest.mark.req("RV5")
def test_dumps_may_be_lines_in_zip_files(tmp_path: Path) -> None:
    dump = tmp_path / "dump.zip"
    with zipfile.ZipFile(dump, "w") as archive:
        archive.writestr("pypi/lines.jsonl", (DUMPS / "lines.jsonl").read_text())
        archive.writestr("npm/widgets.json", (DUMPS / "packument.json").read_text())
        archive.writestr("README.md", "no dump")
    with open_index(imported(tmp_path, dump)) as index:
        assert {source.ecosystem: source.packages for source in index.sources} == {"PyPI": 6, "npm": 1}


@pytest.mark.req("RV5")
def test_a_copy_that_cannot_be_read_lets_nothing_pass(tmp_path: Path) -> None:
    copy = imported(tmp_path)
    copy.write_bytes(b"SQLite format 3\0" + b"x" * 4096)
    with pytest.raises(IndexUnusableError):
        found(copy, lock("acme-tools==1.0"))


@pytest.mark.req("RV5")
def test_words_of_strangers_come_as_one_short_line(tmp_path: Path) -> None:
    reason = "no\nlonger\u202e kept\x1b[31m " + "x" * 500
    record = {"ecosystem": "PyPI", "name": "loud", "status": "archived", "reason": reason}
    (item,) = found(imported(tmp_path, written(tmp_path / "a.jsonl", record)), lock("loud==1.0"))
    assert item.message.startswith("loud is archived: no longer kept [31m xxx")
    assert len(item.message) < 200


@pytest.mark.req("RV5")
def test_the_bill_of_materials_has_the_licences_of_the_index(tmp_path: Path) -> None:
    files = [TreeFile(path, text.encode()) for path, text in lock("acme-tools==1.0", "silent==1.0").items()]
    policy = PackagePolicy(facts=str(imported(tmp_path)))
    bill = bill_of_materials(files, name="desk", tree="t", commit="", policy=policy, now=NOW)
    said = {item["name"]: item.get("licenses") for item in bill["components"]}
    assert said == {"acme-tools": [{"expression": "MIT"}], "silent": None}


@pytest.mark.req("VA3", "RV5")
def test_a_licence_that_is_no_expression_stands_in_the_bill_as_its_name() -> None:
    texts = npm("left-pad", "1.3.0", license="SEE LICENSE IN terms.txt")
    files = [TreeFile(path, text.encode()) for path, text in texts.items()]
    bill = bill_of_materials(files, name="desk", tree="t", commit="", policy=PackagePolicy(), now=NOW)
    (component,) = bill["components"]
    assert component["licenses"] == [{"license": {"name": "SEE LICENSE IN terms.txt"}}]


@pytest.mark.req("RV5")
@pytest.mark.parametrize(
    ("words", "expression"),
    [
        ("MIT", "MIT"),
        ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("GPLv3+", "GPL-3.0-or-later"),
        ("GNU Affero General Public License v3 or later (AGPLv3+)", "AGPL-3.0-or-later"),
        ("BSD License", "LicenseRef-BSD"),
        ("UNLICENSED", "LicenseRef-Proprietary"),
        ("SEE LICENSE IN LICENSE", ""),
        ("MIT License\n\nCopyright (c) 2020 somebody", ""),
        ("(" * 400 + "MIT" + ")" * 400, ""),
        ("", ""),
    ],
)
def test_licences_are_told_by_expression_and_by_name(words: str, expression: str) -> None:
    assert spdx(words) == expression


def test_several_classifiers_hold_together_and_an_unknown_one_leaves_it_open() -> None:
    mit, agpl = (
        "License :: OSI Approved :: MIT License",
        "License :: OSI Approved :: GNU Affero General Public License v3",
    )
    assert of_classifiers([mit, agpl, "Topic :: Office"]) == "MIT AND AGPL-3.0-only"
    assert of_classifiers([mit, "License :: Free For Home Use"]) == ""
    assert of_classifiers(["License :: OSI Approved"]) == ""
