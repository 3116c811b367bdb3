"""Equivalency: a plane's signed word that what runs is what was approved, or in what it differs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bailiwick.core.chain import VerifiedRelease
from bailiwick.core.provenance import image_name
from bailiwick.core.statements import SignatureError, Statement

RUNNING = "https://bailiwick.example/attestations/running/v1"
STARTED, RENEWED = "it was started", "a day has passed"
JOB_STARTED, WORKER_STARTED = "a job was started", "a worker was started"
# What a plane does at every start and every day.
CHECKS = ("signatures of the chain", "files", "dependencies", "manifest", "reach")


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found to be running. Digests are in hex; `tree` is git's id of the files that are mounted.

    `dependencies` is empty where there are none; `sandbox` says level and limits, `version` is the platform's and
    `platform` the digest of its code.
    """

    tree: str
    dependencies: str
    manifest: str
    reach: str
    policies: int
    sandbox: str
    runtime: str
    version: str
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """An attestation as it is read back."""

    app: str
    mode: str
    release: str
    time: datetime
    runs: Mapping[str, str]
    differs: tuple[str, ...]
    because: str


def running_statement(
    verified: VerifiedRelease, manifest: str, measured: Measured, *, plane: str, time: datetime, because: str
) -> Statement:
    """Return the statement about an instance. `manifest` is the digest of the approved one; `because` says what the
    attestation was made for, such as a start.
    """
    runs = {name: str(getattr(measured, name)) for name in Measured.__slots__}
    approved = {
        "tree": verified.tree,
        "dependencies": verified.layer,
        "manifest": manifest,
        "reach": verified.reach,
    }
    predicate = {
        "app": verified.app,
        "mode": verified.mode,
        "release": verified.release,
        "plane": plane,
        "time": time.isoformat(),
        "because": because,
        "checks": list(CHECKS),
        "runs": runs,
        "approved": approved,
        "differs": differences(approved, runs),
    }
    subjects = {verified.app: {"gitTree": verified.tree}, image_name(verified.app): {"sha256": verified.image}}
    return Statement(RUNNING, subjects, predicate)


def differences(approved: Mapping[str, str], runs: Mapping[str, str]) -> list[str]:
    """Return what runs otherwise than it was approved, by name. Dependencies that nobody pinned differ from nothing."""
    return [
        name
        for name, wanted in sorted(approved.items())
        if runs.get(name, "") != wanted and not (name == "dependencies" and not wanted)
    ]


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what of the platform is another than at the attestation before: old and new by name."""
    platform = ("version", "platform", "sandbox", "runtime", "policies")
    return {name: [before[name], now[name]] for name in platform if name in before and before[name] != now.get(name)}


def read_running(statement: Statement) -> Running:
    """Read an attestation; raise `SignatureError` when it is not one."""
    said = statement.predicate
    try:
        runs, differs = said["runs"], said["differs"]
        if not isinstance(runs, dict) or not isinstance(differs, list):
            raise SignatureError("the attestation does not say what runs")
        return Running(
            str(said["app"]),
            str(said["mode"]),
            str(said["release"]),
            datetime.fromisoformat(str(said["time"])),
            {str(name): str(value) for name, value in runs.items()},
            tuple(str(item) for item in differs),
            str(said["because"]),
        )
    except (KeyError, ValueError) as fault:
        raise SignatureError("the attestation does not say what runs") from fault
