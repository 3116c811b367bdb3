"""Bills of materials: whole, valid by the schema of CycloneDX, and with what advisories say."""

import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from bailiwick.control.review import PackagePolicy, bill_of_materials, import_advisories
from bailiwick.control.review.sbom import Json
from bailiwick.core.artifacts import TreeFile

RECORDS = Path(__file__).parents[3] / "assets" / "osv"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LOCK = f"""\
flask==3.0.0 \\
    --hash=sha256:{"a" * 64}
    # via -r requirements.in
jinja2==3.1.2 \\
    --hash=sha256:{"b" * 64}
    # via flask
"""
NPM = """{"packages": {"": {"dependencies": {"@s/a": "1"}},
 "node_modules/@s/a": {"version": "1.0.0", "license": "MIT OR ISC", "dependencies": {"b": "^2"},
   "integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="},
 "node_modules/b": {"version": "2.0.0", "resolved": "git+ssh://git@code.example/b.git#1", "dev": true}}}"""


def bill(written: dict[str, str], policy: PackagePolicy | None = None) -> Json:
    tree = [TreeFile(path, text.encode()) for path, text in written.items()]
    return bill_of_materials(tree, name="finance/desk", tree="t" * 40, commit="c" * 40,
                             policy=policy or PackagePolicy(), now=NOW)  # fmt: skip


@cache
def validator() -> Draft7Validator:
    folder = files("cyclonedx.schema") / "_res"
    names = ("bom-1.6", "spdx", "jsf-0.82")
    bom, *others = (json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text()) for name in names)
    registry: Registry[Any] = Registry()
    for schema in (bom, *others):
        registry = registry.with_resource(schema["$id"], Resource.from_contents(schema))
    return Draft7Validator(bom, registry=registry)


def require_valid(document: Json) -> None:
    assert [fault.message for fault in validator().iter_errors(document)] == []
    refs = [item["bom-ref"] for item in document["components"]]
    assert len(set(refs)) == len(refs)


@pytest.mark.req("VA3", "RV5")
def test_a_bill_names_packages_with_their_hashes_licences_and_what_needs_what() -> None:
    document = bill({"requirements.lock": LOCK, "requirements.in": "flask\n", "package-lock.json": NPM})
    require_valid(document)
    components = {item["purl"]: item for item in document["components"]}
    assert set(components) == {
        "pkg:pypi/flask@3.0.0",
        "pkg:pypi/jinja2@3.1.2",
        "pkg:npm/%40s/a@1.0.0",
        "pkg:npm/b@2.0.0",
    }
    assert components["pkg:pypi/flask@3.0.0"]["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert components["pkg:npm/%40s/a@1.0.0"]["licenses"] == [{"expression": "MIT OR ISC"}]
    assert components["pkg:npm/%40s/a@1.0.0"]["hashes"][0]["alg"] == "SHA-512"
    assert components["pkg:npm/b@2.0.0"]["scope"] == "optional"
    needs = {item["ref"]: item["dependsOn"] for item in document["dependencies"]}
    assert needs["pkg:pypi/flask@3.0.0"] == ["pkg:pypi/jinja2@3.1.2"]
    assert needs["pkg:npm/%40s/a@1.0.0"] == ["pkg:npm/b@2.0.0"]
    assert needs[f"app:finance/desk@{'c' * 40}"] == ["pkg:npm/%40s/a@1.0.0", "pkg:pypi/flask@3.0.0"]


@pytest.mark.req("VA3")
def test_a_bill_says_which_packages_have_known_faults(tmp_path: Path) -> None:
    database = tmp_path / "advisories.sqlite"
    import_advisories([RECORDS], database, NOW)
    document = bill({"requirements.lock": LOCK}, PackagePolicy(advisories=str(database)))
    require_valid(document)
    (found,) = document["vulnerabilities"]
    assert found["id"] == "GHSA-h5c8-rqwp-cp95"
    assert [item["id"] for item in found["references"]] == ["CVE-2024-22195"]
    assert found["affects"] == [{"ref": "pkg:pypi/jinja2@3.1.2"}]
    assert found["recommendation"] == "take jinja2 3.1.3"


@pytest.mark.req("VA3")
@pytest.mark.parametrize(
    "written",
    [
        {},
        {"requirements.txt": "flask>=2\nflask<4\n\u00e9==1\n"},
        {"requirements.txt": "git+https://u:pw@code.example/x y\n"},
        {"package.json": '{"dependencies": {"a b\u0000": "*", "@s/\u00e9": "1.0.0"}}'},
        {"package-lock.json": '{"packages": {"node_modules/a": {"version": "1.0.0", "integrity": "sha512-!! md5-x"}}}'},
    ],
)
def test_a_bill_of_odd_files_is_valid_too(written: dict[str, str]) -> None:
    document = bill(written)
    require_valid(document)
    assert "pw@" not in json.dumps(document)
    assert bill(written) == document


def test_the_schema_refuses_what_is_no_bill() -> None:
    assert list(validator().iter_errors({**bill({}), "specVersion": 6}))
