"""Calls of models and traces of apps as OpenTelemetry sees them, for a collector of the company's own."""

from bailiwick.dataplane.otel.collector import Collector
from bailiwick.dataplane.otel.model import Kept, ModelCall
from bailiwick.dataplane.otel.settings import OtlpCollector

__all__ = ["Collector", "Kept", "ModelCall", "OtlpCollector"]
