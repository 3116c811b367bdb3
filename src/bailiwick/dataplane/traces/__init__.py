"""Traces of apps at the plane: spans of all that its router and gateways audit, counted, and some of them kept."""

from bailiwick.dataplane.traces.tracing import PlaneTraces

__all__ = ["PlaneTraces"]
