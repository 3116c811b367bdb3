"""Telemetry: which fields of the register leave this installation, and who turned them on or off."""

from bailiwick.control.telemetry.service import FieldState, TelemetryService

__all__ = ["FieldState", "TelemetryService"]
