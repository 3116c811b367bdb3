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


def bars(points: list[tuple[str, float]]) -> list[dict[str, object]]:
    """Return the bars of a chart of WIDTH by HEIGHT, which the template draws."""
    highest = max((value for _, value in points), default=1) or 1
    step = WIDTH / max(len(points), 1)
    return [
        {
            "label": f"{month}: {value:.0f}",
            "x": round(number * step + 2),
            "y": round(HEIGHT - value / highest * HEIGHT),
            "width": round(step - 4),
            "height": round(value / highest * HEIGHT),
        }
        for number, (month, value) in enumerate(points)
    ]
