"""The door for an app's own telemetry, on its loopback."""

from bailiwick.dataplane.otlp.door import OtlpListener, Telemetry

__all__ = ["OtlpListener", "Telemetry"]
