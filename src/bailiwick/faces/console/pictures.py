"""Pictures drawn on the server: what an app can reach, and its requests over time. CSS gives the colours."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from bailiwick.control.observe import RequestPoint
from bailiwick.core.reach import Reach

_ROW = 34
_WIDTH, _CHART_HEIGHT = 720, 96


def reach_picture(app: str, reach: Reach) -> Markup:
    """Return a flow from the app to each table, host and model in reach."""
    targets: list[tuple[str, str, str]] = []
    for integration in reach.integrations:
        for table in integration.grant.tables:
            verbs = ", ".join(sorted(table.operations))
            masked = sum(column.mask is not None for column in table.columns)
            note = verbs + (f", {masked} masked" if masked else "") + (", own rows" if table.rows else "")
            targets.append(("data", f"{integration.resource}.{table.relation}", note))
    targets += [("egress", host, "outgoing") for host in reach.egress]
    targets += [("model", model, "model") for model in reach.models]
    if not targets:
        targets = [("none", "nothing", "no data, no hosts")]
    height = _ROW * len(targets) + 8
    middle = height // 2
    parts = [
        Markup('<svg class="reach" viewBox="0 0 {w} {h}" role="img" aria-label="What {a} can reach">').format(
            w=_WIDTH, h=height, a=app
        )
    ]
    parts.append(
        Markup(
            '<rect class="node" x="1" y="{y}" width="200" height="28" rx="4"/><text x="12" y="{t}">{a}</text>'
        ).format(y=middle - 14, t=middle + 5, a=app[-26:])
    )
    for number, (kind, name, note) in enumerate(targets):
        y = number * _ROW + 18
        parts.append(Markup('<path class="edge" d="M201 {m} C 260 {m}, 260 {y}, 320 {y}"/>').format(m=middle, y=y))
        parts.append(
            Markup(
                '<rect class="node {k}" x="320" y="{b}" width="398" height="28" rx="4"/><text x="332" y="{t}">{n} <tspan class="quiet">{o}</tspan></text>'
            ).format(k=kind, b=y - 14, t=y + 5, n=name[:40], o=note)
        )
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)


def requests_picture(points: Sequence[RequestPoint]) -> Markup:
    """Return bars of requests a minute, with errors set apart by shape and colour."""
    if not points:
        return Markup('<p class="quiet">No requests in the last hour.</p>')
    highest = max(point.ok + point.client_errors + point.server_errors for point in points) or 1
    step = _WIDTH / 60
    newest = points[-1].start
    bars = []
    for point in points:
        minutes = int((newest - point.start).total_seconds() // 60)
        x = _WIDTH - (minutes + 1) * step
        total = point.ok + point.client_errors + point.server_errors
        height = total / highest * _CHART_HEIGHT
        bad = point.server_errors / highest * _CHART_HEIGHT
        title = f"{point.start:%H:%M}: {total} requests, {point.server_errors} errors"
        bars.append(
            Markup(
                '<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}"><title>{t}</title></rect>'
            ).format(x=x, y=_CHART_HEIGHT - height, w=step - 2, h=height, t=title)
        )
        if bad:
            bars.append(
                Markup('<rect class="bar bad" x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}"/>').format(
                    x=x, y=_CHART_HEIGHT - bad, w=step - 2, h=bad
                )
            )
    opening = Markup('<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-label="{t}">').format(
        w=_WIDTH, h=_CHART_HEIGHT, t=escape("Requests a minute over the last hour")
    )
    return opening + Markup("").join(bars) + Markup("</svg>")
