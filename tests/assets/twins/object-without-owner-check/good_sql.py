from fastapi import Depends, FastAPI

from desk.auth import get_current_user
from desk.database import connection

app = FastAPI()


@app.get("/invoices")
def mine(user=Depends(get_current_user)):
    with connection() as db:
        return db.execute("SELECT id, total FROM invoices WHERE user_id = %s", [user.id]).fetchall()


@app.get("/invoices/{invoice_id}")
def one(invoice_id: int, user=Depends(get_current_user)):
    with connection() as db:
        query = "SELECT id, total FROM invoices WHERE id = %s AND user_id = %s"
        return db.execute(query, [invoice_id, user.id]).fetchone()
