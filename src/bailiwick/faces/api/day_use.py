"""What passed today of a day's limits, as the API writes it."""

from typing import Any

from bailiwick.control.integrations import DayUse


def day_use_json(use: DayUse) -> dict[str, Any]:
    """Return what a plane told of an app's use of an integration today."""
    return {"plane": use.plane, **use.report.model_dump(mode="json")}
