"""Telemetry: which fields of the register leave this installation, and who turned them on or off."""

from bailiwick.control.telemetry.service import FieldState, PlaneTelemetry, TelemetryService

__all__ = ["FieldState", "PlaneTelemetry", "TelemetryService"]
