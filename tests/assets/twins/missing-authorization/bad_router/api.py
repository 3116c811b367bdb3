from fastapi import APIRouter

router = APIRouter(prefix="/orders")


@router.delete("/{order_id}")  # FINDING
def delete_order(order_id: int, db):
    db.execute("DELETE FROM orders WHERE id = %s", [order_id])
    return {}
