from fastapi import FastAPI, Request

from desk.database import connection

app = FastAPI()
SCHEMA = """CREATE TABLE expenses (
    id integer PRIMARY KEY,
    owner text NOT NULL,
    amount numeric
)"""


@app.post("/expenses/{expense_id}")
def change(request: Request, expense_id: int, amount: float):
    with connection() as db:
        person = request.headers["x-bailiwick-user"]
        db.execute("UPDATE expenses SET amount = %s WHERE id = %s AND owner = %s", [amount, expense_id, person])
    return {"ok": True}
