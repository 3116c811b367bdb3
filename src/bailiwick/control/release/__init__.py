"""Releases: previews, deploys, approvals, artefacts, stops and revivals."""

from bailiwick.control.release.artifact_store import ArtifactStore
from bailiwick.control.release.deploys import DeployService
from bailiwick.control.release.errors import AppIsStoppedError, NotDecidableError, NotReviewedError
from bailiwick.control.release.granted import AppGrant, granted
from bailiwick.control.release.model import (
    PRODUCTION,
    AppKilled,
    Change,
    Deploy,
    DeployState,
    JobAsked,
    Kill,
    ReachChange,
    Release,
    StateChanged,
    UsedTree,
)
from bailiwick.control.release.packing import Packer
from bailiwick.control.release.reach_words import compare, describe
from bailiwick.control.release.service import ReleaseService
from bailiwick.control.release.serving import ServingService
from bailiwick.control.release.signing import ReleaseSigner
from bailiwick.control.release.stops import StopService

__all__ = [
    "PRODUCTION",
    "AppGrant",
    "AppIsStoppedError",
    "AppKilled",
    "ArtifactStore",
    "Change",
    "Deploy",
    "DeployService",
    "DeployState",
    "JobAsked",
    "Kill",
    "NotDecidableError",
    "NotReviewedError",
    "Packer",
    "ReachChange",
    "Release",
    "ReleaseService",
    "ReleaseSigner",
    "ServingService",
    "StateChanged",
    "StopService",
    "UsedTree",
    "compare",
    "describe",
    "granted",
]
