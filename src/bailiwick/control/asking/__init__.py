"""Questions that planes answer for somebody who waits: what an app wrote, and rows as its preview shows them."""

from bailiwick.control.asking.logs import AppLogService, LogQuery
from bailiwick.control.asking.plane import PlaneAsking
from bailiwick.control.asking.rows import RowSampling

__all__ = ["AppLogService", "LogQuery", "PlaneAsking", "RowSampling"]
