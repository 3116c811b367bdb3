"""What came of attacking the sandboxes of planes, as the API says it."""

from bailiwick.control.assurance import ModeAttacked, PlaneAttacked
from bailiwick.faces.api.pages import Json


def attacked_json(item: PlaneAttacked) -> Json:
    """Return what is known of a plane's sandboxes."""
    return {"words": item.words, **(item.report.model_dump(mode="json", exclude={"kind"}) if item.report else {})}


def sandbox_json(item: ModeAttacked) -> Json:
    """Return what is known of the sandboxes that an app runs in, in one mode."""
    return {"mode": item.mode, "plane": item.attacked.plane, **attacked_json(item.attacked)}
