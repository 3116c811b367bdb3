from fastapi import FastAPI, Request

app = FastAPI()


@app.post("/refunds")
def refund(request: Request, db, order_id: int, amount: float):
    person = request.headers.get("x-bailiwick-user")
    db.execute("INSERT INTO refunds (order_id, amount, asked_by) VALUES (%s, %s, %s)", [order_id, amount, person])
    return {"ok": True}
