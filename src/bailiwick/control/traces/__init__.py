"""Traces of apps: what planes tell of requests and all that they led to, kept a while, for the apps' builders."""

from bailiwick.control.traces.model import ErrorGroup, Line, Metric, Overview, Point, Span, TraceQuery
from bailiwick.control.traces.service import TraceService

__all__ = ["ErrorGroup", "Line", "Metric", "Overview", "Point", "Span", "TraceQuery", "TraceService"]
