"""The Common Event Format, version 0 (ArcSight): a header between pipes, then `name=value` pairs."""

from bailiwick.control.exporters.model import Outgoing
from bailiwick.core.events import Outcome, canonical_json

_SEVERITIES = {Outcome.SUCCESS: 3, Outcome.REFUSED: 6, Outcome.FAILED: 8}
_LONGEST_VALUE = 4000
_FORM = "1"  # of what our fields mean; a receiver's parser may depend on it


def cef(outgoing: Outgoing) -> str:
    """Return an event as one line of CEF; `externalId` is the id that tells repeats."""
    event = outgoing.event
    header = ["Bailiwick", "Bailiwick", _FORM, event.action, f"{event.action} {event.outcome.value}"]
    facts = {
        "externalId": outgoing.uid,
        "rt": str(int(event.time.timestamp() * 1000)),
        "suser": event.actor,
        "act": event.action,
        "outcome": event.outcome.value,
        "reason": event.reason,
        "cs1Label": "resource",
        "cs1": event.resource,
        "cs2Label": "app" if event.app else "",
        "cs2": event.app,
        "cs3Label": "trace" if event.trace else "",
        "cs3": event.trace,
        "cs4Label": "deciders" if event.deciders else "",
        "cs4": ",".join(event.deciders),
        "cs5Label": "context" if event.context else "",
        "cs5": canonical_json(dict(event.context)).decode() if event.context else "",
        "cs6Label": "tenant",
        "cs6": event.tenant,
        "dvchost": event.plane,
    }
    pairs = " ".join(
        f"{name}={_extension(value)}" for name, value in outgoing.gate.document("cef", facts).items() if value
    )
    return f"CEF:0|{'|'.join(map(_header, header))}|{_SEVERITIES[event.outcome]}|{pairs}"


def _header(value: str) -> str:
    return _one_line(value).replace("\\", "\\\\").replace("|", "\\|")


def _extension(value: str) -> str:
    """Escape a value. Pipes need nothing here; an end of line is written `\\n`, as the format allows."""
    escaped = value[:_LONGEST_VALUE].replace("\\", "\\\\").replace("=", "\\=")
    return printable(escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\r"))


def _one_line(value: str) -> str:
    return printable(" ".join(value.splitlines()))


def printable(value: str) -> str:
    """Replace control characters, which could end a line or a frame for some reader."""
    return "".join(char if char.isprintable() or char == " " else "\ufffd" for char in value)
