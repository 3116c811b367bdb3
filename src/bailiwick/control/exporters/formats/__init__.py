"""The forms in which receivers read events: our own JSON, OCSF and CEF."""

from collections.abc import Callable, Mapping

from bailiwick.control.exporters.formats.native import native
from bailiwick.control.exporters.model import Outgoing
from bailiwick.core.events import canonical_json

Document = dict[str, object]
DOCUMENTS: Mapping[str, Callable[[Outgoing], Document]] = {"json": native}


def json_line(format_name: str, event: Outgoing) -> bytes:
    """Return an event as one line of JSON, without the line's end."""
    return canonical_json(DOCUMENTS[format_name](event))
