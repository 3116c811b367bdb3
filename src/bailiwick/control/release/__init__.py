"""Releases: previews, deploys, approvals, artefacts, stops and revivals."""

from bailiwick.control.release.artifact_store import ArtifactStore
from bailiwick.control.release.errors import AppIsStoppedError, NotDecidableError, NotReviewedError
from bailiwick.control.release.model import (
    AppKilled,
    Change,
    Deploy,
    DeployState,
    Kill,
    ReachChange,
    Release,
    StateChanged,
)
from bailiwick.control.release.reach_words import compare, describe
from bailiwick.control.release.service import ReleaseService
from bailiwick.control.release.signing import ReleaseSigner

__all__ = [
    "AppIsStoppedError",
    "AppKilled",
    "ArtifactStore",
    "Change",
    "Deploy",
    "DeployState",
    "Kill",
    "NotDecidableError",
    "NotReviewedError",
    "ReachChange",
    "Release",
    "ReleaseService",
    "ReleaseSigner",
    "StateChanged",
    "compare",
    "describe",
]
