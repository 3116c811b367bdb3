"""Telemetry of apps: what planes report and what people ask."""

from bailiwick.control.observe.model import AppStatus, JobRun, KillEvidence, RequestPoint
from bailiwick.control.observe.service import ObserveService

__all__ = ["AppStatus", "JobRun", "KillEvidence", "ObserveService", "RequestPoint"]
