"""Telemetry of apps: what planes report and what people ask."""

from bailiwick.control.observe.model import AppStatus, EgressLine, EgressPoint, JobRun, KillEvidence, RequestPoint
from bailiwick.control.observe.service import ObserveService
from bailiwick.control.observe.storage import StorageSeen, storage_of, take_storage
from bailiwick.control.observe.walls import WallSeen, take_walls, walls_of

__all__ = [
    "AppStatus",
    "EgressLine",
    "EgressPoint",
    "JobRun",
    "KillEvidence",
    "ObserveService",
    "RequestPoint",
    "StorageSeen",
    "WallSeen",
    "storage_of",
    "take_storage",
    "take_walls",
    "walls_of",
]
