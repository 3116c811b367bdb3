"""A bill of materials of an app's revision: CycloneDX 1.6 (ECMA-424), with what advisories say of its packages.

The same revision, advisories and time give the same document.
"""

import base64
import binascii
import importlib.metadata
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bailiwick.control.review.advisories import open_advisories
from bailiwick.control.review.advisories.matching import mended_by
from bailiwick.control.review.contents import listed
from bailiwick.control.review.engines.packages.facts import facts_of
from bailiwick.control.review.engines.packages.inventory import take
from bailiwick.control.review.engines.packages.known import Known, affected
from bailiwick.control.review.engines.packages.model import PYPI, Package
from bailiwick.control.review.indexes.licences import spdx
from bailiwick.control.review.package_policy import PackagePolicy
from bailiwick.core.artifacts import TreeFile

SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
MEDIA_TYPE = "application/vnd.cyclonedx+json; version=1.6"
_NAMESPACE = uuid.UUID("6f5a3f0e-5a0c-5c36-9f0e-9d0a2a8f4b61")
_ALGORITHMS = {"md5": ("MD5", 16), "sha1": ("SHA-1", 20), "sha256": ("SHA-256", 32), "sha384": ("SHA-384", 48),
               "sha512": ("SHA-512", 64)}  # fmt: skip

Json = dict[str, Any]


def bill_of_materials(
    files: Iterable[TreeFile], *, name: str, tree: str, commit: str, policy: PackagePolicy, now: datetime
) -> Json:
    """Return the bill of materials of an app's files; `commit` may be empty where there is none.

    Listed is what lock files pin; of an ecosystem without one, what its manifests ask for. Raises `AdvisoriesError`
    and `IndexUnusableError` when what the policy names cannot be read.
    """
    inventory = take(files)
    with facts_of(policy) as facts:
        packages = [replace(item, licence=facts.licence(item)) for item in _once(listed(inventory))]
    root = f"app:{name}@{commit or tree}"
    return {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{name} {tree}')}",
        "version": 1,
        "metadata": _metadata(root, name, tree, commit, now),
        "components": [_component(item) for item in packages],
        "dependencies": list(_dependencies(root, packages)),
        "vulnerabilities": list(_vulnerabilities(packages, policy)),
    }


def _metadata(root: str, name: str, tree: str, commit: str, now: datetime) -> Json:
    tool = {"type": "application", "name": "bailiwick", "version": importlib.metadata.version("bailiwick")}
    described = {
        "type": "application",
        "bom-ref": root,
        "name": name,
        "version": commit or tree,
        "properties": [{"name": "bailiwick:tree", "value": tree}],
    }
    return {"timestamp": now.isoformat(), "tools": {"components": [tool]}, "component": described}


def _once(packages: Iterable[Package]) -> list[Package]:
    return list({purl(item): item for item in packages if item.name}.values())


def purl(package: Package) -> str:
    """Return the package URL of a package (github.com/package-url/purl-spec)."""
    kind = "pypi" if package.ecosystem == PYPI else "npm"
    name = "/".join(quote(part, safe="") for part in package.name.split("/"))
    return f"pkg:{kind}/{name}" + (f"@{quote(package.version, safe='')}" if package.version else "")


def _component(package: Package) -> Json:
    said: Json = {
        "type": "library",
        "bom-ref": purl(package),
        "name": package.name,
        "purl": purl(package),
        "scope": "required" if package.shipped else "optional",
        "properties": [{"name": "bailiwick:file", "value": f"{package.path}:{package.line}"}],
    }
    if package.version:
        said["version"] = package.version
    hashes = [found for text in package.hashes if (found := _hash(text)) is not None]
    if hashes:
        said["hashes"] = hashes
    if package.licence:
        expression = spdx(package.licence)
        said["licenses"] = [{"expression": expression} if expression else {"license": {"name": package.licence}}]
    if package.origin:
        said["externalReferences"] = [
            {"type": "distribution", "url": quote(package.origin, safe=":/?#[]@!$&'()*+,;=%")}
        ]
    return said


def _hash(text: str) -> Json | None:
    """Return a hash as lock files write it (`sha256:HEX` or `sha512-BASE64`); None for what is none."""
    algorithm, colon, content = text.partition(":")
    if not colon:
        algorithm, _, encoded = text.partition("-")
        try:
            content = base64.b64decode(encoded, validate=True).hex()
        except (binascii.Error, ValueError):
            return None
    name, size = _ALGORITHMS.get(algorithm.lower(), ("", 0))
    is_hex = all(sign in "0123456789abcdef" for sign in content.lower())
    return {"alg": name, "content": content.lower()} if name and is_hex and len(content) == size * 2 else None


def _dependencies(root: str, packages: Sequence[Package]) -> Iterator[Json]:
    by_name: dict[tuple[str, str], list[str]] = {}
    for item in packages:
        by_name.setdefault((item.ecosystem, item.name), []).append(purl(item))
    edges: dict[str, set[str]] = {purl(item): set() for item in packages}
    for item in packages:
        for name in item.requires:
            edges[purl(item)] |= set(by_name.get((item.ecosystem, name), ()))
        for name in item.asked_by:
            for parent in by_name.get((item.ecosystem, name), ()):
                edges[parent].add(purl(item))
    yield {"ref": root, "dependsOn": sorted(purl(item) for item in packages if item.direct)}
    yield from ({"ref": ref, "dependsOn": sorted(found)} for ref, found in edges.items())


def _vulnerabilities(packages: Sequence[Package], policy: PackagePolicy) -> Iterator[Json]:
    if not policy.advisories:
        return
    with open_advisories(Path(policy.advisories)) as advisories:
        yield from (item for known in affected(packages, advisories) for item in _of(known))


def _of(known: Known) -> Iterator[Json]:
    for advisory in known.advisories:
        mends = mended_by(advisory, known.package.version)
        url = f"https://osv.dev/vulnerability/{advisory.id}"
        said: Json = {
            "id": advisory.id,
            "source": {"name": "OSV", "url": url},
            "references": [{"id": alias, "source": {"name": "OSV", "url": url}} for alias in advisory.aliases],
            "ratings": [{"severity": advisory.level}],
            "description": advisory.summary,
            "affects": [{"ref": purl(known.package)}],
        }
        if mends:
            said["recommendation"] = f"take {known.package.name} {mends}"
        yield said
