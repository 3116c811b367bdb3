"""Orders: search and look up."""

from refund_desk.database import connection

COLUMNS = "id, region, customer_name, customer_email, card_number, item, amount, currency, status, ordered_at"


def search(words: str = "", limit: int = 50) -> list[dict[str, object]]:
    """Return the newest orders whose customer or item matches."""
    query = (
        f"SELECT {COLUMNS} FROM orders WHERE customer_name ILIKE %s OR item ILIKE %s ORDER BY ordered_at DESC LIMIT %s"
    )
    pattern = f"%{words}%"
    with connection() as database:
        return database.execute(query, [pattern, pattern, limit]).fetchall()


def find(order_id: int) -> dict[str, object] | None:
    """Return an order."""
    query = f"SELECT {COLUMNS} FROM orders WHERE id = %s"
    with connection() as database:
        return database.execute(query, [order_id]).fetchone()
