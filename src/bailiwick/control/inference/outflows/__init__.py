"""What left for models, by day, and what of it is switched off."""

from bailiwick.control.inference.outflows.model import OutflowDay, OutflowFilter, OutflowLine, OutflowPage
from bailiwick.control.inference.outflows.service import KEPT_DAYS, OutflowService

__all__ = ["KEPT_DAYS", "OutflowDay", "OutflowFilter", "OutflowLine", "OutflowPage", "OutflowService"]
