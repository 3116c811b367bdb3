from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/orders/{order_id}/drop")
def drop(order_id: int, request: Request, db):
    person = request.headers["x-bailiwick-user"]
    db.execute("DELETE FROM orders WHERE id = %s AND owner = %s", [order_id, person])  # FINDING
    return {"ok": True}
