"""What an artefact was made of and how, and what its review found: in-toto statements about its bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bailiwick.core.artifacts import TreeFile, digest
from bailiwick.core.manifest import FILE_NAME, ManifestError, parse_manifest
from bailiwick.core.statements import SignatureError, Statement

# https://slsa.dev/spec/v1.0/provenance
PROVENANCE = "https://slsa.dev/provenance/v1"
# https://cyclonedx.org/specification/overview (predicate type of in-toto's attestation registry)
BILL = "https://cyclonedx.org/bom"
# https://github.com/in-toto/attestation/blob/main/spec/predicates/vuln.md
SCAN = "https://in-toto.io/attestation/vulns/v0.1"
# https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md
TESTS = "https://in-toto.io/attestation/test-result/v0.1"
BUILD_TYPE = "https://bailiwick.example/builds/release/v1"
_INSTALLERS = {"wheel": "hashes, wheels only", "npm": "hashes, tarballs only, no scripts", "": "none"}
BUILDER = "https://bailiwick.example/builders/sandbox/v1"
PYTHON_LOCK, NODE_LOCK = "requirements.lock", "package-lock.json"
_PACKAGES = {PYTHON_LOCK: "wheel", NODE_LOCK: "npm"}


@dataclass(frozen=True, slots=True)
class LockFile:
    """The file that pins an app's packages: by its name, it is one of Python or of Node."""

    name: str
    text: str


def lock_name(files: Mapping[str, TreeFile]) -> str:
    """Return the name of an app's lock file, by the runtime that its manifest names, empty where nothing runs."""
    written = files.get(FILE_NAME)
    try:
        app = parse_manifest(written.content.decode()).app if written is not None else None
    except (ManifestError, UnicodeDecodeError):
        app = None
    if app is not None and app.is_static:
        return ""
    return NODE_LOCK if app is not None and app.on_node else PYTHON_LOCK


def lock_of(files: Mapping[str, TreeFile]) -> LockFile | None:
    """Return the lock file that an app's packages are installed from; None when it has none."""
    name = lock_name(files)
    found = files.get(name)
    return None if found is None else LockFile(name, found.content.decode(errors="replace"))


@dataclass(frozen=True, slots=True)
class Built:
    """What a build gave: the layer of dependencies by digest (empty when there are none), its size in bytes, and what
    it was made of.

    `wheels` are the packages by name and SHA-256, `runtime` the interpreter that installed them.
    """

    layer: str = ""
    layer_bytes: int = 0
    runtime: str = ""
    wheels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """An artefact and where it comes from. `sha256` is that of its bytes, `image` that of the OCI manifest that holds
    it with its dependencies, `version` the platform's.
    """

    app: str
    release: str
    commit: str
    tree: str
    mode: str
    sha256: str
    image: str
    version: str
    time: datetime


def provenance_statement(made: Made, built: Built, files: Mapping[str, TreeFile]) -> Statement:
    """Return the SLSA provenance of an artefact and of the layer of its dependencies."""
    materials: list[dict[str, object]] = [
        {"name": "tree", "uri": f"git+bailiwick:{made.app}@{made.commit}", "digest": {"gitTree": made.tree}}
    ]
    lock_file = lock_name(files)
    kind = _PACKAGES.get(lock_file, "")
    if lock_file in files:
        sha256 = digest(files[lock_file].content)
        materials.append({"name": lock_file, "uri": lock_file, "digest": {"sha256": sha256}})
    materials += [
        {"name": name, "uri": f"{kind}:{name}", "digest": {"sha256": sha256}}
        for name, sha256 in sorted(built.wheels.items())
    ]
    predicate = {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {"app": made.app, "commit": made.commit, "mode": made.mode},
            "internalParameters": {"runtime": built.runtime, "network": "none", "installer": _INSTALLERS[kind]},
            "resolvedDependencies": materials,
        },
        "runDetails": {
            "builder": {"id": BUILDER, "version": {"bailiwick": made.version}},
            "metadata": {"invocationId": made.release, "finishedOn": made.time.isoformat()},
        },
    }
    return Statement(PROVENANCE, made_subjects(made), predicate)


def bill_statement(made: Made, bill: Mapping[str, object]) -> Statement:
    """Return the CycloneDX bill of materials as a statement about an artefact; known vulnerabilities are in it."""
    return Statement(BILL, made_subjects(made), bill)


def scan_statement(made: Made, scan: Mapping[str, object]) -> Statement:
    """Return what was found in an artefact's packages and code as a statement about it."""
    return Statement(SCAN, made_subjects(made), scan)


def tests_statement(made: Made, result: Mapping[str, object]) -> Statement:
    """Return what became of an app's own tests as a statement about its artefact."""
    return Statement(TESTS, made_subjects(made), result)


def check_provenance(statement: Statement, tree: str, files: Mapping[str, TreeFile]) -> None:
    """Return when a provenance is of this tree and lock file, by our builder; raise `SignatureError` that names what
    differs.
    """
    try:
        builder = statement.predicate["runDetails"]["builder"]["id"]  # type: ignore[index]
        named = statement.predicate["buildDefinition"]["resolvedDependencies"]  # type: ignore[index]
        materials = {str(item["name"]): dict(item["digest"]) for item in named}
    except (KeyError, TypeError, ValueError) as fault:
        raise SignatureError("the provenance is not one of SLSA version 1") from fault
    if builder != BUILDER:
        raise SignatureError(f"the provenance is by another builder: {builder!r:.80}")
    if materials.get("tree") != {"gitTree": tree}:
        raise SignatureError("the provenance is of another tree")
    name = lock_name(files)
    locked = {"sha256": digest(files[name].content)} if name in files else None
    if materials.get(name) != locked:
        raise SignatureError(f"the provenance is of another {name}")


def made_subjects(made: Made) -> dict[str, dict[str, str]]:
    """Return what statements about an artefact are about: its bytes, and the image as registries and cosign know it."""
    return {made.app: {"sha256": made.sha256}, image_name(made.app): {"sha256": made.image}}


def image_name(app: str) -> str:
    """Return under which name statements speak of an app's image."""
    return f"{app}/image"
