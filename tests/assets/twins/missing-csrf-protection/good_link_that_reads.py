from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/orders/{order_id}")
def show(order_id: int, request: Request, db):
    person = request.headers["x-bailiwick-user"]
    db.execute("UPDATE orders SET last_seen = now() WHERE id = %s", [order_id])
    return db.execute("SELECT * FROM orders WHERE id = %s AND owner = %s", [order_id, person]).fetchone()
