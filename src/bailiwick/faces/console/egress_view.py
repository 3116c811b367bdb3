"""Ways out of an app as its page shows them: hosts with what passed, a bar an hour, and what to do about refusals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.catalog import App
from bailiwick.control.guardrails import rails_in_force
from bailiwick.control.observe import EgressLine, EgressPoint
from bailiwick.core.egress_words import advice, bytes_words
from bailiwick.core.guardrails import guardrails_of, settings_for
from bailiwick.faces.console.words import count

HOURS = 24
WIDTH, HEIGHT = 960, 96
_FLOOR = HEIGHT - 20
_PROTOCOLS = {"tls": "TLS", "http": "plain HTTP", "smtp": "mail", "": "not declared"}
_MOST_PEOPLE = 3


@dataclass(frozen=True, slots=True)
class EgressRow:
    """A host: what passed, and what did not."""

    address: str
    mode: str
    protocol: str
    calls: str
    sent: str
    received: str
    refused: int
    reason: str
    advice: str
    people: str
    last: datetime


@dataclass(frozen=True, slots=True)
class EgressBar:
    """An hour of bytes; a mark above it says that something was refused."""

    x: float
    width: float
    top: float
    height: float
    refused: bool
    words: str


def egress_view(control: ControlPlane, session: Session, app: App) -> dict[str, Any]:
    """Return what the page of an app shows of its ways out."""
    lines = control.observe.egress(session, app.path, hours=HOURS)
    points = control.observe.egress_points(session, app.path, hours=HOURS)
    return {
        "egress_rows": [_row(item) for item in lines],
        "egress_chart": egress_bars(points, control.clock()),
        "egress_glance": _glance(lines),
        "egress_opened": opened_words(session, app.path),
    }


def opened_words(session: Session, path: str, hosts: Sequence[str] | None = None) -> list[str]:
    """Return to which hosts the gateway opens TLS of an app in production, with what may be asked there.

    Of `hosts`, as a reach has them, only; of all that guardrails speak of without them.
    """
    rails = guardrails_of(settings_for(rails_in_force(session), path, "production")).egress
    if hosts is None:
        return [rule.words for rule in rails.opened_tls]
    names = [entry.rpartition(":")[0] for entry in hosts if "/" not in entry]
    found = ((name, rails.opens(name)) for name in dict.fromkeys(names))
    return [f"{name} ({rule.words})" for name, rule in found if rule is not None]


def egress_bars(points: Sequence[EgressPoint], now: datetime) -> tuple[EgressBar, ...]:
    """Return a bar for each hour in which something went out or was refused, the last hour at the right."""
    most = max((item.sent + item.received for item in points), default=0)
    begin = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    step = WIDTH / HOURS
    bars = []
    for item in points:
        place = (item.start - begin) // timedelta(hours=1)
        if not 0 <= place < HOURS:
            continue
        height = round((item.sent + item.received) / most * (_FLOOR - 16), 1) if most else 0.0
        words = f"{item.start:%H:%M}: {bytes_words(item.sent)} out, {bytes_words(item.received)} in"
        if item.refused:
            words += f", {item.refused} refused"
        bars.append(EgressBar(place * step + 1, step - 2, _FLOOR - height, height, item.refused > 0, words))
    return tuple(bars)


def _row(item: EgressLine) -> EgressRow:
    calls = f"{item.connections:,}" + (f" ({item.requests:,} requests)" if item.requests else "")
    people = [f"{name} {times}" for name, times in sorted(item.people.items(), key=lambda pair: -pair[1])]
    more = f" and {len(people) - _MOST_PEOPLE} more" if len(people) > _MOST_PEOPLE else ""
    return EgressRow(
        item.address,
        item.mode,
        _PROTOCOLS.get(item.protocol, item.protocol),
        calls if item.protocol else "",
        bytes_words(item.sent) if item.protocol else "",
        bytes_words(item.received) if item.protocol else "",
        item.refused,
        item.reason,
        advice(item.address, item.protocol, item.reason),
        ", ".join(people[:_MOST_PEOPLE]) + more,
        item.last,
    )


def _glance(lines: Sequence[EgressLine]) -> str:
    if not lines:
        return ""
    hosts = {item.address for item in lines if item.protocol}
    refused = sum(item.refused for item in lines)
    out, back = sum(item.sent for item in lines), sum(item.received for item in lines)
    words = (
        f"{count(len(hosts), 'host')} called in the last {HOURS} hours, {bytes_words(out)} out, {bytes_words(back)} in"
    )
    return f"{words}; {refused:,} refused." if refused else f"{words}; nothing refused."
