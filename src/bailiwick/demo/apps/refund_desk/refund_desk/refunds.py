"""Refunds: issue and list."""

from refund_desk.database import connection


def issue(order_id: int, amount: float, reason: str, requested_by: str) -> None:
    """Issue a refund for an order."""
    with connection() as database:
        database.execute(
            "INSERT INTO refunds (order_id, amount, reason, requested_by) VALUES (%s, %s, %s, %s)",
            [order_id, amount, reason, requested_by],
        )


def of_order(order_id: int) -> list[dict[str, object]]:
    """Return the refunds of an order."""
    query = "SELECT amount, reason, requested_by FROM refunds WHERE order_id = %s ORDER BY id"
    with connection() as database:
        return database.execute(query, [order_id]).fetchall()
