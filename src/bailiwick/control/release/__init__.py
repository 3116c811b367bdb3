"""Releases: previews, deploys, approvals and artefacts."""

from bailiwick.control.release.artifact_store import ArtifactStore, LayoutStore
from bailiwick.control.release.building import Builder, NoBuilder, SandboxBuilder
from bailiwick.control.release.contents import (
    UNREADABLE,
    RunningRelease,
    contents_known,
    mark_unreadable,
    packages_in,
    remember_contents,
    running_releases,
    unread_releases,
)
from bailiwick.control.release.deciders import Deciders
from bailiwick.control.release.deploys import DeployService
from bailiwick.control.release.emergencies import Emergency, EmergencyService
from bailiwick.control.release.errors import (
    AppIsStoppedError,
    EmergencyReviewedError,
    FrozenError,
    NotBuiltError,
    NotDecidableError,
    NotRehearsedError,
    NotReviewedError,
    NotStartableError,
    ReviewOverdueError,
    TestsFailedError,
)
from bailiwick.control.release.evidence import EvidenceService
from bailiwick.control.release.freezes import Freezes
from bailiwick.control.release.granted import AppGrant, granted, preview_integrations
from bailiwick.control.release.inbox import InboxLine, inbox_lines
from bailiwick.control.release.model import (
    Candidate,
    Change,
    Deploy,
    DeployState,
    DeployView,
    JobAsked,
    Judgement,
    MessageAsked,
    ReachChange,
    Release,
    StateChanged,
    UsedTree,
    Waiting,
)
from bailiwick.control.release.packing import Bills, Notify, Packer, Scans, Sources, Verdicts, manifest_of
from bailiwick.control.release.parts import AskAgain, DeployParts, OnRequested
from bailiwick.control.release.reach_words import compare, describe
from bailiwick.control.release.registry import Registry, RegistryStore
from bailiwick.control.release.resigning import Resigned, ResignService
from bailiwick.control.release.rollbacks import Fallback, RollbackService
from bailiwick.control.release.service import ReleaseService
from bailiwick.control.release.serving import ServingService
from bailiwick.control.release.signing import ReleaseSigner
from bailiwick.control.release.staging import (
    Outgoing,
    Outlet,
    candidate_release,
    deploy_facts,
    drop_candidate,
    put_candidate,
    serve_in_production,
    served_release,
)
from bailiwick.control.release.testing import NoTester, SandboxTester, Tester
from bailiwick.core.modes import PRODUCTION

__all__ = [
    "PRODUCTION",
    "UNREADABLE",
    "AppGrant",
    "AppIsStoppedError",
    "ArtifactStore",
    "AskAgain",
    "Bills",
    "Builder",
    "Candidate",
    "Change",
    "Deciders",
    "Deploy",
    "DeployParts",
    "DeployService",
    "DeployState",
    "DeployView",
    "Emergency",
    "EmergencyReviewedError",
    "EmergencyService",
    "EvidenceService",
    "Fallback",
    "Freezes",
    "FrozenError",
    "InboxLine",
    "JobAsked",
    "Judgement",
    "LayoutStore",
    "MessageAsked",
    "NoBuilder",
    "NoTester",
    "NotBuiltError",
    "NotDecidableError",
    "NotRehearsedError",
    "NotReviewedError",
    "NotStartableError",
    "Notify",
    "OnRequested",
    "Outgoing",
    "Outlet",
    "Packer",
    "ReachChange",
    "Registry",
    "RegistryStore",
    "Release",
    "ReleaseService",
    "ReleaseSigner",
    "ResignService",
    "Resigned",
    "ReviewOverdueError",
    "RollbackService",
    "RunningRelease",
    "SandboxBuilder",
    "SandboxTester",
    "Scans",
    "ServingService",
    "Sources",
    "StateChanged",
    "Tester",
    "TestsFailedError",
    "UsedTree",
    "Verdicts",
    "Waiting",
    "candidate_release",
    "compare",
    "contents_known",
    "deploy_facts",
    "describe",
    "drop_candidate",
    "granted",
    "inbox_lines",
    "manifest_of",
    "mark_unreadable",
    "packages_in",
    "preview_integrations",
    "put_candidate",
    "remember_contents",
    "running_releases",
    "serve_in_production",
    "served_release",
    "unread_releases",
]
