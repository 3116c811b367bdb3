"""Messages of syslog (RFC 5424), and their frames in a stream (RFC 5425, 4.3)."""

from bailiwick.control.exporters.formats.cef import printable
from bailiwick.control.exporters.model import Outgoing
from bailiwick.core.events import Outcome

# RFC 5424, 6.2.1: 6 informational, 4 warning, 3 error.
_SEVERITIES = {Outcome.SUCCESS: 6, Outcome.REFUSED: 4, Outcome.FAILED: 3}
# 32473 is the enterprise number for examples (RFC 5612): we have none of our own.
_ELEMENT = "bailiwick@32473"
_MOST_SEQUENCE = 2**31 - 1  # RFC 5424, 7.3.1
_LONGEST_VALUE = 1000


def message(outgoing: Outgoing, text: str, *, facility: int, host: str) -> bytes:
    """Return one message with `text` as its content; its structured data hold `uid`, which tells repeats."""
    event = outgoing.event
    priority = facility * 8 + _SEVERITIES[event.outcome]
    moment = event.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    sequence = outgoing.sequence % _MOST_SEQUENCE + 1
    data = f'[meta sequenceId="{sequence}"][{_ELEMENT} {_parameters(outgoing)}]'
    head = f"<{priority}>1 {moment} {_ascii(host, 255)} bailiwick - {_ascii(event.action, 32)} {data} "
    return head.encode() + text.encode()


def frame(content: bytes) -> bytes:
    """Return a message as it stands in the stream: its length in bytes before it."""
    return b"%d %b" % (len(content), content)


def _parameters(outgoing: Outgoing) -> str:
    event = outgoing.event
    facts = {
        "uid": outgoing.uid,
        "actor": event.actor,
        "action": event.action,
        "resource": event.resource,
        "outcome": event.outcome.value,
        "app": event.app,
        "trace": event.trace,
    }
    return " ".join(
        f'{name}="{_escaped(value)}"' for name, value in outgoing.gate.document("syslog", facts).items() if value
    )


def _escaped(value: str) -> str:
    """Escape what RFC 5424, 6.3.3 names; control characters are replaced, since readers go by lines."""
    escaped = printable(value[:_LONGEST_VALUE]).replace("\\", "\\\\").replace('"', '\\"')
    return escaped.replace("]", "\\]")


def _ascii(value: str, longest: int) -> str:
    visible = "".join(char for char in value if "!" <= char <= "~")
    return visible[:longest] or "-"
