"""Charts: amounts by month, drawn on the server."""

from sqlalchemy import text

from refund_desk.database import engine

WIDTH, HEIGHT = 640, 200


def by_month() -> list[tuple[str, float]]:
    """Return the total amount of each month, oldest first."""
    query = text(
        "SELECT to_char(date_trunc('month', ordered_at), 'YYYY-MM') AS month, sum(amount) AS total "
        "FROM orders WHERE status <> :cancelled GROUP BY 1 ORDER BY 1"
    )
    database = engine()
    with database.connect() as connection:
        rows = connection.execute(query, {"cancelled": "cancelled"}).all()
    database.dispose()
    return [(row.month, float(row.total)) for row in rows]


def as_svg(points: list[tuple[str, float]]) -> str:
    """Return a bar chart."""
    highest = max((value for _, value in points), default=1) or 1
    step = WIDTH / max(len(points), 1)
    bars = "".join(
        f'<rect x="{number * step + 2:.0f}" y="{HEIGHT - value / highest * HEIGHT:.0f}" width="{step - 4:.0f}" '
        f'height="{value / highest * HEIGHT:.0f}"><title>{month}: {value:.0f}</title></rect>'
        for number, (month, value) in enumerate(points)
    )
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Amounts by month">{bars}</svg>'
