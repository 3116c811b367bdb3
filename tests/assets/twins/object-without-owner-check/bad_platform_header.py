from fastapi import FastAPI, Request

from desk.database import connection

app = FastAPI()
SCHEMA = """CREATE TABLE expenses (
    id integer PRIMARY KEY,
    owner text NOT NULL,
    amount numeric
)"""


@app.get("/expenses")
def mine(request: Request):
    with connection() as db:
        person = request.headers["x-bailiwick-user"]
        return db.execute("SELECT id, amount FROM expenses WHERE owner = %s", [person]).fetchall()


@app.post("/expenses/{expense_id}")
def change(request: Request, expense_id: int, amount: float):
    with connection() as db:
        db.execute("UPDATE expenses SET amount = %s WHERE id = %s", [amount, expense_id])  # FINDING
    return {"ok": True}
