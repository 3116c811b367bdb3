"""The forms in which receivers read events: our own JSON, OCSF and CEF."""

from collections.abc import Callable, Mapping

from bailiwick.control.exporters.formats.cef import cef
from bailiwick.control.exporters.formats.native import native
from bailiwick.control.exporters.formats.ocsf import ocsf
from bailiwick.control.exporters.model import Outgoing
from bailiwick.core.events import canonical_json

Document = dict[str, object]
DOCUMENTS: Mapping[str, Callable[[Outgoing], Document]] = {"json": native, "ocsf": ocsf}


def text(format_name: str, event: Outgoing) -> str:
    """Return an event as one line of text: CEF, or JSON in one of its forms."""
    return cef(event) if format_name == "cef" else json_line(format_name, event).decode()


def json_line(format_name: str, event: Outgoing) -> bytes:
    """Return an event as one line of JSON, without the line's end."""
    return canonical_json(DOCUMENTS[format_name](event))
